"""The sweeper's bell."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from jobs import queue


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Send again what was lost between Postgres and a worker."""
    queue.resend_lost(now=timezone.now())
