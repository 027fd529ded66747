"""What Celery wakes this app for."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from jobs import claims


@shared_task(name="modeling.train_model")
def train_model(*, job_id: int, **_: Any) -> None:
    """Train one model."""
    from modeling import training  # pandas loads in the worker's child; LightGBM in a process of its own

    claims.carry_out(job_id=job_id, work=training.train_model)
