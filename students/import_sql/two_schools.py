"""Students who are open at two schools at once: at both, or moved and nobody closed the first. A person says which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import fetch
from students.importing.questions import TWO_SCHOOLS, Answers, Question

# Of the rows of a file alone: what is stored elsewhere and not told again ended when the student came here.
_OPEN_TWICE: LiteralString = """
SELECT student_id, min(line), count(*) OVER () FROM staged_enrolments
WHERE exited_on IS NULL AND status IS NULL
GROUP BY student_id HAVING min(school_id) <> max(school_id)
ORDER BY 2 LIMIT 1
"""
# Who is stored at two schools stays there until one is told to have ended, whoever speaks of the other.
_AT_BOTH: LiteralString = """
SELECT student FROM file_known_enrolments WHERE exited_on IS NULL
GROUP BY student HAVING min(school) <> max(school)
UNION
SELECT student FROM file_told_enrolments WHERE exited_on IS NULL AND %(told)s
GROUP BY student HAVING min(school) <> max(school)
"""


def questions(staged: staging.Staging, answers: Answers) -> Iterator[Question]:
    """Yield the question whether students are at two schools, where a file says so of any."""
    if TWO_SCHOOLS in answers or "enrolments" not in staged.kinds:
        return
    for student, line, n in fetch(_OPEN_TWICE):
        yield Question(name=TWO_SCHOOLS, arguments={"n": n, "example": student, "line": line})


def resolve(context: staging.Context) -> None:
    """Make file_at_both: who is at two schools at once, as stored, or as the file says and somebody affirmed."""
    statements.make("file_at_both", _AT_BOTH, {**context.parameters, "told": context.at_both})
