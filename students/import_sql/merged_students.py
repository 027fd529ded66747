"""Write what changed of the students; what a row said before is kept, so that an upload can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from django.db import connection

from accounts.public_ids import new_public_id
from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import fetch, run

IDS_A_PIECE = 50_000

_ADDED: LiteralString = """
INSERT INTO students_student (id, institution_id, public_id, external_id, school_id, cohort_id, given_name, family_name,
                              grade_level, birth_on, known_on, upload_id)
SELECT c.id, %(institution)s, i.public_id, c.ref, c.school, c.cohort, c.given_name, c.family_name,
       c.grade_level, c.birth_on, c.known_on, %(upload)s
FROM (SELECT *, row_number() OVER () AS n FROM file_changed_students WHERE is_new) c
JOIN file_public_ids i ON i.n = c.n
"""
_KEPT: LiteralString = """
INSERT INTO students_previousstudent (institution_id, student_id, school_id, cohort_id, given_name, family_name,
                                      grade_level, birth_on, known_on, upload_id, replaced_on, replaced_by_id)
SELECT s.institution_id, s.id, s.school_id, s.cohort_id, s.given_name, s.family_name, s.grade_level, s.birth_on,
       s.known_on, s.upload_id, greatest(%(today)s, s.known_on), %(upload)s
FROM file_changed_students c JOIN students_student s ON s.id = c.id WHERE NOT c.is_new
"""
_CHANGED: LiteralString = """
UPDATE students_student s
SET given_name = c.given_name, family_name = c.family_name, birth_on = c.birth_on, cohort_id = c.cohort,
    school_id = c.school, grade_level = c.grade_level, upload_id = %(upload)s
FROM file_changed_students c WHERE s.id = c.id AND NOT c.is_new
"""


def add(context: staging.Context) -> int:
    """Store the students that are new; return how many."""
    [(n_new,)] = fetch("SELECT count(*) FROM file_changed_students WHERE is_new")
    if n_new:
        _draw_public_ids(n_new)
        run(_ADDED, context.parameters)
    return int(n_new)


def change(context: staging.Context) -> int:
    """Rewrite the rows of students whose name, birth date or place differs; return how many."""
    if not run(_KEPT, context.parameters):
        return 0
    return run(_CHANGED, context.parameters)


def _draw_public_ids(n: int) -> None:
    statements.make("file_public_ids", "SELECT 0::bigint AS n, NULL::uuid AS public_id LIMIT 0")
    with connection.cursor() as cursor:
        copy_in = statements.copy_in("file_public_ids", ("n", "public_id"))
        with cursor.copy(copy_in) as copy:
            for piece in _public_ids(n):
                copy.write(piece)
    run("ANALYZE file_public_ids")


def _public_ids(n: int) -> Iterator[str]:
    for first in range(1, n + 1, IDS_A_PIECE):
        last = min(first + IDS_A_PIECE, n + 1)
        yield "".join(f"{number},{new_public_id()}\n" for number in range(first, last))
