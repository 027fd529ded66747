"""Enrolments of a file against those stored: new ones, changed ones, and those that end because of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import fetch

# An enrolment that only a later one closes keeps the end that is stored, which somebody told.
_CHANGED: LiteralString = """
WITH compared AS (
    SELECT t.file, t.line, t.student, t.school, t.entered_on, coalesce(t.grade_level, s.grade_level, '') AS grade_level,
           CASE WHEN t.is_closed_here AND s.exited_on IS NOT NULL THEN s.exited_on ELSE t.exited_on END AS exited_on,
           CASE WHEN t.is_closed_here AND s.exited_on IS NOT NULL THEN s.exit_reason
                WHEN t.exited_on IS NOT NULL THEN coalesce(t.exit_reason, s.exit_reason, '') ELSE '' END AS exit_reason,
           CASE WHEN t.exited_on IS NULL THEN coalesce(t.planned_exit_on, s.planned_exit_on) END AS planned_exit_on,
           t.known_on AS told_known_on, greatest(t.known_on, t.exit_known_on) AS told_on, t.exit_known_on,
           s.id AS was, s.exited_on AS was_exited_on, s.exit_known_on AS was_exit_known_on, s.known_on AS was_known_on,
           s.planned_exit_on AS was_planned_exit_on, s.entered_on AS was_entered_on,
           s.grade_level AS was_grade_level, s.exit_reason AS was_exit_reason
    FROM file_told_enrolments t
    LEFT JOIN file_known_enrolments s ON s.id = t.replaces
), versioned AS (
    SELECT *, CASE WHEN was IS NOT NULL THEN
        greatest(CASE WHEN told_on > greatest(was_known_on, was_exit_known_on) THEN told_on ELSE %(today)s END,
                 was_known_on, entered_on) END AS replaced_on
    FROM compared
    WHERE was IS NULL OR ROW(grade_level, exited_on, exit_reason, entered_on, planned_exit_on)
          IS DISTINCT FROM ROW(was_grade_level, was_exited_on, was_exit_reason, was_entered_on, was_planned_exit_on)
)
SELECT file, line, student, school, grade_level, entered_on, exited_on, exit_reason,
       CASE WHEN exited_on IS NULL THEN NULL
            WHEN exited_on = was_exited_on THEN was_exit_known_on
            ELSE greatest(coalesce(exit_known_on, replaced_on, exited_on), exited_on) END AS exit_known_on,
       coalesce(replaced_on, greatest(told_known_on, entered_on)) AS known_on, replaced_on, was, false AS is_gone,
       planned_exit_on
FROM versioned
"""
# An end is a new version of the enrolment, whose other columns stay.
_ENDED: LiteralString = """
INSERT INTO file_changed_enrolments
SELECT NULL, NULL, e.student_id, e.school_id, e.grade_level, e.entered_on, d.exited_on, d.exit_reason,
       greatest(d.known_on, d.exited_on, k.replaced_on), k.replaced_on, k.replaced_on, e.id, d.is_gone, NULL
FROM file_ended_enrolments d JOIN students_enrolment e ON e.id = d.id
CROSS JOIN LATERAL (SELECT greatest(
    CASE WHEN d.known_on > e.known_on THEN d.known_on ELSE %(today)s END, e.known_on) AS replaced_on) k
"""
_COUNTS: LiteralString = """
SELECT count(*) FILTER (WHERE was IS NULL), count(*) FILTER (WHERE was IS NOT NULL AND NOT is_gone),
       count(*) FILTER (WHERE is_gone), count(*) FILTER (WHERE file IS NULL AND NOT is_gone),
       count(DISTINCT student) FILTER (WHERE is_gone)
FROM file_changed_enrolments
"""


@dataclass(frozen=True, kw_only=True)
class ChangedEnrolments:
    """How many enrolments are new, changed and gone; `moved_on` are changed ones of which the file does not speak."""

    new: int
    changed: int
    gone: int
    moved_on: int
    students_gone: int


def compare(context: staging.Context) -> ChangedEnrolments:
    """Make file_changed_enrolments: new and changed enrolments, and those that end."""
    statements.make("file_changed_enrolments", _CHANGED, context.parameters)
    statements.run(_ENDED, context.parameters)
    new, changed, gone, moved_on, students_gone = fetch(_COUNTS)[0]
    return ChangedEnrolments(new=new, changed=changed, gone=gone, moved_on=moved_on, students_gone=students_gone)
