"""What Celery wakes this app for."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from jobs import claims


@shared_task(name="students.import_upload")
def import_upload(*, job_id: int, **_: Any) -> None:
    """Import one uploaded file."""
    from students import cohort_import  # pandas and pandera load in the worker's child, not at start

    claims.carry_out(job_id=job_id, work=cohort_import.import_upload)
