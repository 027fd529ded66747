"""Ask for a training."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling.models import Dataset, TrainingRun

TRAIN_TASK = "modeling.train_model"
STEPS = ("records", "snapshots", "freeze", "fit", "judge", "refit", "register")


@transaction.atomic
def request(
    *,
    institution: Institution,
    by: User | None,
    now: dt.datetime,
    dataset: Dataset | None = None,
    config_yaml: str = "",
    wakes: bool = True,
) -> TrainingRun:
    """Queue a training on the records as they are, or on a frozen dataset and a configuration kept with it.

    While one waits or runs, asking again leads to that one.
    """
    # The institution's row is locked, so that two people who press the button together meet in one training.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    unfinished = TrainingRun.objects.filter(job__state__in=[State.QUEUED, State.RUNNING]).first()
    if unfinished:
        return unfinished
    job, _is_new = queue.enqueue(
        institution=institution,
        task=TRAIN_TASK,
        idempotency_key=now.isoformat(),
        by=by,
        now=now,
        retry_policy=queue.RetryPolicy(queue="heavy"),
        wakes=wakes,
    )
    audit_log.record(action="training_asked_for", by=by, now=now)
    return TrainingRun.objects.create(
        institution=institution, job=job, dataset=dataset, config_yaml=config_yaml, created_at=now, created_by=by
    )
