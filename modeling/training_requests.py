"""Ask for a training."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling.models import TrainingRun

TRAIN_TASK = "modeling.train_model"
STEPS = ("records", "snapshots", "freeze", "fit", "judge", "refit", "register")


@transaction.atomic
def request(*, institution: Institution, by: User | None, now: dt.datetime, wakes: bool = True) -> TrainingRun:
    """Queue a training. Asked twice in the same minute it is one training."""
    job, is_new = queue.enqueue(
        institution=institution,
        task=TRAIN_TASK,
        idempotency_key=f"{now:%Y-%m-%dT%H:%M}",
        by=by,
        now=now,
        queue="heavy",
        wakes=wakes,
    )
    if not is_new:
        if job.state == State.FAILED:
            queue.again(job=job, by=by, now=now, wakes=wakes)
        return TrainingRun.objects.get(job=job)
    audit_log.record(action="training_asked_for", by=by, now=now)
    return TrainingRun.objects.create(institution=institution, job=job, created_at=now, created_by=by)
