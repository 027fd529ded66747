"""Facts and their versions as an import writes them, row by row, for tests that need no file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.utils import timezone

from accounts import scope
from accounts.models import Institution
from jobs import claims, queue
from students.changes import undo
from students.models import AttendanceRecord, DisciplineIncident, Enrolment, GradeRecord, Student, Upload
from students.records import columnar
from tests import rows

HAPPENED = {
    Enrolment: "entered_on",
    AttendanceRecord: "held_on",
    GradeRecord: "awarded_on",
    DisciplineIncident: "happened_on",
}
KIND_OF = {kind.model: name for name, kind in columnar.KINDS.items()}


def upload(institution: Institution, name: str, **given: Any) -> Upload:
    """Add an upload that was merged just now."""
    return rows.sound(
        Upload,
        institution=institution,
        filename=name,
        stage="done",
        format="portal",
        merged_at=timezone.now(),
        created_at=timezone.now(),
        **given,
    )


def fact(model: type[models.Model], student: Student, day: dt.date, **given: Any) -> Any:
    """Add a fact of a day, known the same day, and mark its month."""
    dated = {HAPPENED[model]: day, "known_on": day} if model in HAPPENED else {"known_on": day}
    at_school = {"school": student.school} if hasattr(model, "school") else {}
    added = rows.sound(model, institution=student.institution, student=student, **{**dated, **at_school, **given})
    _mark(added)
    return added


def replace(old: Any, by: Upload, on: dt.date, **changed: Any) -> Any:
    """Replace a fact by a new version, or, without a change, by nothing."""
    type(old).every_version.filter(pk=old.pk).update(replaced_on=on, replaced_by=by)
    _mark(old)
    if not changed:
        return None
    fields = {field.attname: getattr(old, field.attname) for field in old._meta.local_concrete_fields}
    kept = {name: value for name, value in fields.items() if name not in ("id", "replaced_on", "replaced_by_id")}
    new = type(old)(**{**kept, "known_on": on, "upload_id": by.pk, **changed})
    type(old)._base_manager.bulk_create([new])
    return new


def take_back(of: Upload, by: Any = None) -> Upload:
    """Take an upload back as the button and the worker do, and return it as it then stands."""
    now = timezone.now()
    with scope.entered(scope.of_institution(of.institution)):
        job, _is_new = queue.enqueue(
            institution=of.institution, task="undo", idempotency_key=str(of.public_id), by=by, now=now, wakes=False
        )
        Upload.objects.filter(pk=of.pk).update(stage="undoing", undo_job=job, undone_by=by)
    claims.run_job(job_id=job.pk, work=undo.undo_upload)
    with scope.entered(scope.of_institution(of.institution)):
        return Upload.objects.select_related("undo_job").get(pk=of.pk)


def _mark(added: Any) -> None:
    if type(added) in KIND_OF:
        columnar.mark_stale(added.institution, {KIND_OF[type(added)]: [getattr(added, HAPPENED[type(added)])]})
