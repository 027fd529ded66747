"""Two students on record who are one child, put together by a person and parted again."""

from __future__ import annotations

import datetime as dt
from typing import Any, LiteralString

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import User
from students.changes import records_lock
from students.import_sql import statements
from students.import_sql.fact_tables import FACT_TABLES
from students.models import Enrolment, PreviousStudent, Student, StudentMerge, Upload
from students.people import moved_rows

SHOWN = 50

_ALIKE: LiteralString = """
SELECT min(s.id), max(s.id) FROM students_student s
WHERE s.institution_id = %(institution)s AND s.given_name <> '' AND s.family_name <> '' AND s.birth_on IS NOT NULL
  AND NOT EXISTS (SELECT FROM students_studentmerge m WHERE m.other_id = s.id AND m.taken_back_at IS NULL)
GROUP BY lower(s.given_name), lower(s.family_name), s.birth_on HAVING count(*) > 1
ORDER BY max(s.id) DESC LIMIT %(shown)s
"""


class CannotMerge(Exception):
    """These two cannot be put together; the message says why."""


class CannotTakeBack(Exception):
    """This merge cannot be taken back, or not yet; the message says why."""


@transaction.atomic
def merge(*, keep: Student, other: Student, reason: str, by: User, now: dt.datetime) -> StudentMerge:
    """Give everything on record of one student to another, as both are the same child.

    Scores and what staff said of them stay with whom they were made for. What both students have stays where it is,
    and counts once. Outcomes are only ever added: those of the other are said of the kept student too. Later files
    that name the other's number reach the kept student.

    :raises CannotMerge: if they are one student already, or not of one institution
    """
    if keep.institution_id != other.institution_id:
        raise CannotMerge(_("The two students are not of one institution."))
    records_lock.hold(keep.institution)
    locked = Student.objects.select_for_update(of=("self",)).in_bulk([keep.pk, other.pk])
    _check_merge(keep, other, n_found=len(locked))
    keep, other = locked[keep.pk], locked[other.pk]
    today = keep.institution.day_of(now)
    changed = moved_rows.settle_enrolments(kept=keep, other=other, today=today)
    moved = moved_rows.move(kept=keep, other=other)
    copied = moved_rows.copy_outcomes(kept=keep, other=other)
    set_aside = moved_rows.set_aside(other)
    changed += moved_rows.place(kept=keep, other=other)
    moved_rows.mark_stale(keep.institution, moved)
    audit_log.record(action="merge_students", by=by, now=now, subjects=[keep.public_id, other.public_id])
    return StudentMerge.objects.create(
        institution=keep.institution,
        kept=keep,
        other=other,
        reason=reason,
        moved=moved,
        copied=copied,
        set_aside=set_aside,
        changed=changed,
        merged_at=now,
        merged_by=by,
    )


@transaction.atomic
def take_back(*, merge: StudentMerge, by: User, now: dt.datetime) -> StudentMerge:
    """Part two students again: the rows that went to the kept one go back.

    What came since, under whichever number, was told of the kept student and stays.

    :raises CannotTakeBack: if it was taken back already, or another merge into the same student came later
    """
    records_lock.hold(merge.institution)
    merge = StudentMerge.objects.select_for_update(of=("self",)).select_related("kept", "other").get(pk=merge.pk)
    if merge.taken_back_at is not None:
        raise CannotTakeBack(_("This was taken back already."))
    if StudentMerge.objects.filter(_is_about(merge.kept), taken_back_at=None, pk__gt=merge.pk).exists():
        raise CannotTakeBack(_("This student was merged again later. Take that back first."))
    moved_rows.mark_stale(merge.institution, merge.moved)
    moved_rows.give_back(merge.moved, kept=merge.kept, other=merge.other)
    moved_rows.withdraw_outcomes(merge.copied, today=merge.institution.day_of(now), by=by, now=now)
    moved_rows.write_back(merge.changed)
    moved_rows.put_back(merge.set_aside)
    merge.taken_back_at, merge.taken_back_by = now, by
    merge.save(update_fields=["taken_back_at", "taken_back_by"])
    subjects = [merge.kept.public_id, merge.other.public_id]
    audit_log.record(action="take_back_student_merge", by=by, now=now, subjects=subjects)
    return merge


def kept_for(student: Student) -> Student | None:
    """Return the student that another was merged into; None where they stand for themselves."""
    standing = StudentMerge.objects.filter(other=student, taken_back_at=None).first()
    return Student.objects.filter(pk=standing.kept_id).first() if standing else None


def standing_since(upload: Upload) -> list[StudentMerge]:
    """Return merges since an upload of students whose enrolments it brought or ended, newest first."""
    merges = StudentMerge.objects.filter(taken_back_at=None, merged_at__gte=upload.merged_at)
    enrolments = Enrolment.every_version.filter(Q(upload=upload) | Q(replaced_by=upload))
    return [
        merge
        for merge in merges.select_related("kept", "other")
        if enrolments.filter(student__in=[merge.kept_id, merge.other_id]).exists()
        or any(upload.pk in (row["upload_id"], row["replaced_by_id"]) for row in merge.set_aside)
    ]


def alike(institution_id: int) -> list[tuple[Student, Student]]:
    """Return pairs of students of one name and birthday, the one on record for longer first; at most `SHOWN`."""
    found = statements.fetch(_ALIKE, {"institution": institution_id, "shown": SHOWN})
    students = Student.objects.select_related("school").in_bulk({pk for pair in found for pk in pair})
    return [(students[first], students[second]) for first, second in found]


def two_under_one_number() -> list[PreviousStudent]:
    """Return students whose first name and birthday a file changed both: it may have meant another child."""
    changed = PreviousStudent.objects.filter(replaced_by__stage=Upload.Stage.DONE, birth_on__isnull=False)
    changed = changed.exclude(given_name="").select_related("student", "replaced_by").order_by("-pk")
    return [row for row in changed[: 20 * SHOWN] if _is_another(row)][:SHOWN]


def on_record(student: Student) -> dict[str, int]:
    """Return how many facts of each kind stand on record of a student, kinds without any left out."""
    models: dict[str, Any] = {kind: table.model for kind, table in FACT_TABLES.items()}
    counts = {kind: model.objects.filter(student=student).count() for kind, model in models.items()}
    return {kind: n for kind, n in counts.items() if n}


def _check_merge(keep: Student, other: Student, *, n_found: int) -> None:
    if keep.pk == other.pk:
        raise CannotMerge(_("Both numbers are of one student. Choose two."))
    if n_found < 2:  # noqa: PLR2004
        raise CannotMerge(_("One of the two is no longer on record."))
    standing = StudentMerge.objects.filter(taken_back_at=None)
    if standing.filter(other__in=[keep, other]).exists():
        raise CannotMerge(_("One of the two was merged into another student already."))
    if standing.filter(kept=other).exists():
        raise CannotMerge(_("Another student was merged into the one who would go. Keep that one instead."))


def _is_about(student: Student) -> Q:
    return Q(kept=student) | Q(other=student)


def _is_another(row: PreviousStudent) -> bool:
    now: Any = row.student
    same_name = row.given_name.lower() == now.given_name.lower()
    return not same_name and now.birth_on is not None and row.birth_on != now.birth_on
