"""Attributes of a file against those stored: what is told of a student under a name, since a day.

A later word on a name stands above an earlier one. So a file that tells again what has been corrected since, or what
is already known since an earlier telling, changes nothing.
"""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import name

_CHANGED: LiteralString = """
WITH latest AS (
    SELECT DISTINCT ON (a.student_id, a.name) a.student_id, a.name, a.known_on, a.value
    FROM {table} a JOIN file_people p ON p.id = a.student_id
    WHERE a.institution_id = %(institution)s AND a.replaced_on IS NULL
    ORDER BY a.student_id, a.name, a.known_on DESC
), told AS (
    SELECT t.file, t.line, p.id AS student, t.name, t.value, l.known_on AS latest_on, l.value AS latest_value,
           t.known_on, max(t.known_on) OVER (PARTITION BY p.id, t.name) AS last_dated_on
    FROM {told} t JOIN file_people p ON p.ref = t.student_id
    LEFT JOIN latest l ON l.student_id = p.id AND l.name = t.name
    WHERE p.id IS NOT NULL
), dated AS (
    SELECT file, line, student, name, value, latest_on, latest_value,
           coalesce(known_on, CASE WHEN last_dated_on IS NULL OR latest_on > last_dated_on THEN latest_on END,
                    %(today)s) AS known_on
    FROM told WHERE known_on IS NOT NULL OR last_dated_on IS NULL OR last_dated_on < %(today)s
), last_told AS (
    SELECT *, greatest(latest_on, max(known_on) OVER (PARTITION BY student, name)) AS last_on FROM dated
)
SELECT t.file, t.line, t.student, t.name, t.value,
       CASE WHEN s.id IS NULL THEN t.known_on ELSE greatest(%(today)s, s.known_on) END AS known_on,
       CASE WHEN s.id IS NOT NULL THEN greatest(%(today)s, s.known_on) END AS replaced_on,
       s.id AS was, NULL::date AS was_on
FROM last_told t
LEFT JOIN {table} s ON s.institution_id = %(institution)s AND s.student_id = t.student AND s.name = t.name
                   AND s.known_on = t.known_on AND s.replaced_on IS NULL
WHERE CASE WHEN s.id IS NULL THEN t.latest_on IS NULL OR t.latest_on < t.known_on OR t.latest_value <> t.value
           ELSE s.value <> t.value AND t.last_on <= t.known_on END
"""


def compare(kind: str, context: staging.Context) -> int:
    """Make file_changed_<kind>, as changed_facts does for other kinds; return its rows."""
    return statements.make(
        f"file_changed_{kind}",
        _CHANGED,
        context.parameters,
        table=name("students_protectedattribute" if kind == "protected" else "students_studentattribute"),
        told=staging.table_of(kind),
    )
