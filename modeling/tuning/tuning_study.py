"""Do a worker's part of a search: try settings until the study's trials or minutes are spent, or somebody stops it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import uuid
from pathlib import Path

from accounts import scope
from accounts.models import Institution
from jobs.claims import Claim
from modeling.models import Dataset, TuningStudy, TuningTrial, TuningWorker
from modeling.training import dataset_versions, datasets, training
from modeling.training.training_config import TrainingConfig
from modeling.tuning import tuning_data, tuning_requests, tuning_trials
from modeling.tuning.tuning_data import DataProcess

State = TuningTrial.State


def tune_model(claim: Claim) -> None:
    """Do the work of one job of a search; the last of them to end has the best settings trained.

    :raises Refused: if there is too little to learn from, or configuration or dataset are wrong
    """
    of_institution = scope.of_institution(claim.job.institution)
    with training.refusing(), training.workshop(str(claim.job.public_id)) as folder:
        with scope.entered(of_institution):
            workers = TuningWorker.objects.select_related("job", "study__institution", "study__dataset")
            worker = workers.get(job=claim.job)
            study = _begun(worker.study, now=_now())
            is_over = study.finished_at is not None or study.is_spent(_now())
            if not is_over:
                _write_task(folder, study=study, institution=claim.job.institution)
        if not is_over:
            with tuning_data.started(folder) as data:
                _search(claim, worker=worker, study=study, data=data)
    with scope.entered(of_institution), claim.commit_result():
        study = tuning_trials.locked(study)
        if study.finished_at is None and not _others_at_work(study, worker):
            tuning_requests.close(study=study, now=_now())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _begun(study: TuningStudy, *, now: dt.datetime) -> TuningStudy:
    """Return the study with its clock started; several workers may begin at once, and one of them starts it."""
    TuningStudy.objects.filter(pk=study.pk, started_at=None).update(started_at=now)
    study.refresh_from_db(fields=["started_at", "stop_asked_at", "finished_at"])
    return study


def _write_task(folder: Path, *, study: TuningStudy, institution: Institution) -> None:
    """Describe the data to the process that will hold them, with the same rows set aside as the training that follows.

    :raises ConfigRefused: if the configuration asks for what the dataset does not hold
    :raises DatasetRefused: if the dataset is not what was frozen
    """
    config = TrainingConfig.from_yaml(study.config_yaml)
    dataset = study.dataset or _freeze(study, config, institution)
    file = datasets.path(dataset)
    wanted = config.choose_features(datasets.features_of(file, dataset.content_sha256))
    task = {
        "dataset": str(file),
        "features": [feature.as_json() for feature in wanted],
        "settings": {"horizon_days": dataset.horizon_days},
        "trees": config.trees.model_dump(),
        "seed": config.seed,
        "test_from": [day.isoformat() for day in training.test_dates(dataset.snapshot_dates)],
        "test_share": config.test_share,
        "holdout_share": config.holdout_share,
        "n_folds": config.tuning.n_folds,
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def _freeze(study: TuningStudy, config: TrainingConfig, institution: Institution) -> Dataset:
    """Freeze the records once for all workers: of two that begin together the dataset of the first one holds."""
    frozen = dataset_versions.from_records(institution=institution, config=config, now=_now()).dataset
    TuningStudy.objects.filter(pk=study.pk, dataset=None).update(dataset=frozen)
    study.refresh_from_db(fields=["dataset"])
    return study.dataset or frozen


def _search(claim: Claim, *, worker: TuningWorker, study: TuningStudy, data: DataProcess) -> None:
    # Of this attempt alone: what an earlier one was trying when it died is recognised by another token.
    token = uuid.uuid4()
    of_institution = scope.of_institution(claim.job.institution)
    with scope.entered(of_institution):
        TuningStudy.objects.filter(pk=study.pk).update(split=data.ready)
    while True:
        with scope.entered(of_institution):
            study = tuning_trials.locked(study)
            trial = tuning_trials.take(study=study, worker=worker, token=token, now=_now())
        if trial is None:
            return
        claim.progress(trial.number, study.n_trials, f"{trial.number + 1}")
        _try(trial, study=study, data=data)


def _try(trial: TuningTrial, *, study: TuningStudy, data: DataProcess) -> None:
    """Try one trial fold by fold, until it is complete, hopeless, or the study is over.

    :raises LostClaim: if another worker took the trial over meanwhile
    """
    with contextlib.closing(data.folds(trial.parameters)) as folds:  # type: ignore[type-var]  # a generator
        for result in folds:
            with scope.entered(scope.of_institution(study.institution)):
                tuning_trials.tell(trial, result)
                ended = _verdict(trial, n_folds=data.ready["n_folds"])
                if ended is not None:
                    tuning_trials.end(trial, ended, now=_now())
                    return


def _verdict(trial: TuningTrial, *, n_folds: int) -> TuningTrial.State | None:
    """Return how the trial ends after this fold, or None if the next one is worth it."""
    if len(trial.log_losses) == n_folds:
        return State.COMPLETE
    study = TuningStudy.objects.get(pk=trial.study_id)
    if study.is_spent(_now()):
        return State.STOPPED
    return State.PRUNED if tuning_trials.is_hopeless(trial, [*study.trials.all()]) else None


def _others_at_work(study: TuningStudy, worker: TuningWorker) -> bool:
    """Tell whether another worker is at a trial: then that one ends the study."""
    running = study.trials.filter(state=State.RUNNING).exclude(worker=worker).select_related("worker__job")
    return any(trial.worker.works for trial in running)
