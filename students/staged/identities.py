"""Who is who: students of a file under another number, numbers that belong to another child, numbers without zeros.

Nothing here decides: a person says who they are, and the answer is kept for the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import sql

from students import staging
from students.importing.questions import MOST_VALUES, NUMBERS, REUSED, ZEROS, Answers, Question
from students.staged import statements
from students.staged.fact_tables import FACT_TABLES
from students.staged.statements import fetch, fragment

FEWEST_WITHOUT_ZEROS = 3
# Two students of one name and birthday within one file are two students: their own system tells them apart.
_SAME_CHILD: LiteralString = """
SELECT t.student_id, s.external_id, t.given_name, t.family_name, t.birth_on::text, t.line,
       ltrim(t.student_id, '0') = ltrim(s.external_id, '0') AS is_zeros
FROM staged_students t
JOIN students_student s ON s.institution_id = %(institution)s AND s.birth_on = t.birth_on
    AND lower(s.given_name) = lower(t.given_name) AND lower(s.family_name) = lower(t.family_name)
WHERE s.external_id <> t.student_id
  AND NOT EXISTS (SELECT FROM students_student x
                  WHERE x.institution_id = %(institution)s AND x.external_id = t.student_id)
  AND NOT EXISTS (SELECT FROM staged_students o WHERE o.student_id = s.external_id)
ORDER BY t.line
"""
# One of the two may be corrected; a child whose first name and birthday are both others is another child.
_OTHER_CHILD: LiteralString = """
SELECT t.student_id, concat_ws(' ', s.given_name, s.family_name), s.birth_on::text,
       concat_ws(' ', t.given_name, t.family_name), t.birth_on::text, t.line
FROM staged_students t
JOIN students_student s ON s.institution_id = %(institution)s AND s.external_id = t.student_id
WHERE s.birth_on <> t.birth_on AND lower(s.given_name) <> lower(t.given_name) AND s.given_name <> ''
ORDER BY t.line
"""
_HAS_ZEROS: LiteralString = """
SELECT EXISTS (SELECT FROM students_student WHERE institution_id = %(institution)s AND external_id LIKE '0%%')
"""
_WITHOUT_ZEROS: LiteralString = """
SELECT t.student_id, min(s.external_id) FROM (
    SELECT DISTINCT student_id FROM {table} t
    WHERE NOT EXISTS (SELECT FROM students_student x
                      WHERE x.institution_id = %(institution)s AND x.external_id = t.student_id) {not_told}
) t
JOIN students_student s ON s.institution_id = %(institution)s AND s.external_id LIKE '0%%'
    AND ltrim(s.external_id, '0') = ltrim(t.student_id, '0')
GROUP BY 1 HAVING count(*) = 1
"""
_NOT_TOLD: LiteralString = "AND NOT EXISTS (SELECT FROM staged_students o WHERE o.student_id = t.student_id)"


def questions(staged: staging.Staging, context: staging.Context, answers: Answers) -> Iterator[Question]:
    """Yield what must be said about the students of a file before it is known whom its rows are about."""
    pairs = _same_child(staged, context, answers)
    if pairs:
        yield Question(name=NUMBERS, values=pairs, proposal={pair["value"]: pair["known"] for pair in pairs})
    if "students" in staged.kinds and (others := _other_child(staged, context, answers)):
        yield Question(name=REUSED, values=others)


def _same_child(staged: staging.Staging, context: staging.Context, answers: Answers) -> list[dict[str, Any]]:
    said = answers.get(NUMBERS, {})
    found: list[tuple[Any, ...]] = []
    if "students" in staged.kinds:
        with statements.planned_for(staged.n_staged["students"], of="students_student"):
            found = [row for row in fetch(_SAME_CHILD, context.parameters) if row[0] not in said]
    zeros = [(row[0], row[1]) for row in found if row[-1]]
    if ZEROS not in said:
        zeros += [] if zeros else _without_zeros(staged, context)
    if len(zeros) < FEWEST_WITHOUT_ZEROS:
        zeros = []
    listed = [_pair(row) for row in found if not (row[-1] and (zeros or ZEROS in said))]
    if zeros and ZEROS not in said:
        words = ", ".join(f"{told} = {known}" for told, known in zeros[:3])
        listed.insert(0, {"value": ZEROS, "n": len(zeros), "line": None, "known": "same", "words": words})
    return listed[:MOST_VALUES]


def _pair(row: tuple[Any, ...]) -> dict[str, Any]:
    told, known, given, family, born, line, _is_zeros = row
    return {"value": told, "n": 1, "line": line, "known": known, "words": f"{given} {family}, {born}"}


def _other_child(staged: staging.Staging, context: staging.Context, answers: Answers) -> list[dict[str, Any]]:
    said = answers.get(REUSED, {})
    with statements.planned_for(staged.n_staged["students"], of="students_student"):
        found = fetch(_OTHER_CHILD, context.parameters)
    return [
        {"value": number, "n": 1, "line": line, "known": "", "words": f"{was}, {was_on} → {now}, {now_on}"}
        for number, was, was_on, now, now_on, line in found
        if number not in said
    ][:MOST_VALUES]


def _without_zeros(staged: staging.Staging, context: staging.Context) -> list[tuple[str, str]]:
    """Return numbers of facts that nobody has, each with the known one that it is without its zeros."""
    if not fetch(_HAS_ZEROS, context.parameters)[0][0]:
        return []
    not_told = fragment(_NOT_TOLD if "students" in staged.kinds else "")
    found: dict[str, str] = {}
    for kind in (kind for kind in staged.kinds if kind in FACT_TABLES):
        with statements.planned_for(staged.n_staged[kind], of="students_student"):
            table: sql.Identifier = staging.table_of(kind)
            found |= dict(fetch(_WITHOUT_ZEROS, context.parameters, table=table, not_told=not_told))
    return sorted(found.items())
