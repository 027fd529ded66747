"""Facts of a file against those stored: which rows are new, and which hold another version than the one stored.

An empty cell says nothing: what is stored in its place stays. Unchanged rows are counted and nothing else.
"""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import sql

from students.changes import staging
from students.import_sql import statements
from students.import_sql.fact_tables import FACT_TABLES, FactTable
from students.import_sql.statements import each, fetch, fragment, joined, name, run

# In the order of the students: the indexes of a table lie by student, and rows that come in day by day, as files have
# them, would touch all of an index for every day.
_CHANGED: LiteralString = """
SELECT t.file, t.line, p.id AS student, {school}{values},
       CASE WHEN s.id IS NULL THEN greatest(t.known_on, {happened}) ELSE {replaced_on} END AS known_on,
       CASE WHEN s.id IS NOT NULL THEN {replaced_on} END AS replaced_on,
       s.id AS was, {was_on} AS was_on
FROM {told} t
JOIN file_places p ON p.ref = t.student_id
{schools}
{stored}
WHERE p.id IS NOT NULL AND {counted} AND (s.id IS NULL OR ROW({after}) IS DISTINCT FROM ROW({before}))
ORDER BY p.id, t.ctid
"""
# The day from which the new version holds: the file's own word where it is news, else today.
_REPLACED_ON: LiteralString = """
greatest(CASE WHEN t.known_on > s.known_on THEN t.known_on ELSE %(today)s END, s.known_on, {happened})
"""
# Without a school, it happened where the student was enrolled that day; failing that, where they are.
_SCHOOL: LiteralString = """
coalesce(c.id, s.school_id,
         CASE WHEN t.{day} BETWEEN p.main_from AND p.main_to THEN p.main_school
              ELSE coalesce((SELECT x.school FROM file_spans x
                             WHERE x.student = p.id AND t.{day} BETWEEN x.entered_on AND x.exited_on
                             ORDER BY x.began_on DESC LIMIT 1), p.school) END) AS school,
"""
_STORED_BY_KEY: LiteralString = """
LEFT JOIN {table} s ON s.institution_id = %(institution)s AND s.student_id = p.id AND s.replaced_on IS NULL AND {same}
"""
_STORED_BY_MATCH: LiteralString = """
LEFT JOIN file_matched m ON m.place = t.ctid LEFT JOIN {table} s ON s.id = m.was
"""
_MATCH_BY_NUMBER: LiteralString = """
SELECT t.ctid AS place, s.id AS was, true AS is_by_number
FROM {told} t JOIN file_people p ON p.ref = t.student_id
JOIN {table} s ON s.institution_id = %(institution)s AND s.student_id = p.id AND s.replaced_on IS NULL
              AND s.source_id = t.source_id
"""
# One stored row is one told row: the second to look like it is another incident of the same day.
_MATCH_BY_KEY: LiteralString = """
INSERT INTO file_matched
SELECT DISTINCT ON (was) place, was, false FROM (
    SELECT DISTINCT ON (t.ctid) t.ctid AS place, t.line, s.id AS was
    FROM {told} t JOIN file_people p ON p.ref = t.student_id
    JOIN {table} s ON s.institution_id = %(institution)s AND s.student_id = p.id AND s.replaced_on IS NULL
                  AND {same} AND {numbers}
    WHERE NOT EXISTS (SELECT FROM file_matched m WHERE m.place = t.ctid)
      AND NOT EXISTS (SELECT FROM file_matched m WHERE m.was = s.id)
    ORDER BY t.ctid, s.source_id, s.id
) found ORDER BY was, line
"""
# First those that both have no number, then those of which one has: a system that began to number its records.
_NUMBERS: tuple[LiteralString, ...] = (
    "t.source_id IS NULL AND s.source_id = ''",
    "(t.source_id IS NULL) <> (s.source_id = '')",
)
# What a person recorded is theirs: a file that tells the same help again changes nothing of it.
_NOT_OF_STAFF: LiteralString = "(s.id IS NULL OR s.upload_id IS NOT NULL OR m.is_by_number)"
_HAS_NUMBERS: LiteralString = """
SELECT EXISTS (SELECT FROM {told} WHERE source_id IS NOT NULL)
    OR EXISTS (SELECT FROM {table} WHERE institution_id = %(institution)s AND {day} BETWEEN %(first)s AND %(last)s
               AND source_id <> '' AND replaced_on IS NULL)
"""
_OF_FILE: LiteralString = "SELECT min({day}), max({day}), count(*) FILTER (WHERE {counted}), count(*) FROM {told}"


class StagedFacts:
    """The rows of one kind of fact in a file, ready to be compared."""

    def __init__(self, kind: str, context: staging.Context) -> None:
        self.table: FactTable = FACT_TABLES[kind]
        self.kind = kind
        self.counted = fragment("t.category <> 'present'" if kind == "attendance" else "true")
        day = name(self.table.happened or "known_on")
        told = fragment("{table} t", table=self.name)
        first, last, self.n_counted, self.n_left = fetch(_OF_FILE, day=day, counted=self.counted, told=told)[0]
        self.parameters: dict[str, Any] = {**context.parameters, "first": first, "last": last}
        self.by_match = kind == "interventions" or (self.table.has_source_id and self._has_numbers())

    @property
    def name(self) -> Any:
        """Return the temporary table that holds the rows."""
        return staging.table_of(self.kind)

    @property
    def changed(self) -> str:
        """Return the name of the table of new and changed rows."""
        return f"file_changed_{self.kind}"

    @property
    def same_key(self) -> sql.Composed:
        """Return the condition that a told and a stored row of a student are of the same fact, by its key."""
        parts = []
        for column in self.table.key:
            empty = "coalesce(t.{n}, '') = s.{n}" if column in self.table.texts else "t.{n} = s.{n}"
            parts.append(fragment(empty, n=name(column)))
        if self.table.happened:
            day = name(self.table.happened)
            parts.append(fragment("s.{day} BETWEEN %(first)s AND %(last)s", day=day))
        return joined(" AND ", parts)

    def _has_numbers(self) -> bool:
        found = fetch(
            _HAS_NUMBERS,
            self.parameters,
            told=self.name,
            table=name(self.table.name),
            day=name(self.table.happened),
        )
        return bool(found[0][0])


def compare(told: StagedFacts) -> int:
    """Make file_changed_<kind>: the new and the changed rows, each with the id of the stored one; return how many."""
    table = told.table
    has_days = bool(table.happened)
    happened = fragment("t.{day}", day=name(table.happened)) if has_days else fragment("s.known_on")
    stored = name(table.name)
    if told.by_match:
        _match(told)
        joined = fragment(_STORED_BY_MATCH, table=stored)
    else:
        joined = fragment(_STORED_BY_KEY, table=stored, same=told.same_key)
    counted = told.counted
    if told.kind == "interventions":
        counted = counted + fragment(" AND ") + fragment(_NOT_OF_STAFF)
    steady = [column for column in table.compared if column not in table.restated]
    after = each("coalesce(t.{n}, s.{n})", steady)
    if table.restated:
        after += fragment(", ") + each("t.{n}", table.restated)
    before = each("s.{n}", [*steady, *table.restated])
    if table.has_school:
        after, before = after + fragment(", coalesce(c.id, s.school_id)"), before + fragment(", s.school_id")
    with statements.planned_for(told.n_left, of=table.name):
        return statements.make(
            told.changed,
            _CHANGED,
            told.parameters,
            told=told.name,
            school=fragment(_SCHOOL, day=name(table.happened)) if table.has_school else fragment(""),
            schools=fragment("LEFT JOIN file_schools c ON c.ref = t.school_id" if table.has_school else ""),
            values=_values(table),
            happened=happened,
            replaced_on=fragment(_REPLACED_ON, happened=happened),
            was_on=fragment("s.{day}", day=name(table.happened)) if has_days else fragment("NULL::date"),
            stored=joined,
            counted=counted,
            after=after,
            before=before,
        )


def _values(table: FactTable) -> sql.Composed:
    texts = each("coalesce(t.{n}, s.{n}, '') AS {n}", [column for column in table.columns if column in table.texts])
    kept = [column for column in table.columns if column not in (*table.texts, *table.restated)]
    others = each("coalesce(t.{n}, s.{n}) AS {n}", kept)
    restated = each("t.{n}", table.restated)
    return joined(", ", [part for part in (texts, others, restated) if part != each("{n}", [])])


def _match(told: StagedFacts) -> None:
    """Find the stored row of each told one: by its own number, else by its key where one of them has none."""
    parts = {"told": told.name, "table": name(told.table.name)}
    with statements.planned_for(told.n_left, of=told.table.name):
        statements.make("file_matched", _MATCH_BY_NUMBER, told.parameters, **parts)
        for numbers in _NUMBERS:
            run(_MATCH_BY_KEY, told.parameters, same=told.same_key, numbers=fragment(numbers), **parts)
        run("ANALYZE file_matched")
