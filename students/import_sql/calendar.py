"""The schools, terms and school days of a file that are not stored yet. None of them ever goes because of a file."""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql.statements import fetch, fragment, run

_NEW_TERMS: LiteralString = """
SELECT t.school_year::int AS school_year, t.term, t.starts_on, t.ends_on FROM staged_terms t
WHERE NOT EXISTS (
    SELECT FROM students_term s
    WHERE s.institution_id = %(institution)s AND s.school_year = t.school_year AND s.term = t.term
)
"""
_NEW_DAYS: LiteralString = """
SELECT t.held_on FROM staged_school_days t
WHERE NOT EXISTS (
    SELECT FROM students_schoolday s WHERE s.institution_id = %(institution)s AND s.held_on = t.held_on
)
"""
# A school that an enrolment brought bears its number for a name until a list of schools tells it.
_NAMED: LiteralString = """
SELECT a.id, t.name FROM accounts_school a JOIN staged_schools t ON t.school_id = a.external_id
WHERE a.institution_id = %(institution)s AND a.name = a.external_id AND a.name <> t.name
"""


def compare(staged: staging.Staging, context: staging.Context) -> dict[str, tuple[int, int]]:
    """Return how many schools, terms and school days are new and changed, by kind."""
    queries: dict[str, LiteralString] = {"terms": _NEW_TERMS, "school_days": _NEW_DAYS}
    counts = {kind: (_count(queries[kind], context), 0) for kind in queries if kind in staged.kinds}
    n_schools = _count("SELECT FROM file_schools WHERE is_new", context)
    if n_schools or "schools" in staged.kinds:
        counts["schools"] = (n_schools, _count(_NAMED, context) if "schools" in staged.kinds else 0)
    return counts


def merge(staged: staging.Staging, context: staging.Context) -> dict[str, int]:
    """Store what is new, and name schools that had no name; return the rows written by kind."""
    counts = {"schools": _schools(staged, context)}
    if "terms" in staged.kinds:
        counts["terms"] = run(
            "INSERT INTO students_term (institution_id, school_year, term, starts_on, ends_on, upload_id)"
            " SELECT %(institution)s, school_year, term, starts_on, ends_on, %(upload)s FROM ({new}) t",
            context.parameters,
            new=fragment(_NEW_TERMS),
        )
    if "school_days" in staged.kinds:
        counts["school_days"] = run(
            "INSERT INTO students_schoolday (institution_id, held_on, upload_id)"
            " SELECT %(institution)s, held_on, %(upload)s FROM ({new}) t",
            context.parameters,
            new=fragment(_NEW_DAYS),
        )
    return counts


def made_schools() -> list[int]:
    """Return the schools that the file makes."""
    return [pk for (pk,) in fetch("SELECT id FROM file_schools WHERE is_new ORDER BY id")]


def _schools(staged: staging.Staging, context: staging.Context) -> int:
    if "schools" in staged.kinds:
        named = fragment(_NAMED)
        run("UPDATE accounts_school s SET name = n.name FROM ({n}) n WHERE n.id = s.id", context.parameters, n=named)
    return run(
        "INSERT INTO accounts_school (id, institution_id, external_id, name)"
        " SELECT id, %(institution)s, ref, name FROM file_schools WHERE is_new",
        context.parameters,
    )


def _count(query: LiteralString, context: staging.Context) -> int:
    counted = fetch("SELECT count(*) FROM ({query}) q", context.parameters, query=fragment(query))
    return int(counted[0][0])
