"""Put work into the queue of record, wake a worker, and send again what was lost on the way."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from functools import partial

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from accounts.models import Institution, User
from jobs.models import Job, State

logger = logging.getLogger(__name__)

RESEND_AFTER = dt.timedelta(seconds=30)
KILLED_TOO_OFTEN = (
    "The work stopped without a word again and again. Ask whoever runs the portal to look at the worker's log."
)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Which workers do a job, and how often one of them may die over it before it is given up."""

    queue: str = "default"
    # One death may be a deployment, a second one bad luck. A third tells of the work itself, which would go on to take
    # down one worker after the other.
    most_attempts: int = 3


DEFAULT_POLICY = RetryPolicy()


@transaction.atomic
def enqueue(
    *,
    institution: Institution,
    task: str,
    idempotency_key: str,
    by: User | None,
    now: dt.datetime,
    retry_policy: RetryPolicy = DEFAULT_POLICY,
    wakes: bool = True,
) -> tuple[Job, bool]:
    """Put work into the queue once per key, and wake a worker after the commit; say whether it is new.

    A command that does the work itself asks not to wake anybody.
    """
    job, is_new = Job.objects.get_or_create(
        institution=institution,
        task=task,
        idempotency_key=idempotency_key,
        defaults={
            "queue": retry_policy.queue,
            "most_attempts": retry_policy.most_attempts,
            "created_by": by,
            "created_at": now,
            "sent_at": now,
        },
    )
    if is_new and wakes:
        transaction.on_commit(partial(wake, job))
    return job, is_new


@transaction.atomic
def requeue(*, job: Job, by: User | None, now: dt.datetime, wakes: bool = True) -> None:
    """Queue a failed job once more."""
    fresh = {
        "state": State.QUEUED,
        "attempts": 0,
        "error": "",
        "finished_at": None,
        "lease_until": None,
        "started_at": None,
        "progress_done": 0,
        "progress_note": "",
        "sent_at": now,
    }
    if Job.objects.filter(pk=job.pk, state=State.FAILED).update(**fresh, created_by=by) and wakes:
        transaction.on_commit(partial(wake, job))


def wake(job: Job) -> None:
    """Send the job's message to the broker. Where the broker does not answer, `resend_lost` sends it later."""
    try:
        current_app.send_task(
            job.task, kwargs={"job_id": job.pk}, queue=job.queue, retry=False, argsrepr="()", kwargsrepr="{}"
        )
    except OperationalError:
        logger.warning("job %s could not be sent; the sweeper will send it again", job.pk)


def resend_lost(*, now: dt.datetime) -> int:
    """Send again what is queued unheard or held by a dead worker; give up after a job's last attempt.

    :returns: how many jobs were sent
    """
    lost = Q(state=State.QUEUED, sent_at__lt=now - RESEND_AFTER) | Q(state=State.RUNNING, lease_until__lt=now)
    exhausted = Job.objects.filter(state=State.RUNNING, lease_until__lt=now, attempts__gte=F("most_attempts"))
    exhausted.update(state=State.FAILED, error=KILLED_TOO_OFTEN, finished_at=now)
    with transaction.atomic():
        jobs = list(Job.objects.select_for_update(skip_locked=True).filter(lost).order_by("created_at")[:200])
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(sent_at=now)
    for job in jobs:
        wake(job)
    return len(jobs)
