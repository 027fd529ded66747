"""What taking an upload back does to the tables, as statements over whole tables: never a row in Python.

Every function works within the caller's transaction and scope.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any, LiteralString

from django.db import models
from psycopg import sql

from accounts.models import School
from students.import_sql import statements
from students.models import (
    AttendanceRecord,
    Cohort,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    PreviousStudent,
    ProtectedAttribute,
    SchoolDay,
    Student,
    StudentAttribute,
    Term,
    Upload,
)
from students.records import columnar

# Kinds of record of which a file brings versions, by the names pages use.
FACTS: dict[str, type[models.Model]] = {
    "enrolments": Enrolment,
    "attendance": AttendanceRecord,
    "grades": GradeRecord,
    "discipline": DisciplineIncident,
    "interventions": Intervention,
    "attributes": StudentAttribute,
    "protected": ProtectedAttribute,
}
TAKEN_BACK = "taken back"
# Records carry no index by school, so removing one reads their tables through: minutes where there are millions.
MOST_SCHOOLS_REMOVED = 100

_STUDENT_COLUMNS = ("school_id", "cohort_id", "given_name", "family_name", "grade_level", "birth_on", "known_on")

# From each outcome of an upload to the newest correction of it, and what it had corrected itself.
_CHAINS: LiteralString = """
WITH RECURSIVE chain AS (
    SELECT o.id AS start, o.corrects_id AS base, o.id AS newest, o.upload_id, 0 AS depth
    FROM students_outcome o
    LEFT JOIN students_outcome corrected ON corrected.id = o.corrects_id
    WHERE o.institution_id = %(institution)s AND o.upload_id = %(upload)s
      AND corrected.upload_id IS DISTINCT FROM o.upload_id
    UNION ALL
    SELECT chain.start, chain.base, later.id, later.upload_id, chain.depth + 1
    FROM chain JOIN students_outcome later ON later.corrects_id = chain.newest
)
"""

# A person's own word since then stands; what it corrected no longer counts anyway.
_CORRECTIONS: LiteralString = """
INSERT INTO students_outcome (institution_id, student_id, upload_id, known_on, kind, exit_code, happened_on, source,
                              source_id, corrects_id, recorded_by_id, recorded_at)
SELECT newest.institution_id, newest.student_id, %(upload)s,
       greatest(%(today)s::date, newest.known_on, base.known_on),
       coalesce(base.kind, 'unknown'), coalesce(base.exit_code, %(taken_back)s),
       coalesce(base.happened_on, newest.happened_on), coalesce(base.source, newest.source),
       coalesce(base.source_id, newest.source_id), newest.id, %(by)s, %(now)s
FROM (SELECT DISTINCT ON (start) start, base, newest FROM chain ORDER BY start, depth DESC) ends
JOIN students_outcome newest ON newest.id = ends.newest
LEFT JOIN students_outcome base ON base.id = ends.base
WHERE NOT EXISTS (SELECT 1 FROM chain WHERE chain.start = ends.start AND chain.upload_id IS NULL)
"""

_CORRECTED_LATER: LiteralString = "SELECT DISTINCT upload_id FROM chain WHERE upload_id = ANY(%(later)s)"
_REPLACED_LATER: LiteralString = "{table} f WHERE f.replaced_by_id = later.id AND f.upload_id = %(upload)s"
_BROUGHT_AGAIN: LiteralString = """
{table} gone JOIN {table} f ON {same}
WHERE gone.institution_id = %(institution)s AND gone.replaced_by_id = %(upload)s AND f.upload_id = later.id
"""
# Students whose row an upload changed, rather than made, were there before it.
_OF_NEW_STUDENTS: LiteralString = """
{table} f JOIN students_student s ON s.id = f.student_id
WHERE f.upload_id = later.id AND s.upload_id = %(upload)s
  AND NOT EXISTS (SELECT 1 FROM students_previousstudent before
                  WHERE before.student_id = s.id AND before.replaced_by_id = %(upload)s)
"""


def correct_outcomes(upload: Upload, *, today: dt.date, now: dt.datetime) -> int:
    """Add to every outcome of an upload a correction that says what held before; outcomes are never removed."""
    given = {**_keys(upload), "today": today, "now": now, "taken_back": TAKEN_BACK, "by": upload.undone_by_id}
    return statements.run(_CHAINS + _CORRECTIONS, given)


def months(upload: Upload) -> dict[str, list[dt.date]]:
    """Return the months of each kind whose columnar copy changes."""
    found = {}
    for name, kind in columnar.KINDS.items():
        # Two halves, for each has an index of its own.
        rows = statements.fetch(
            "SELECT date_trunc('month', {happened})::date FROM {table} "
            "WHERE institution_id = %(institution)s AND upload_id = %(upload)s UNION "
            "SELECT date_trunc('month', {happened})::date FROM {table} "
            "WHERE institution_id = %(institution)s AND replaced_by_id = %(upload)s",
            _keys(upload),
            happened=statements.name(kind.happened),
            table=_table(kind.model),
        )
        found[name] = [month for (month,) in rows]
    return found


def remove_facts(upload: Upload, name: str) -> tuple[int, int]:
    """Remove the facts of a kind that an upload brought and revive those that it replaced; return how many of each."""
    table = _table(FACTS[name])
    removed = statements.run(
        "DELETE FROM {table} WHERE institution_id = %(institution)s AND upload_id = %(upload)s",
        _keys(upload),
        table=table,
    )
    revived = statements.run(
        "UPDATE {table} SET replaced_on = NULL, replaced_by_id = NULL "
        "WHERE institution_id = %(institution)s AND replaced_by_id = %(upload)s",
        _keys(upload),
        table=table,
    )
    return removed, revived


def restore_students(upload: Upload) -> int:
    """Give the students that an upload changed their former rows back."""
    restored = statements.run(
        "UPDATE students_student s SET {former} FROM students_previousstudent before "
        "WHERE before.institution_id = %(institution)s AND before.replaced_by_id = %(upload)s "
        "AND s.id = before.student_id",
        _keys(upload),
        former=statements.each("{n} = before.{n}", (*_STUDENT_COLUMNS, "upload_id")),
    )
    PreviousStudent.objects.filter(replaced_by=upload).delete()
    return restored


def remove_students(upload: Upload) -> tuple[int, int]:
    """Remove the students that an upload brought; return how many went and how many stay.

    Who has been scored, helped, looked after or given an outcome stays as an entry without records.
    """
    removed = _remove_unreferred(Student, "institution_id = %(institution)s AND upload_id = %(upload)s", _keys(upload))
    # A cohort without facts must not shape what the model looks at.
    kept = Student.objects.filter(upload=upload).update(cohort=None)
    return removed, kept


def remove_calendar(upload: Upload) -> int:
    """Remove the terms and school days that an upload brought."""
    n_terms, _by_model = Term.objects.filter(institution_id=upload.institution_id, upload=upload).delete()
    n_days, _by_model = SchoolDay.objects.filter(institution_id=upload.institution_id, upload=upload).delete()
    return n_terms + n_days


def remove_schools(upload: Upload) -> int:
    """Remove the schools that an upload made, unless anything else is there by now."""
    made = upload.summary.get("made_schools", [])
    if len(made) > MOST_SCHOOLS_REMOVED:
        return 0
    condition: LiteralString = "institution_id = %(institution)s AND id = ANY(%(made)s)"
    return _remove_unreferred(School, condition, {**_keys(upload), "made": made})


def remove_cohort(upload: Upload) -> int:
    """Remove the cohort of an upload, unless it has students or another upload."""
    cohort = upload.cohort_id
    if cohort is None or Upload.objects.filter(cohort=cohort).exclude(pk=upload.pk).exists():
        return 0
    Upload.objects.filter(pk=upload.pk).update(cohort=None)
    condition: LiteralString = "institution_id = %(institution)s AND id = %(cohort)s"
    removed = _remove_unreferred(Cohort, condition, {**_keys(upload), "cohort": cohort})
    if not removed:
        Upload.objects.filter(pk=upload.pk).update(cohort=cohort)
    return removed


def touching(upload: Upload, later: Collection[int]) -> set[int]:
    """Return which of some later uploads touched what an upload brought or replaced."""
    if not later:
        return set()
    given = {**_keys(upload), "later": list(later)}
    found = {
        key
        for rows in _touched_rows()
        for (key,) in statements.fetch(
            # Each upload is asked for by itself, so that the first row found answers.
            "SELECT later.id FROM unnest(%(later)s::bigint[]) AS later (id) WHERE EXISTS (SELECT 1 FROM {rows})",
            given,
            rows=rows,
        )
    }
    corrected = statements.fetch(_CHAINS + _CORRECTED_LATER, given)
    return found | {key for (key,) in corrected}


def _touched_rows() -> Iterator[sql.Composed]:
    """Yield what a later upload must not have done, a table at a time."""
    for model in FACTS.values():
        yield statements.fragment(_REPLACED_LATER, table=_table(model))
        yield statements.fragment(_OF_NEW_STUDENTS, table=_table(model))
        if key := _key_columns(model):
            same = statements.each("f.{n} = gone.{n}", key, between=" AND ")
            yield statements.fragment(_BROUGHT_AGAIN, table=_table(model), same=same)
    # A student is enrolled in one place at a time: what this one ended, a later one may have begun elsewhere.
    both_open = statements.fragment(
        "f.student_id = gone.student_id AND f.exited_on IS NULL AND f.replaced_on IS NULL AND gone.exited_on IS NULL"
    )
    yield statements.fragment(_BROUGHT_AGAIN, table=_table(Enrolment), same=both_open)
    yield statements.fragment(_OF_NEW_STUDENTS, table=_table(Outcome))
    yield statements.fragment(_REPLACED_LATER, table=_table(PreviousStudent))


def _key_columns(model: type[models.Model]) -> list[str]:
    """Return the columns by which a table allows one standing version; empty where it allows any number."""
    columns = {field.name: field.attname for field in model._meta.local_concrete_fields}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and "replaced_by" in constraint.fields:
            return [columns[name] for name in constraint.fields if name != "replaced_by"]
    return []


def _remove_unreferred(model: type[models.Model], condition: LiteralString, given: Mapping[str, Any]) -> int:
    """Remove rows to which no row of any table points, whichever app it belongs to."""
    pointing = [
        statements.fragment(
            "NOT EXISTS (SELECT 1 FROM {table} r WHERE r.{column} = t.id)",
            table=_table(relation.related_model),
            column=statements.name(relation.field.column),
        )
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
    ]
    return statements.run(
        "DELETE FROM {table} t WHERE {condition} AND {unreferred}",
        given,
        table=_table(model),
        condition=statements.fragment(condition),
        unreferred=sql.SQL(" AND ").join(pointing),
    )


def _table(model: type[models.Model]) -> sql.Identifier:
    return statements.name(model._meta.db_table)


def _keys(upload: Upload) -> dict[str, Any]:
    return {"institution": upload.institution_id, "upload": upload.pk}
