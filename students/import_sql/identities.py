"""Who is who: children under two numbers, numbers that belong to another child, numbers without zeros.

Nothing here decides: a person says who they are, and the answer is kept for the source.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any, LiteralString

from psycopg import sql

from students.changes import staging
from students.import_sql import statements
from students.import_sql.fact_tables import FACT_TABLES
from students.import_sql.statements import fetch, fragment
from students.importing.questions import MOST_VALUES, NUMBERS, REUSED, ZEROS, Answers, Question

FEWEST_WITHOUT_ZEROS = 3
# Of more pairs within one file than this, names or birthdays are placeholders, and asking would help nobody.
MOST_PAIRS, MOST_PAIRS_SHARE = 20, 0.01
_SAME_CHILD: LiteralString = """
SELECT t.student_id, s.external_id, t.given_name, t.family_name, t.birth_on::text, t.line,
       ltrim(t.student_id, '0') = ltrim(s.external_id, '0') AS is_zeros
FROM staged_students t
JOIN students_student s ON s.institution_id = %(institution)s AND s.birth_on = t.birth_on
    AND lower(s.given_name) = lower(t.given_name) AND lower(s.family_name) = lower(t.family_name)
WHERE s.external_id <> t.student_id
  AND NOT EXISTS (SELECT FROM students_studentmerge m WHERE m.other_id = s.id AND m.taken_back_at IS NULL)
  AND NOT EXISTS (SELECT FROM students_student x
                  WHERE x.institution_id = %(institution)s AND x.external_id = t.student_id)
  AND NOT EXISTS (SELECT FROM staged_students o WHERE o.student_id = s.external_id)
ORDER BY t.line
"""
# Two numbers of one name and birthday within the file, of which the second is new; the first is one on record, if any.
_TWICE: LiteralString = """
WITH named AS (
    SELECT student_id, lower(given_name) AS given, lower(family_name) AS family, birth_on,
           min(concat_ws(' ', given_name, family_name)) AS words, min(line) AS line
    FROM staged_students WHERE given_name <> '' AND family_name <> '' AND birth_on IS NOT NULL GROUP BY 1, 2, 3, 4
), shared AS (
    SELECT given, family, birth_on FROM named GROUP BY 1, 2, 3 HAVING count(DISTINCT student_id) > 1
), paired AS (
    SELECT n.*, s.id IS NOT NULL AS is_known,
           first_value(n.student_id) OVER (
               PARTITION BY n.given, n.family, n.birth_on ORDER BY s.id IS NULL, n.line, n.student_id) AS known
    FROM named n JOIN shared USING (given, family, birth_on)
    LEFT JOIN students_student s ON s.institution_id = %(institution)s AND s.external_id = n.student_id
)
SELECT student_id, known, words, birth_on::text, line FROM paired
WHERE student_id <> known AND NOT is_known ORDER BY line, student_id
"""
# Pairs to be expected where a name says nothing of a birthday: pairs of one name, times how often two students of
# different names share their birthday. A file of a few rows says little of that: one pair in a thousand is put first,
# as where birthdays spread over three years.
_TWICE_BY_CHANCE: LiteralString = """
WITH named AS (
    SELECT DISTINCT student_id, lower(given_name) AS given, lower(family_name) AS family, birth_on
    FROM staged_students WHERE given_name <> '' AND family_name <> '' AND birth_on IS NOT NULL
), pairs AS (
    SELECT (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM named GROUP BY given, family) x) AS of_name,
           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM named GROUP BY birth_on) x) AS of_day,
           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM named GROUP BY given, family, birth_on) x)
               AS of_both,
           (SELECT count(*) * (count(*) - 1) / 2 FROM named) AS of_all
)
SELECT of_name * (of_day - of_both + 1) / (of_all - of_name + 1000) FROM pairs
"""
_HAS_NEW: LiteralString = """
SELECT EXISTS (
    SELECT FROM staged_students t LEFT JOIN students_student x
        ON x.institution_id = %(institution)s AND x.external_id = t.student_id
    WHERE x.id IS NULL
)
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
    has_new = "students" in staged.kinds and _has_new_numbers(staged, context)
    pairs = _same_child(staged, context, answers, has_new=has_new)
    # Two of one file may be one child or two: what is known speaks for neither, so nothing is proposed.
    twice = _twice(staged, context, answers, but={pair["value"] for pair in pairs}) if has_new else []
    if pairs or twice:
        proposal = {pair["value"]: pair["known"] for pair in pairs}
        yield Question(name=NUMBERS, values=(pairs + twice)[:MOST_VALUES], proposal=proposal)
    if "students" in staged.kinds and (others := _other_child(staged, context, answers)):
        yield Question(name=REUSED, values=others)


def _has_new_numbers(staged: staging.Staging, context: staging.Context) -> bool:
    """Tell whether the file names a student under a number that nobody has: most later files name none."""
    with statements.planned_for(staged.n_staged["students"], of="students_student"):
        return bool(fetch(_HAS_NEW, context.parameters)[0][0])


def _same_child(
    staged: staging.Staging, context: staging.Context, answers: Answers, *, has_new: bool
) -> list[dict[str, Any]]:
    said = answers.get(NUMBERS, {})
    found: list[tuple[Any, ...]] = []
    if has_new:
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


def _twice(
    staged: staging.Staging, context: staging.Context, answers: Answers, *, but: Collection[str]
) -> list[dict[str, Any]]:
    """Return pairs within the file that may be one child, where they are few and more than chance brings."""
    n_students = staged.n_staged["students"]
    with statements.planned_for(n_students, of="students_student"):
        found = fetch(_TWICE, context.parameters)
    if not 0 < len(found) <= max(MOST_PAIRS, MOST_PAIRS_SHARE * n_students):
        return []
    by_chance = float(fetch(_TWICE_BY_CHANCE)[0][0])
    # Counts of rare events spread as their root (Poisson): within three of it, nothing speaks against chance.
    if len(found) <= by_chance + 3 * math.sqrt(by_chance):
        return []
    said = answers.get(NUMBERS, {})
    return [
        {"value": told, "n": 1, "line": line, "known": known, "words": f"{words}, {born}"}
        for told, known, words, born, line in found
        if told not in said and told not in but
    ]


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
