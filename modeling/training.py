"""Train a model: facts → snapshots → frozen dataset → a process that fits and judges → registry."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts import scope
from accounts.models import Institution
from jobs.claims import Claim, Refused
from modeling import code_version, dataset_versions, datasets, facts, fit_process, registry, training_config
from modeling.models import Dataset, ModelVersion, TrainingRun
from modeling.training_config import TrainingConfig
from modeling.training_requests import STEPS

LONGEST_SECONDS = 90 * 60
TRIAL_SECONDS = 120
A_YEAR = dt.timedelta(days=365)


def train_model(claim: Claim) -> None:
    """Do the work of a training's job.

    :raises Refused: if there is too little to learn from, or the configuration is wrong
    """
    institution = claim.job.institution
    now = dt.datetime.now(dt.UTC)
    with workshop(claim) as folder:
        try:
            with scope.entered(scope.of_institution(institution)):
                run = TrainingRun.objects.select_related("dataset").get(job=claim.job)
                config_yaml = run.config_yaml or training_config.text()
                config = TrainingConfig.from_yaml(config_yaml)
                tell(claim, "records")
                dataset = run.dataset or _freeze(claim, config, now=now)
                write_task(folder, dataset=dataset, config=config, institution=institution)
        except (training_config.ConfigRefused, datasets.NothingToLearn, datasets.DatasetRefused) as refusal:
            raise Refused(str(refusal)) from None
        fit(claim, folder)
        tell(claim, "register")
        try_out(folder)
        with scope.entered(scope.of_institution(institution)):
            version = _register(claim, folder, dataset=dataset, config_yaml=config_yaml, now=now)
    _copy_to_mlflow(version, dataset=dataset, config=config, institution=institution)


@contextlib.contextmanager
def workshop(claim: Claim) -> Iterator[Path]:
    """Yield an empty folder of this job's own: what a killed attempt left there, the next one clears."""
    folder = Path(settings.FILES_DIR) / "training" / str(claim.job.public_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(claim: Claim, step: str) -> None:
    """Say which of the steps begins."""
    claim.progress(STEPS.index(step), len(STEPS), step)


def _freeze(claim: Claim, config: TrainingConfig, *, now: dt.datetime) -> Dataset:
    return dataset_versions.from_records(
        institution=claim.job.institution, config=config, now=now, told=lambda step: tell(claim, step)
    ).dataset


def write_task(folder: Path, *, dataset: Dataset, config: TrainingConfig, institution: Institution) -> None:
    """Describe the work of the process that fits; what the columns are, the frozen file says itself.

    Protected attributes go beside it, for the audit of groups alone; they are gone with the folder.

    :raises ConfigRefused: if the configuration asks for what the dataset does not hold
    :raises DatasetRefused: if the dataset is not what was frozen
    """
    file = datasets.path(dataset)
    wanted = config.choose_features(datasets.features_of(file, dataset.content_sha256))
    offered = facts.terms(default_horizon_days=config.horizon_days, rule_name=config.rule)
    task = {
        "dataset": str(file),
        "protected": str(folder / "protected.parquet"),
        "features": [feature.as_json() for feature in wanted],
        "settings": asdict(config.fit_settings(horizon_days=dataset.horizon_days)),
        "rules": [asdict(rule) for rule in offered.rules],
        "seed": config.seed,
        "test_from": [day.isoformat() for day in test_dates(dataset.snapshot_dates)],
        "test_share": config.test_share,
        "holdout_share": config.holdout_share,
        "capacity_share": min(1.0, institution.capacity / max(1, dataset.n_students)),
        "evaluation": config.evaluation.model_dump(),
        "reasons": config.reasons.model_dump(),
        "urgency": config.urgency.model_dump(),
    }
    facts.protected_attributes().to_parquet(folder / "protected.parquet")
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def test_dates(dates: list[dt.date]) -> list[dt.date]:
    """Return the days from which to test, the fullest first: the newest matured year, then ever less of it."""
    return [day for day in dates if day > max(dates) - A_YEAR] if len(dates) > 1 else []


def fit(claim: Claim, folder: Path) -> None:
    """Fit in an exec'd process: fork-safe, killable, and its memory returns.

    :raises Refused: with the process's sentence, if the data cannot carry a model
    """
    command = [sys.executable, "-m", "modeling.fit_process", str(folder)]
    with subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, env=_environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            for line in process.stdout or ():
                if line.strip() in STEPS:
                    tell(claim, line.strip())
            status = process.wait(LONGEST_SECONDS)
        except BaseException:
            process.kill()
            raise
    if status == fit_process.REFUSED:
        raise Refused((folder / "refused.txt").read_text(encoding="utf-8"))
    if status:
        raise RuntimeError(f"The fitting process ended with {status}.")


def try_out(folder: Path) -> None:
    """Read the new model in a throw-away process before anything of ours does.

    :raises RuntimeError: if it crashes, hangs, or answers differently
    """
    command = [sys.executable, "-m", "modeling.trial_process", str(folder)]
    tried = subprocess.run(  # noqa: S603
        command, cwd=settings.BASE_DIR, env=_environment(), timeout=TRIAL_SECONDS, check=False
    )
    if tried.returncode:
        raise RuntimeError(f"The new model could not be read back: exit code {tried.returncode}.")


def _environment() -> dict[str, str]:
    # Secrets of the portal are of no use to a process that only computes.
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR", "HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }


def _register(claim: Claim, folder: Path, *, dataset: Dataset, config_yaml: str, now: dt.datetime) -> ModelVersion:
    specification_json = (folder / "model.json").read_text(encoding="utf-8")
    run = TrainingRun.objects.select_related("created_by").get(job=claim.job)
    with claim.publishing():
        version = registry.register(
            institution=claim.job.institution,
            by=run.created_by,
            now=now,
            dataset=dataset,
            booster_text=(folder / "model.lgb").read_text(encoding="utf-8"),
            specification_json=specification_json,
            metrics=json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
            evaluation=json.loads((folder / "evaluation.json").read_text(encoding="utf-8")),
            config_yaml=config_yaml,
            threshold=json.loads(specification_json)["threshold"],
            seed=json.loads(specification_json)["seed"],
            code_version=code_version.commit(),
            library_versions=code_version.libraries(),
        )
        run.model_version = version
        run.save(update_fields=["model_version"])
        claim.progress(len(STEPS), len(STEPS), "")
    return version


def _copy_to_mlflow(
    version: ModelVersion, *, dataset: Dataset, config: TrainingConfig, institution: Institution
) -> None:
    """Copy run and files to MLflow once the model is registered; nothing waits for it, nothing fails with it."""
    tags = {
        "data_sha256": dataset.content_sha256,
        "model_sha256": version.sha256,
        "git_commit": version.code_version,
        **{f"library.{name}": number for name, number in version.library_versions.items()},
    }
    run_id = registry.log_run(version=version, parameters=config.parameters(), tags=tags)
    if run_id:
        with transaction.atomic(), scope.entered(scope.of_institution(institution)):
            ModelVersion.objects.filter(pk=version.pk).update(mlflow_run_id=run_id)
