"""The trials of a search as rows: who may try what next, and what counts. Workers on any machine meet here."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping, Sequence

from jobs.claims import LostClaim
from modeling.core import tuning_space
from modeling.core.tuning_space import Parameters
from modeling.models import TuningStudy, TuningTrial, TuningWorker
from modeling.training.training_config import TrainingConfig
from modeling.tuning import tuning_sampler

State = TuningTrial.State

# The first trial is the configuration as it is: what is found has to be better than that.
CURRENT = 0
# A trial over which its worker died is tried again; one that kills every worker is left.
MOST_ATTEMPTS = 3
# Trials before anything is given up early: ranks among fewer say little.
UNPRUNED = 4
# After each fold a trial goes on if it is among the best fifth of those that came as far. Trials are compared on the
# same folds, so what makes folds differ falls out; a trial in the middle after one fold hardly ever ends as the best.
BEST_SHARE = 0.2


def locked(study: TuningStudy) -> TuningStudy:
    """Return the study with its row locked: of several workers one at a time takes the next trial."""
    found: TuningStudy = TuningStudy.objects.select_for_update(no_key=True).get(pk=study.pk)
    return found


def take(*, study: TuningStudy, worker: TuningWorker, token: uuid.UUID, now: dt.datetime) -> TuningTrial | None:
    """Return the next trial, as this worker's; None if the study is spent or nothing is left to try.

    Call it with the study's row locked. What a dead worker was trying comes first, under its own number, so that a
    kill neither loses a trial nor counts one twice.
    """
    if study.finished_at or study.is_spent(now):
        return None
    trials = list(study.trials.select_related("worker__job"))
    for trial in trials:
        if not _is_abandoned(trial, worker=worker, token=token):
            continue
        if trial.attempts < MOST_ATTEMPTS:
            return _take_over(trial, worker=worker, token=token, now=now)
        TuningTrial.objects.filter(pk=trial.pk).update(state=State.FAILED, finished_at=now)
        trial.state = State.FAILED
    parameters = _next_parameters(study, trials) if len(trials) < study.n_trials else None
    if parameters is None:
        return None
    trial = TuningTrial(study=study, number=len(trials), parameters=parameters, worker=worker, token=token)
    trial.institution, trial.started_at = study.institution, now
    trial.save()
    return trial


def tell(trial: TuningTrial, result: Mapping[str, float]) -> None:
    """Add a fold's figures, as `modeling.core.tuning.FoldResult` names them, to a trial.

    :raises LostClaim: if another worker took the trial over
    """
    _write(
        trial,
        log_losses=[*trial.log_losses, result["log_loss"]],
        roc_aucs=[*trial.roc_aucs, result["roc_auc"]],
        n_trees=[*trial.n_trees, int(result["n_trees"])],
    )


def end(trial: TuningTrial, state: TuningTrial.State, *, now: dt.datetime) -> None:
    """End a trial.

    :raises LostClaim: if another worker took it over
    """
    _write(trial, state=state, finished_at=now)


def best(study: TuningStudy) -> TuningTrial | None:
    """Return the complete trial with the lowest log loss, the earliest of equals; None if none is complete."""
    return best_of([*study.trials.filter(state=State.COMPLETE)])


def best_of(trials: Sequence[TuningTrial]) -> TuningTrial | None:
    """Return the best of some trials, as `best` does."""
    complete = [trial for trial in trials if trial.state == State.COMPLETE]
    return min(complete, key=lambda trial: (trial.running_means[-1], trial.number), default=None)


def is_hopeless(trial: TuningTrial, others: Sequence[TuningTrial]) -> bool:
    """Tell whether a trial's mean so far is not among the best of those that came as far.

    Successive halving, by fifths (Jamieson & Talwalkar, 2016). Optuna's pruners compare the best of the running means,
    so an easy first fold would protect a trial for ever.
    """
    at = len(trial.log_losses) - 1
    if trial.number == CURRENT or sum(other.state == State.COMPLETE for other in others) < UNPRUNED:
        return False
    far = [other for other in others if other.pk != trial.pk and len(other.log_losses) > at]
    means = sorted(other.running_means[at] for other in far)
    return trial.running_means[at] > means[max(0, math.ceil(BEST_SHARE * len(means)) - 1)]


def _is_abandoned(trial: TuningTrial, *, worker: TuningWorker, token: uuid.UUID) -> bool:
    """Tell whether nobody tries it any more: an earlier attempt of this worker did, or a job that is over."""
    if trial.state != State.RUNNING:
        return False
    return trial.token != token if trial.worker_id == worker.pk else not trial.worker.works


def _take_over(trial: TuningTrial, *, worker: TuningWorker, token: uuid.UUID, now: dt.datetime) -> TuningTrial:
    # Its folds are tried again from the first: the process that knew half of them is gone.
    trial.worker, trial.token, trial.started_at = worker, token, now
    trial.log_losses, trial.roc_aucs, trial.n_trees = [], [], []
    trial.attempts += 1
    trial.save()
    return trial


def _next_parameters(study: TuningStudy, trials: Sequence[TuningTrial]) -> Parameters | None:
    config = TrainingConfig.from_yaml(study.config_yaml)
    current = tuning_space.current_parameters(config.trees.model_dump(), imbalance=config.imbalance)
    if len(trials) == CURRENT:
        return current
    if study.method == TuningStudy.Method.GRID:
        tried = [trial.parameters for trial in trials]
        combinations = tuning_space.grid(current=current, imbalance=config.tuning.imbalance)
        return next((parameters for parameters in combinations if parameters not in tried), None)
    space = tuning_space.search_space(n_training=study.split["n_training"], imbalance=config.tuning.imbalance)
    found = tuning_sampler.suggested(space, trials=trials, seed=config.seed + len(trials))
    return {"imbalance": config.tuning.imbalance[0]} | found


def _write(trial: TuningTrial, **fields: object) -> None:
    mine = TuningTrial.objects.filter(pk=trial.pk, token=trial.token, state=State.RUNNING)
    if not mine.update(**fields):
        raise LostClaim
    for name, value in fields.items():
        setattr(trial, name, value)
