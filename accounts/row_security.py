"""The second wall: row-level security that refuses what a manager forgot. Migrations call these."""

from __future__ import annotations

from django.db.migrations import RunSQL

_INSTITUTION = "institution_id = nullif(current_setting('app.institution', true), '')::bigint"
_EVERY_SCHOOL = "current_setting('app.schools', true) = '*'"
# PostgreSQL may evaluate both sides of an OR, so the star is taken out before the cast.
_SCHOOLS = "string_to_array(nullif(nullif(current_setting('app.schools', true), ''), '*'), ',')::bigint[]"
_OWN_SCHOOL = f"school_id = ANY ({_SCHOOLS})"
# The inner query meets the student table's own policy, so a record is seen exactly where its student is.
_OWN_STUDENT = "EXISTS (SELECT 1 FROM students_student s WHERE s.id = student_id)"


def _policy(table: str, condition: str) -> RunSQL:
    return RunSQL(
        sql=[
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
        ],
        reverse_sql=[f"DROP POLICY in_scope ON {table}", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"],
    )


def by_institution(table: str) -> RunSQL:
    """Let a row be seen and written only within its institution."""
    return _policy(table, _INSTITUTION)


def by_school(table: str) -> RunSQL:
    """Let a row be seen and written only within its institution and its own school."""
    return _policy(table, f"{_INSTITUTION} AND ({_EVERY_SCHOOL} OR {_OWN_SCHOOL})")


def by_student(table: str) -> RunSQL:
    """Let a row be seen and written only where its student is seen."""
    return _policy(table, f"{_INSTITUTION} AND ({_EVERY_SCHOOL} OR {_OWN_STUDENT})")
