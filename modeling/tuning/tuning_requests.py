"""Ask for a search for better settings, stop it, and train with what it found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import yaml
from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling.core import tuning_space
from modeling.models import Dataset, TrainingRun, TuningStudy, TuningTrial, TuningWorker
from modeling.training import training_config, training_requests
from modeling.training.training_config import TrainingConfig
from modeling.tuning import tuning_trials

TUNE_TASK = "modeling.tune_model"
# A killed worker loses one fold at most, so it may be killed often: the longest search is a week, a task two hours.
RETRY_POLICY = queue.RetryPolicy(queue="heavy", most_attempts=100)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a search may spend; None takes what the configuration says."""

    method: str | None = None
    n_trials: int | None = None
    minutes: float | None = None
    n_workers: int | None = None


USUAL = Budget()


class NothingFound(Exception):
    """A search found no settings to train with; the sentence says why."""


@transaction.atomic
def request(
    *,
    institution: Institution,
    by: User | None,
    now: dt.datetime,
    budget: Budget = USUAL,
    dataset: Dataset | None = None,
    wakes: bool = True,
) -> TuningStudy:
    """Queue a search on a frozen dataset, or on the records as they are; while one goes on, lead to that one.

    :raises ConfigRefused: if the configuration is wrong, or the budget is
    """
    # The institution's row is locked, so that two people who press the button together meet in one search.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    unfinished = under_way()
    if unfinished:
        return unfinished
    text = training_config.text()
    config = TrainingConfig.from_yaml(text)
    tuning, method = config.tuning, budget.method or config.tuning.method
    n_trials = budget.n_trials or tuning.n_trials
    if method == TuningStudy.Method.GRID:
        n_trials = min(n_trials, tuning_space.grid_size(config.trees.model_dump(), imbalance=tuning.imbalance))
    study = TuningStudy.objects.create(
        institution=institution,
        dataset=dataset,
        config_yaml=text,
        method=method,
        n_trials=n_trials,
        minutes=budget.minutes or tuning.minutes,
        created_at=now,
        created_by=by,
    )
    for number in range(budget.n_workers or tuning.n_workers):
        job, _is_new = queue.enqueue(
            institution=institution,
            task=TUNE_TASK,
            idempotency_key=f"{study.public_id}:{number}",
            by=by,
            now=now,
            retry_policy=RETRY_POLICY,
            wakes=wakes,
        )
        TuningWorker.objects.create(institution=institution, study=study, job=job)
    audit_log.record(action="tuning_asked_for", by=by, now=now)
    return study


def under_way() -> TuningStudy | None:
    """Return the search that somebody still works on, if there is one."""
    works = {"workers__job__state__in": [State.QUEUED, State.RUNNING]}
    found: TuningStudy | None = TuningStudy.objects.filter(finished_at=None, **works).first()
    return found


@transaction.atomic
def stop(*, study: TuningStudy, by: User | None, now: dt.datetime) -> None:
    """Have a search end with what it found so far: its workers see it after the fold they are at.

    A search whose workers all died has nobody to see it, and ends here.
    """
    is_new = TuningStudy.objects.filter(pk=study.pk, stop_asked_at=None, finished_at=None).update(stop_asked_at=now)
    if not is_new:
        return
    audit_log.record(action="tuning_stopped", by=by, now=now)
    if not any(worker.works for worker in study.workers.select_related("job")):
        close(study=tuning_trials.locked(study), now=now)


def close(*, study: TuningStudy, now: dt.datetime, wakes: bool = True) -> None:
    """End a search and have the next model trained with the best settings, if they are better than the current ones.

    Call it with the study's row locked. Of several workers the last to end does this.
    """
    study.trials.filter(state=TuningTrial.State.RUNNING).update(state=TuningTrial.State.STOPPED, finished_at=now)
    study.finished_at = now
    study.save(update_fields=["finished_at"])
    best = tuning_trials.best(study)
    if best is not None and best.number != tuning_trials.CURRENT:
        train(study=study, by=study.created_by, now=now, wakes=wakes)


@transaction.atomic
def train(*, study: TuningStudy, by: User | None, now: dt.datetime, wakes: bool = True) -> TrainingRun:
    """Ask for a training with the best settings of a search, on its dataset.

    The study keeps the training if it is its own: where another one is under way already, one asks again later.

    :raises NothingFound: if no trial came to its end
    """
    config_yaml = tuned_config(study)
    run = training_requests.request(
        institution=study.institution, by=by, now=now, dataset=study.dataset, config_yaml=config_yaml, wakes=wakes
    )
    if run.config_yaml == config_yaml:
        study.training_run = run
        study.save(update_fields=["training_run"])
    return run


def tuned_config(study: TuningStudy) -> str:
    """Return the study's configuration with the best settings in it.

    :raises NothingFound: if no trial came to its end
    """
    best = tuning_trials.best(study)
    if best is None:
        raise NothingFound("No settings were tried to the end. Start another search with more minutes.")
    fields = yaml.safe_load(study.config_yaml)
    # Defaults are written out: what the search held fixed has to stay fixed.
    trees = TrainingConfig.from_yaml(study.config_yaml).trees.model_dump()
    fields["trees"] = tuning_space.tuned_trees(trees, parameters=best.parameters, n_trees=best.n_trees)
    fields["imbalance"] = best.parameters["imbalance"]
    text = f"# Found by search {study.public_id}, trial {best.number}.\n{yaml.safe_dump(fields, sort_keys=False)}"
    TrainingConfig.from_yaml(text)
    return text
