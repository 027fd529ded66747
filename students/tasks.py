"""What Celery wakes this app for. polars and pandas load in the worker's child, not at start."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from jobs import claims


@shared_task(name="students.check_upload")
def check_upload(*, job_id: int, **_: Any) -> None:
    """Check one uploaded file against the records."""
    from students.uploads import import_run

    claims.run_job(job_id=job_id, work=import_run.check_upload)


@shared_task(name="students.merge_upload")
def merge_upload(*, job_id: int, **_: Any) -> None:
    """Bring in one file that was confirmed."""
    from students.uploads import import_run

    claims.run_job(job_id=job_id, work=import_run.merge_upload)


@shared_task(name="students.undo_upload")
def undo_upload(*, job_id: int, **_: Any) -> None:
    """Take back what one file brought."""
    from students.changes import undo

    claims.run_job(job_id=job_id, work=undo.undo_upload)


@shared_task(name="students.sweep_files")
def sweep_files() -> None:
    """Remove what no upload names any more, and close what others could read."""
    from students.uploads import stored_files

    stored_files.remove_orphans()


@shared_task(name="students.open_cases")
def open_cases() -> None:
    """Open a case for whoever left, and settle those of which the record says something new."""
    from students.outcomes import cases_opened

    cases_opened.open_everywhere(now=timezone.now())
