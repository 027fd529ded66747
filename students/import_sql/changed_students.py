"""Students of a file against those stored: who is new, who is told otherwise, who moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import fetch, fragment

# Where students are follows from their enrolments, so only a changed enrolment moves anybody.
_CHANGED: LiteralString = """
WITH compared AS (
    SELECT t.file, t.line, p.id, p.ref, p.is_new, s.school_id AS was_school, s.grade_level AS was_grade_level,
           coalesce(t.given_name, s.given_name, '') AS given_name,
           coalesce(t.family_name, s.family_name, '') AS family_name,
           coalesce(t.birth_on, s.birth_on) AS birth_on,
           CASE WHEN t.student_id IS NULL THEN s.cohort_id ELSE coalesce(s.cohort_id, %(cohort)s::bigint) END AS cohort,
           CASE WHEN p.is_new OR m.student IS NOT NULL THEN p.school ELSE s.school_id END AS school,
           CASE WHEN p.is_new OR m.student IS NOT NULL THEN coalesce(p.grade_level, '') ELSE s.grade_level END
               AS grade_level,
           least(coalesce(t.known_on, f.known_on), %(today)s) AS known_on,
           s.given_name AS was_given_name, s.family_name AS was_family_name, s.birth_on AS was_birth_on,
           s.cohort_id AS was_cohort
    FROM file_places p
    LEFT JOIN {told} t ON t.student_id = p.ref
    LEFT JOIN students_student s ON s.id = p.id AND s.institution_id = %(institution)s
    LEFT JOIN (
        SELECT DISTINCT student FROM file_changed_enrolments WHERE NOT is_gone
    ) m ON m.student = p.id
    LEFT JOIN (
        SELECT student, min(greatest(known_on, entered_on)) AS known_on FROM file_told_enrolments GROUP BY student
    ) f ON f.student = p.id
    WHERE p.id IS NOT NULL AND (t.student_id IS NOT NULL OR m.student IS NOT NULL)
)
SELECT *, NOT is_new AND ROW(given_name, family_name, birth_on)
          IS DISTINCT FROM ROW(was_given_name, was_family_name, was_birth_on) AS is_told_otherwise,
       NOT is_new AND school <> was_school AS is_moved, NOT is_new AND was_cohort IS DISTINCT FROM cohort AS is_joining
FROM compared
WHERE is_new OR ROW(given_name, family_name, birth_on, cohort, school, grade_level)
      IS DISTINCT FROM ROW(was_given_name, was_family_name, was_birth_on, was_cohort, was_school, was_grade_level)
"""
_COUNTS: LiteralString = """
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_told_otherwise), count(*) FILTER (WHERE is_moved),
       count(*) FILTER (WHERE is_joining)
FROM file_changed_students
"""
_OTHER_COHORT: LiteralString = """
SELECT count(*) FROM staged_students t JOIN students_student s
    ON s.institution_id = %(institution)s AND s.external_id = t.student_id
WHERE s.cohort_id <> %(cohort)s
"""


@dataclass(frozen=True, kw_only=True)
class ChangedStudents:
    """How many students are new, changed, moved or join the cohort; and how many belong to another, which they keep."""

    new: int
    changed: int
    moved: int
    joining: int
    in_other_cohort: int


def compare(staged: staging.Staging, context: staging.Context) -> ChangedStudents:
    """Make file_changed_students: who is new or whose row would change."""
    has_rows = "students" in staged.kinds
    nobody = "(SELECT NULL::smallint AS file, 0 AS line, ''::text AS student_id, ''::text AS given_name, ''::text AS "
    nobody += "family_name, NULL::date AS birth_on, NULL::date AS known_on LIMIT 0)"
    told = staging.table_of("students") if has_rows else fragment(nobody)
    statements.make("file_changed_students", _CHANGED, context.parameters, told=told)
    new, changed, moved, joining = fetch(_COUNTS)[0]
    in_other = fetch(_OTHER_COHORT, context.parameters)[0][0] if has_rows and context.cohort else 0
    return ChangedStudents(new=new, changed=changed, moved=moved, joining=joining, in_other_cohort=in_other)
