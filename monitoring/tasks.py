"""What Celery wakes this app for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task(name="monitoring.compare_new_scores")
def compare_new_scores() -> None:
    """Measure the drift of every run that was not measured yet."""
    from monitoring import drift_report  # pandas and LightGBM load in the worker's child, never before the fork

    drift_report.compare_all(now=timezone.now())
