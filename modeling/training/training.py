"""Train a model: facts → snapshots → frozen dataset → a process that fits and judges → registry."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

from django.conf import settings

from accounts import private_files, scope
from accounts.models import Institution
from jobs.claims import Claim, Refused
from modeling import facts, registry
from modeling.models import Dataset, ModelVersion, TrainingRun
from modeling.registry import mlflow_copy
from modeling.training import code_version, dataset_versions, datasets, fit_process, model_file_trial, training_config
from modeling.training.training_config import TrainingConfig
from modeling.training.training_requests import STEPS

NO_ROOM = "The disk is full. Nothing was changed. Make room, then train again."
WRITTEN = ("model.lgb", "model.json", "metrics.json", "evaluation.json")

LONGEST_SECONDS = 90 * 60
A_YEAR = dt.timedelta(days=365)


def train_model(claim: Claim) -> None:
    """Do the work of a training's job.

    :raises Refused: if there is too little to learn from, configuration or dataset are wrong, or the disk is full
    """
    institution = claim.job.institution
    now = dt.datetime.now(dt.UTC)
    with refusing(), workshop(str(claim.job.public_id)) as folder:
        with scope.entered(scope.of_institution(institution)):
            run = TrainingRun.objects.select_related("dataset", "created_by").get(job=claim.job)
            config_yaml = run.config_yaml or training_config.text()
            config = TrainingConfig.from_yaml(config_yaml)
            tell(claim, "records")
            dataset = run.dataset or _freeze(claim, config, now=now)
            write_task(folder, dataset=dataset, config=config, institution=institution)
        fit(folder, on_progress=partial(tell, claim))
        tell(claim, "register")
        model_file_trial.try_out(folder)
        with scope.entered(scope.of_institution(institution)):
            _register(claim, folder, run=run, dataset=dataset, config_yaml=config_yaml, now=now)
    # Nothing waits for the copy and nothing fails with it: what MLflow misses, the clock's next round tells it.
    mlflow_copy.catch_up(institution)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turn what a person can mend into a refusal with its sentence; the rest is our fault and passes.

    :raises Refused: with a sentence that fits the page of the run
    """
    try:
        yield
    except (training_config.ConfigRefused, datasets.NothingToLearn, datasets.DatasetRefused) as refusal:
        raise Refused(str(refusal)) from None
    except OSError as error:
        if error.errno not in fit_process.DISK_FULL:
            raise
        raise Refused(NO_ROOM) from error


@contextlib.contextmanager
def workshop(name: str) -> Iterator[Path]:
    """Yield an empty folder of that name: what a killed attempt left there, the next one clears."""
    folder = Path(settings.FILES_DIR) / "training" / name
    shutil.rmtree(folder, ignore_errors=True)
    private_files.make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(claim: Claim, step: str) -> None:
    """Say which of the steps begins."""
    claim.progress(STEPS.index(step), len(STEPS), step)


def _freeze(claim: Claim, config: TrainingConfig, *, now: dt.datetime) -> Dataset:
    return dataset_versions.from_records(
        institution=claim.job.institution, config=config, now=now, on_progress=lambda step: tell(claim, step)
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
        "insufficient_data": config.insufficient_data.model_dump(),
    }
    facts.protected_attributes().to_parquet(folder / "protected.parquet")
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def test_dates(dates: list[dt.date]) -> list[dt.date]:
    """Return the days from which to test, the fullest first: the newest matured year, then ever less of it."""
    return [day for day in dates if day > max(dates) - A_YEAR] if len(dates) > 1 else []


def fit(folder: Path, *, on_progress: Callable[[str], None]) -> None:
    """Fit in an exec'd process: fork-safe, killable, and its memory returns. `on_progress` is called with each step.

    :raises Refused: with the process's sentence, if the data cannot carry a model, or if the disk is full
    """
    command = [sys.executable, "-m", "modeling.training.fit_process", str(folder)]
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=settings.BASE_DIR,
        env=model_file_trial.bare_environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # The folder holds rows of students.
        umask=0o077,
    ) as process:
        try:
            for line in process.stdout or ():
                if line.strip() in STEPS:
                    on_progress(line.strip())
            status = process.wait(LONGEST_SECONDS)
        except BaseException:
            process.kill()
            raise
    if status == fit_process.REFUSED:
        raise Refused((folder / "refused.txt").read_text(encoding="utf-8"))
    if status == fit_process.NO_ROOM:
        raise Refused(NO_ROOM)
    if status:
        raise RuntimeError(f"The fitting process ended with {status}.")


def _register(  # noqa: PLR0913
    claim: Claim, folder: Path, *, run: TrainingRun, dataset: Dataset, config_yaml: str, now: dt.datetime
) -> ModelVersion:
    written = {path: (folder / path).read_text(encoding="utf-8") for path in WRITTEN}
    specification = json.loads(written["model.json"])
    with claim.commit_result():
        version = registry.register(
            institution=claim.job.institution,
            by=run.created_by,
            now=now,
            dataset=dataset,
            booster_text=written["model.lgb"],
            specification_json=written["model.json"],
            metrics=json.loads(written["metrics.json"]),
            evaluation=json.loads(written["evaluation.json"]),
            config_yaml=config_yaml,
            threshold=specification["threshold"],
            seed=specification["seed"],
            code_version=code_version.commit(),
            library_versions=code_version.libraries(),
        )
        run.model_version = version
        run.save(update_fields=["model_version"])
        claim.progress(len(STEPS), len(STEPS), "")
    return version
