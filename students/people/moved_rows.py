"""Which rows of one student go to another when both are one child, and how they go back.

Every function works within the caller's transaction, scope and lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from accounts.models import Institution, User
from students.changes.undo_sql import TAKEN_BACK
from students.import_sql.fact_tables import FACT_TABLES, MOVED, FactTable
from students.models import (
    Caseload,
    CaseStep,
    Concern,
    DataCase,
    Enrolment,
    HelpPlan,
    Intervention,
    Note,
    NoteDraft,
    Outcome,
    ReengagementCase,
    Student,
)
from students.models.people import Fact
from students.records import columnar

# What files and people tell of a student, outcomes aside: those are added and never changed.
FACTS = tuple(table for table in FACT_TABLES.values() if table.model is not Outcome)
# Only some people read a note, and nobody may change one: the owner of the tables moves them.
GIVEN_BY_OWNER = (Note._meta.label, NoteDraft._meta.label)
_END = ("exited_on", "exit_reason", "exit_known_on", "planned_exit_on")


def move(*, kept: Student, other: Student) -> dict[str, list[int]]:
    """Give the rows of one student to another; return the ids of what went, by model.

    What both have stays where it is: the same absence would count twice.
    """
    moved = {table.model._meta.label: _facts_to_move(table, kept=kept, other=other) for table in FACTS}
    # What was noted on the way of help, of a contested fact or of a concern is found through it, and is never changed.
    plans = HelpPlan.objects.filter(student=other, intervention__in=moved[Intervention._meta.label])
    moved[HelpPlan._meta.label] = _ids(plans)
    moved[DataCase._meta.label] = _ids(DataCase.objects.filter(student=other))
    # One case at a time: where the kept student has an open one, students.outcomes.cases_opened ends the other's.
    is_open = ReengagementCase.objects.filter(due_on__isnull=False)
    cases = ReengagementCase.objects.filter(student=other)
    if is_open.filter(student=kept).exists():
        cases = cases.filter(due_on=None)
    moved[ReengagementCase._meta.label] = _ids(cases)
    moved[CaseStep._meta.label] = _ids(CaseStep.objects.filter(student=other, case__in=cases))
    moved[Concern._meta.label] = _ids(Concern.objects.filter(student=other))
    looked_after = Caseload.objects.filter(student=kept, ends_on=None).values("counsellor")
    entries = Caseload.objects.filter(student=other).exclude(ends_on=None, counsellor__in=looked_after)
    moved[Caseload._meta.label] = _ids(entries)
    moved = {label: ids for label, ids in moved.items() if ids}
    _give(moved, of=other, to=kept)
    notes = {label: _given_by_owner(label, None, of=other, to=kept) for label in GIVEN_BY_OWNER}
    return moved | {label: ids for label, ids in notes.items() if ids}


def give_back(moved: Mapping[str, list[int]], *, kept: Student, other: Student) -> None:
    """Give rows back that went to another student and are still there."""
    _give(moved, of=kept, to=other)


def copy_outcomes(*, kept: Student, other: Student) -> list[int]:
    """Say of the kept student what stands of the other's outcomes, as it was known then; return the new ids."""
    there = set(Outcome.objects.filter(student=kept, corrected_by=None).values_list("kind", "happened_on"))
    standing = Outcome.objects.filter(student=other, corrected_by=None).exclude(exit_code=TAKEN_BACK).order_by("pk")
    copies = [row for row in standing if (row.kind, row.happened_on) not in there]
    for row in copies:
        row.pk, row.student, row.corrects = None, kept, None
    return [row.pk for row in Outcome.objects.bulk_create(copies)]


def withdraw_outcomes(ids: Iterable[int], *, today: dt.date, by: User, now: dt.datetime) -> None:
    """Correct copied outcomes to say nothing, unless somebody corrected them since."""
    copies = Outcome.objects.filter(pk__in=list(ids), corrected_by=None)
    for row in list(copies):
        row.corrects_id, row.pk, row.kind, row.exit_code = row.pk, None, Outcome.Kind.UNKNOWN, TAKEN_BACK
        row.known_on, row.recorded_by, row.recorded_at = max(today, row.known_on), by, now
        row.save(force_insert=True)


def set_aside(other: Student) -> list[dict[str, Any]]:
    """Take out the enrolments that are left with a student, as the kept one has them too; return them whole.

    While one stood, the student would be on the roll beside the one they are.
    """
    left = Enrolment.every_version.filter(student=other)
    encoder = DjangoJSONEncoder()
    columns = [field.attname for field in Enrolment._meta.local_concrete_fields]
    rows = [
        {name: encoder.default(value) if isinstance(value, dt.date) else value for name, value in row.items()}
        for row in left.order_by("pk").values(*columns)
    ]
    left.delete()
    return rows


def put_back(rows: Iterable[Mapping[str, Any]]) -> None:
    """Put enrolments back as they were; no upload that they are of is taken back before (students.changes.undo)."""
    days = [field.attname for field in Enrolment._meta.local_concrete_fields if isinstance(field, models.DateField)]
    read = [{**row, **{day: dt.date.fromisoformat(row[day]) for day in days if row[day]}} for row in rows]
    Enrolment.every_version.bulk_create([Enrolment(**row) for row in read])


def settle_enrolments(*, kept: Student, other: Student, today: dt.date) -> list[dict[str, Any]]:
    """Leave one open enrolment of all that two students have, the one begun last; return what was written over.

    Of one day the kept student's stays open. Where both have the same one, open for the other alone, it is open.
    """
    standing = Enrolment.objects.select_for_update()
    theirs = standing.filter(student=other, exited_on=None).first()
    if theirs is None:
        return []
    ours = standing.filter(student=kept, exited_on=None).first()
    if ours is None:
        same = standing.filter(student=kept, school=theirs.school_id, entered_on=theirs.entered_on).first()
        return [_changed(same, {name: getattr(theirs, name) for name in _END})] if same else []
    if (ours.entered_on, ours.school_id) == (theirs.entered_on, theirs.school_id):
        return []
    first, last = (theirs, ours) if theirs.entered_on <= ours.entered_on else (ours, theirs)
    ended_on = last.entered_on
    return [_changed(first, {"exited_on": ended_on, "exit_reason": MOVED, "exit_known_on": max(today, ended_on)})]


def place(*, kept: Student, other: Student) -> list[dict[str, Any]]:
    """Put the kept student where their enrolment says, and both into one flat cohort; return what was written over."""
    open_one = Enrolment.objects.filter(student=kept, exited_on=None).first()
    here = {"school_id": open_one.school_id, "grade_level": open_one.grade_level} if open_one else {}
    changed = [_changed(kept, here | {"cohort_id": kept.cohort_id or other.cohort_id})]
    # A student of a flat cohort counts in it without an enrolment; and what stays of the other is seen where both are.
    return [*changed, _changed(other, {"cohort_id": None, "school_id": kept.school_id})]


def write_back(changed: Iterable[Mapping[str, Any]]) -> None:
    """Write back what stood in columns before, where nobody wrote something else there since."""
    for row in reversed(list(changed)):
        rows = _every_row(row["model"]).filter(pk=row["id"], **row["to"])
        if rows.model is Enrolment and row["from"]["exited_on"] is None:
            # One that came since is open in its place.
            rows = rows.exclude(replaced_on=None, student__in=_enrolled())
        rows.update(**row["from"])


def mark_stale(institution: Institution, moved: Mapping[str, list[int]]) -> None:
    """Have the columnar copies rewritten of the months in which moved records lie."""
    months = {}
    for name, kind in columnar.KINDS.items():
        ids = moved.get(kind.model._meta.label, [])
        months[name] = kind.model.every_version.filter(pk__in=ids).values_list(kind.happened, flat=True)
    columnar.mark_stale(institution, months)


def _facts_to_move(table: FactTable, *, kept: Student, other: Student) -> list[int]:
    """Return the facts of one student that the other has not, all versions of one with it."""
    model: Any = table.model
    key = (*table.key, *(["school_id"] if model is Enrolment else []))
    numbers = ["source_id"] if table.has_source_id else []

    def names(row: Mapping[str, Any]) -> set[Any]:
        by_number = [row["source_id"]] if numbers and row["source_id"] else []
        return {*by_number, tuple(row[column] for column in key)}

    rows = model.every_version.values("pk", "upload_id", "replaced_by_id", *key, *numbers)
    ours = list(rows.filter(student=kept))
    # A stay that was taken out of the kept student's record does not speak against the one that stands.
    speaking = [row for row in ours if model is not Enrolment or row["replaced_by_id"] is None]
    there = set().union(*map(names, speaking))
    versions = {(row["replaced_by_id"], *(row[column] for column in key)) for row in ours}
    found = []
    for row in rows.filter(student=other).order_by("pk"):
        # Help that a person wrote down is nobody's copy.
        is_own = model is Intervention and row["upload_id"] is None
        is_same = names(row) & there or (row["replaced_by_id"], *(row[column] for column in key)) in versions
        if is_own or not is_same:
            found.append(row["pk"])
    return found


def _enrolled() -> Any:
    return Enrolment.objects.filter(exited_on=None).values("student")


def _changed(row: Any, to: dict[str, Any]) -> dict[str, Any]:
    encoder = DjangoJSONEncoder()

    def plain(values: Mapping[str, Any]) -> dict[str, Any]:
        return {n: encoder.default(v) if isinstance(v, dt.date) else v for n, v in values.items()}

    kept = {"model": row._meta.label, "id": row.pk, "from": plain({n: getattr(row, n) for n in to}), "to": plain(to)}
    for name, value in to.items():
        setattr(row, name, value)
    row.save(update_fields=[row._meta.get_field(name.removesuffix("_id")).name for name in to])
    return kept


def _give(moved: Mapping[str, list[int]], *, of: Student, to: Student) -> None:
    for label, ids in moved.items():
        if label in GIVEN_BY_OWNER:
            _given_by_owner(label, ids, of=of, to=to)
            continue
        _every_row(label).filter(pk__in=ids, student=of).update(student=to)


def _given_by_owner(label: str, ids: list[int] | None, *, of: Student, to: Student) -> list[int]:
    """Give rows that whoever puts students together may not read; all there are, if none are named."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {apps.get_model(label)._meta.db_table}_given(%s, %s, %s)", [of.pk, to.pk, ids])
        given: list[int] = cursor.fetchone()[0]
    return given


def _every_row(label: str) -> models.QuerySet[Any]:
    """Return the rows of a model by its label, of facts every version."""
    model: Any = apps.get_model(label)
    rows: models.QuerySet[Any] = (model.every_version if issubclass(model, Fact) else model.objects).all()
    return rows


def _ids(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))
