"""Which students a file names, and where each of them is."""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.fact_tables import FACT_TABLES
from students.import_sql.statements import fragment, joined

# The number of a student who was merged into another is that other's, even where it was said while the file was read.
# A student that the file itself brings is new where nobody of that number is stored; their id is drawn here, so that
# facts about them are compared and stored like any others.
_PEOPLE: LiteralString = """
SELECT n.ref,
       CASE WHEN s.id IS NULL AND n.is_told THEN nextval(pg_get_serial_sequence('students_student', 'id'))
            ELSE s.id END AS id,
       s.id IS NULL AND n.is_told AS is_new,
       s.school_id AS school, s.grade_level
FROM (SELECT ref, bool_or(is_told) AS is_told FROM ({named}) every_kind GROUP BY ref) n
LEFT JOIN students_student o ON o.institution_id = %(institution)s AND o.external_id = n.ref
LEFT JOIN students_studentmerge m
    ON m.institution_id = %(institution)s AND m.other_id = o.id AND m.taken_back_at IS NULL
LEFT JOIN students_student s ON s.institution_id = %(institution)s AND s.id = coalesce(m.kept_id, o.id)
"""
_TOLD: LiteralString = "SELECT student_id AS ref, true AS is_told FROM staged_students"
_NAMED: LiteralString = "SELECT DISTINCT student_id AS ref, false AS is_told FROM {table} t WHERE {others}"
# Most rows are about students of the same file: to look them up is cheaper than to sort them out of ten million.
_NOT_TOLD: LiteralString = "NOT EXISTS (SELECT FROM staged_students s WHERE s.student_id = t.student_id)"

# Where a student is: the enrolment of today, else the open one, else the last; and the first and last day of all. Who
# is at two schools stays where they were, else is where they began.
_PLACES: LiteralString = """
SELECT p.ref, p.id, p.is_new, coalesce(m.school, p.school) AS school,
       coalesce(m.grade_level, p.grade_level) AS grade_level,
       m.school AS main_school, m.entered_on AS main_from, m.exited_on AS main_to, f.first_on, f.last_on
FROM file_people p
LEFT JOIN (
    SELECT DISTINCT ON (s.student) s.student, s.school, s.grade_level, s.entered_on, s.exited_on
    FROM file_spans s
    LEFT JOIN file_at_both b ON b.student = s.student
    LEFT JOIN students_student h ON h.id = b.student
    ORDER BY s.student, (%(today)s BETWEEN s.entered_on AND s.exited_on) DESC, s.exited_on = 'infinity' DESC,
             (s.school = h.school_id) DESC NULLS LAST, CASE WHEN b.student IS NOT NULL THEN s.began_on END,
             CASE WHEN b.student IS NOT NULL THEN s.line END, s.began_on DESC
) m ON m.student = p.id
LEFT JOIN (
    SELECT student, min(entered_on) AS first_on, max(exited_on) AS last_on FROM file_spans GROUP BY student
) f ON f.student = p.id
"""


def resolve(staged: staging.Staging, context: staging.Context) -> None:
    """Make file_people: every student the file names, with the id they have or will have; null for strangers."""
    has_students = "students" in staged.kinds
    named = [fragment(_TOLD if has_students else "SELECT NULL::text AS ref, false AS is_told WHERE false")]
    others = fragment(_NOT_TOLD if has_students else "true")
    named += [
        fragment(_NAMED, table=staging.table_of(kind), others=others) for kind in staged.kinds if kind in FACT_TABLES
    ]
    statements.make("file_people", _PEOPLE, context.parameters, named=joined(" UNION ALL ", named))


def place(context: staging.Context) -> None:
    """Make file_places: the same students with where they are, once the file's enrolments are known."""
    statements.make("file_places", _PLACES, context.parameters)
