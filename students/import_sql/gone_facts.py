"""Stored facts that a file says are no longer true: missing from a complete file, marked as removed, or "present"."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import sql

from students.changes import staging
from students.import_sql import enrolments, statements
from students.import_sql.changed_facts import StagedFacts
from students.import_sql.fact_tables import AT_SCHOOL, FACT_TABLES
from students.import_sql.statements import fragment, name, run

_GONE: LiteralString = """
INSERT INTO {gone}
SELECT s.id, s.student_id, s.{day} FROM {table} s
WHERE s.institution_id = %(institution)s AND s.replaced_on IS NULL AND {is_gone}
  AND NOT EXISTS (SELECT FROM {gone} g WHERE g.was = s.id)
"""
# A complete file speaks of its own days and schools alone.
_MISSING: LiteralString = """
s.{day} BETWEEN %(first)s AND %(last)s
AND s.school_id IN (
    SELECT coalesce(c.id, p.school) FROM {told} t JOIN file_places p ON p.ref = t.student_id
    LEFT JOIN file_schools c ON c.ref = t.school_id)
AND NOT EXISTS ({told_again})
AND NOT EXISTS (
    SELECT FROM staged_unread u JOIN students_student x ON x.external_id = u.student_id
    WHERE u.kind = {kind} AND x.id = s.student_id)
"""
_TOLD_AGAIN: LiteralString = """
SELECT FROM {told} t JOIN file_people p ON p.ref = t.student_id WHERE p.id = s.student_id AND {same}
"""
_MATCHED: LiteralString = "SELECT FROM file_matched m WHERE m.was = s.id"
# A total of several days is not taken back by a word on one of them.
_PRESENT: LiteralString = """
s.n_sessions <= 1
AND EXISTS (SELECT FROM staged_attendance t JOIN file_people p ON p.ref = t.student_id
            WHERE t.category = 'present' AND p.id = s.student_id AND t.held_on = s.held_on)
AND NOT EXISTS (SELECT FROM staged_attendance t JOIN file_people p ON p.ref = t.student_id
                WHERE p.id = s.student_id AND t.held_on = s.held_on AND t.category = s.category)
AND s.held_on BETWEEN %(first)s AND %(last)s
"""


# Who was away all day was not tardy, nor the reverse: what is told of a day later corrects what was told before. Half a
# day away and tardy for the other half may both be true.
_CORRECTED: LiteralString = """
s.n_sessions <= 1 AND s.held_on BETWEEN %(first)s AND %(last)s
AND EXISTS (SELECT FROM {changed} c
            WHERE c.was IS NULL AND c.student = s.student_id AND c.held_on = s.held_on AND c.category <> s.category
              AND CASE s.category WHEN 'absent' THEN s.n_sessions ELSE c.n_sessions END >= 1)
AND NOT EXISTS (SELECT FROM staged_attendance t JOIN file_people p ON p.ref = t.student_id
                WHERE p.id = s.student_id AND t.held_on = s.held_on AND t.category = s.category)
"""


def gone_table(kind: str) -> str:
    """Return the name of the table of a kind's gone rows."""
    return f"file_gone_{kind}"


def compare(told: StagedFacts | None, staged: staging.Staging, context: staging.Context, kind: str) -> tuple[int, int]:
    """Make file_gone_<kind>: stored rows that no longer hold. `told` is None where the file has no rows of the kind.

    Returns
    -------
    Rows that a complete file does not hold, and rows that the file names as gone.
    """
    statements.make(gone_table(kind), "SELECT 0::bigint AS was, 0::bigint AS student, NULL::date AS was_on LIMIT 0")
    n_missing = n_named = 0
    if told and kind in AT_SCHOOL and enrolments.ends_what_is_missing(staged, context, kind):
        n_missing = _missing(told)
    if told and kind == "attendance" and told.n_counted < told.n_left:
        with statements.planned_for(told.n_left, of=told.table.name):
            n_named = _insert(kind, told.parameters, fragment(_PRESENT))
    if told and kind == "attendance" and told.n_counted:
        with statements.planned_for(told.n_counted, of=told.table.name):
            n_named += _insert(kind, told.parameters, fragment(_CORRECTED, changed=name(told.changed)))
    if (removed := list(context.removed.get(kind, ()))) and FACT_TABLES[kind].has_source_id:
        n_named += _removed(kind, told, removed, context)
    return n_missing, n_named


def _missing(told: StagedFacts) -> int:
    day = name(told.table.happened)
    again = fragment(_MATCHED) if told.by_match else fragment(_TOLD_AGAIN, told=told.name, same=told.same_key)
    is_gone = fragment(_MISSING, day=day, told=told.name, told_again=again, kind=sql.Literal(told.kind))
    with statements.planned_for(told.n_left, of=told.table.name):
        return _insert(told.kind, told.parameters, is_gone)


def _removed(kind: str, told: StagedFacts | None, numbers: list[str], context: staging.Context) -> int:
    is_gone = fragment("s.source_id = ANY (%(removed)s)")
    if told and told.by_match:
        is_gone += fragment(" AND NOT EXISTS (") + fragment(_MATCHED) + fragment(")")
    return _insert(kind, {**context.parameters, "removed": numbers}, is_gone)


def _insert(kind: str, parameters: dict[str, Any], is_gone: sql.Composed) -> int:
    table = FACT_TABLES[kind]
    return run(
        _GONE,
        parameters,
        gone=name(gone_table(kind)),
        day=name(table.happened),
        table=name(table.name),
        is_gone=is_gone,
    )
