"""What a file says of enrolments, settled: who moved, whose enrolment ended, and who was where on which day."""

from __future__ import annotations

from typing import Final, LiteralString

from students.changes import staging
from students.import_sql import statements, two_schools
from students.import_sql.fact_tables import MOVED
from students.import_sql.statements import run

NOT_IN_FILE: Final = "not in the file"
# What parts the enrolments of a student who is at two schools at once; the same for all of anybody else's.
SCHOOL_APART: LiteralString = "CASE WHEN student IN (SELECT student FROM file_at_both) THEN school END"

_KNOWN: LiteralString = """
SELECT e.id, e.student_id AS student, e.school_id AS school, e.grade_level, e.entered_on, e.exited_on, e.exit_reason,
       e.known_on, e.exit_known_on, e.planned_exit_on
FROM students_enrolment e JOIN file_people p ON p.id = e.student_id AND NOT p.is_new
WHERE e.institution_id = %(institution)s AND e.replaced_on IS NULL
"""
# Who has left on a day that nobody told is gone since yesterday, unless an end is stored already.
_IS_ASSUMED: LiteralString = "(t.status IS NOT NULL AND t.exited_on IS NULL)"
# Without a first day it is the enrolment that ended there on that day or is open there, else one first seen today.
_TOLD: LiteralString = """
WITH known AS (
    SELECT student, school, exited_on, max(entered_on) AS entered_on FROM file_known_enrolments GROUP BY 1, 2, 3
), told AS (
    SELECT t.*, t.ctid AS staged_row, p.id AS student, c.id AS school,
           coalesce(t.entered_on, e.entered_on, o.entered_on) AS known_entered_on
    FROM staged_enrolments t
    JOIN file_people p ON p.ref = t.student_id
    JOIN file_schools c ON c.ref = t.school_id
    LEFT JOIN known e
        ON t.entered_on IS NULL AND e.student = p.id AND e.school = c.id AND e.exited_on = t.exited_on
    LEFT JOIN known o
        ON t.entered_on IS NULL AND o.student = p.id AND o.school = c.id AND o.exited_on IS NULL
        AND (t.exited_on IS NULL OR o.entered_on <= t.exited_on)
    WHERE p.id IS NOT NULL
      AND NOT ({is_assumed} AND t.entered_on IS NULL AND o.entered_on IS NULL AND NOT p.is_new)
)
SELECT t.file, t.line, t.staged_row, t.student_id, t.student, t.school, t.grade_level,
       coalesce(t.known_entered_on, least(%(today)s, t.exited_on)) AS entered_on, t.entered_on AS said_on,
       t.known_entered_on IS NULL AS is_guessed,
       CASE WHEN {is_assumed} THEN greatest(%(today)s - 1, coalesce(t.known_entered_on, %(today)s))
            ELSE t.exited_on END AS exited_on,
       t.exit_reason, t.known_on, t.exit_known_on,
       t.planned_exit_on, {is_assumed} AS is_closed_here, k.id AS replaces
FROM told t
LEFT JOIN file_known_enrolments k
    ON k.student = t.student AND k.school = t.school
    AND k.entered_on = coalesce(t.known_entered_on, least(%(today)s, t.exited_on))
"""
# Of several open enrolments the one begun last holds, and ends the one before; of who is at two schools, at each.
_CHAIN: LiteralString = """
UPDATE file_told_enrolments t
SET exited_on = c.next_on, exit_reason = coalesce(t.exit_reason, %(moved)s), is_closed_here = true,
    exit_known_on = greatest(c.next_on, c.next_known_on)
FROM (
    SELECT ctid AS place, lead(entered_on) OVER of_student AS next_on, lead(known_on) OVER of_student AS next_known_on
    FROM file_told_enrolments WHERE exited_on IS NULL
    WINDOW of_student AS (PARTITION BY student, {apart} ORDER BY entered_on, file, line)
) c
WHERE t.ctid = c.place AND c.next_on IS NOT NULL
"""
# What is stored as open beside what the file says is open, where the file does not speak of the stored one itself.
_BESIDE: LiteralString = """
SELECT k.id, k.student, k.school = t.school AND t.replaces IS NULL AS is_corrected, k.entered_on AS stored_on,
       t.entered_on AS told_on, greatest(t.entered_on, t.known_on) AS told_known_on, t.ctid AS place
FROM file_told_enrolments t
JOIN file_known_enrolments k ON k.student = t.student AND k.exited_on IS NULL AND t.exited_on IS NULL
WHERE NOT EXISTS (SELECT FROM file_told_enrolments o WHERE o.replaces = k.id)
  AND (k.school = t.school OR k.student NOT IN (SELECT student FROM file_at_both))
"""
_ENDED_BY_MOVE: LiteralString = """
SELECT id, student, greatest(told_on, stored_on) AS exited_on, %(moved)s::text AS exit_reason,
       told_known_on AS known_on, false AS is_gone
FROM file_beside WHERE told_on >= stored_on
"""
_ENTRY_CORRECTED: LiteralString = """
UPDATE file_told_enrolments t SET replaces = b.id
FROM file_beside b WHERE t.ctid = b.place AND b.told_on < b.stored_on AND b.is_corrected
"""
_CLOSED_BY_STORED: LiteralString = """
UPDATE file_told_enrolments t
SET exited_on = b.stored_on, exit_reason = coalesce(t.exit_reason, %(moved)s), is_closed_here = true,
    exit_known_on = b.stored_on
FROM file_beside b
WHERE t.ctid = b.place AND b.told_on < b.stored_on AND NOT b.is_corrected
  AND NOT EXISTS (SELECT FROM file_ended_enrolments e WHERE e.id = b.id)
"""
_GONE: LiteralString = """
INSERT INTO file_ended_enrolments
SELECT e.id, e.student_id, greatest(%(today)s, e.entered_on), %(not_in_file)s, NULL, true
FROM students_enrolment e JOIN students_student s ON s.id = e.student_id
WHERE e.institution_id = %(institution)s AND s.institution_id = %(institution)s
  AND e.replaced_on IS NULL AND e.exited_on IS NULL
  AND NOT EXISTS (SELECT FROM file_ended_enrolments d WHERE d.id = e.id)
  AND NOT EXISTS (SELECT FROM file_told_enrolments t WHERE t.replaces = e.id)
  AND {is_missing}
"""
_NOT_TOLD: LiteralString = """
NOT EXISTS (SELECT FROM staged_unread u WHERE u.kind IN ('students', 'enrolments') AND u.student_id = s.external_id)
"""
_NOT_NAMED: LiteralString = """
NOT EXISTS (SELECT FROM staged_students t WHERE t.student_id = s.external_id)
AND NOT EXISTS (SELECT FROM file_told_enrolments t WHERE t.student = e.student_id)
AND NOT EXISTS (SELECT FROM staged_unread u WHERE u.kind = 'students' AND u.student_id = s.external_id)
"""
# A first day that was only guessed says nothing about the days before it.
_SPANS: LiteralString = """
SELECT student, school, grade_level, CASE WHEN is_guessed THEN '-infinity'::date ELSE entered_on END AS entered_on,
       coalesce(exited_on, 'infinity') AS exited_on, entered_on AS began_on, file, line
FROM file_told_enrolments
UNION ALL
SELECT k.student, k.school, k.grade_level, k.entered_on, coalesce(k.exited_on, d.exited_on, 'infinity'), k.entered_on,
       NULL, NULL
FROM file_known_enrolments k LEFT JOIN file_ended_enrolments d ON d.id = k.id
WHERE NOT EXISTS (SELECT FROM file_told_enrolments t WHERE t.replaces = k.id)
"""


def read(staged: staging.Staging, context: staging.Context) -> None:
    """Make file_known_enrolments and file_told_enrolments: what is stored of these students, and what the file says."""
    statements.make("file_known_enrolments", _KNOWN, context.parameters)
    if "enrolments" in staged.kinds:
        assumed = statements.fragment(_IS_ASSUMED)
        statements.make("file_told_enrolments", _TOLD, context.parameters, is_assumed=assumed)
    else:
        _make_empty()
    two_schools.resolve(context)


def settle(staged: staging.Staging, context: staging.Context) -> None:
    """Decide which enrolments end, and make file_spans: who was where from when to when, the file's word counted in."""
    parameters = {**context.parameters, "moved": MOVED, "not_in_file": NOT_IN_FILE}
    run(_CHAIN, parameters, apart=statements.fragment(SCHOOL_APART))
    statements.make("file_beside", _BESIDE)
    run(_ENTRY_CORRECTED)
    statements.make("file_ended_enrolments", _ENDED_BY_MOVE, parameters)
    _end_what_is_gone(staged, context)
    run(_CLOSED_BY_STORED, parameters)
    statements.make("file_spans", _SPANS)
    run("CREATE INDEX ON file_spans (student)")


def ends_what_is_missing(staged: staging.Staging, context: staging.Context, kind: str) -> bool:
    """Tell whether a record that the file does not hold is no longer true.

    Not where a line could not be read at all: the record may stand just there.
    """
    lines = {"students", "enrolments"} if kind == "enrolments" else {kind}
    return kind in context.complete and bool(staged.n_staged[kind]) and not lines & staged.has_nameless_faults


def _end_what_is_gone(staged: staging.Staging, context: staging.Context) -> None:
    parameters = {**context.parameters, "not_in_file": NOT_IN_FILE}
    if ends_what_is_missing(staged, context, "enrolments"):
        run(_GONE, parameters, is_missing=statements.fragment(_NOT_TOLD))
    elif ends_what_is_missing(staged, context, "students"):
        run(_GONE, parameters, is_missing=statements.fragment(_NOT_NAMED))
    if removed := list(context.removed.get("students", ())):
        is_removed = statements.fragment(
            "s.external_id = ANY (%(removed)s)"
            " AND NOT EXISTS (SELECT FROM file_told_enrolments t WHERE t.student = e.student_id)"
        )
        run(_GONE, {**parameters, "removed": removed}, is_missing=is_removed)


def _make_empty() -> None:
    columns = (
        "0::smallint AS file, 0 AS line, '(0,0)'::tid AS staged_row, ''::text AS student_id, 0::bigint AS student,"
        " 0::bigint AS school, ''::text AS grade_level, NULL::date AS entered_on, NULL::date AS said_on,"
        " false AS is_guessed, NULL::date AS exited_on, ''::text AS exit_reason, NULL::date AS known_on,"
        " NULL::date AS exit_known_on, NULL::date AS planned_exit_on, false AS is_closed_here, 0::bigint AS replaces"
    )
    statements.make("file_told_enrolments", f"SELECT {columns} LIMIT 0")
