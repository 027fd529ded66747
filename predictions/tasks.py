"""What Celery wakes this app for."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from jobs import claims


@shared_task(name="predictions.score_students")
def score_students(*, job_id: int, **_: Any) -> None:
    """Make one list."""
    from predictions import scoring_run  # LightGBM loads in the worker's child, never before the fork

    claims.run_job(job_id=job_id, work=scoring_run.score_students)


@shared_task(name="predictions.preview_promotion")
def preview_promotion(*, job_id: int, **_: Any) -> None:
    """Work out whom another model would list."""
    from predictions import promotion_preview

    claims.run_job(job_id=job_id, work=promotion_preview.work_out)


@shared_task(name="predictions.send_digests")
def send_digests() -> None:
    """Send the daily e-mails that are due."""
    from predictions import digest_mail

    digest_mail.send_due(now=timezone.now())
