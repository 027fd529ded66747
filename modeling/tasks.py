"""What Celery wakes this app for."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from jobs import claims


@shared_task(name="modeling.train_model")
def train_model(*, job_id: int, **_: Any) -> None:
    """Train one model."""
    from modeling.training import training  # pandas loads in the worker's child; LightGBM in a process of its own

    claims.run_job(job_id=job_id, work=training.train_model)


@shared_task(name="modeling.tune_model")
def tune_model(*, job_id: int, **_: Any) -> None:
    """Do one worker's part of a search for better settings."""
    from modeling.tuning import tuning_study  # as above; Optuna loads at the first question

    claims.run_job(job_id=job_id, work=tuning_study.tune_model)


@shared_task(name="modeling.copy_to_mlflow")
def copy_to_mlflow() -> None:
    """Copy what MLflow lacks."""
    from modeling.registry import mlflow_copy  # MLflow loads in the worker's child, and only if something is due

    mlflow_copy.catch_up_everywhere()


@shared_task(name="modeling.make_eda_report")
def make_eda_report(*, job_id: int, **_: Any) -> None:
    """Make one report on the data."""
    from modeling.html_reports import (
        eda_report,  # pandas and matplotlib load in the worker's child, never before the fork
    )

    claims.run_job(job_id=job_id, work=eda_report.make)
