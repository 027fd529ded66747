"""Write what changed of the facts: old versions end, new ones begin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import LiteralString

from students.changes import staging
from students.import_sql import gone_facts
from students.import_sql.fact_tables import FACT_TABLES
from students.import_sql.statements import each, fetch, literal, name, run

# Foreign keys are checked row by row after each statement, from a list the server keeps in memory: about half a
# million rows at a time keep that list short.
PAGES_A_SLICE = 8192

_REPLACED: LiteralString = """
UPDATE {table} s SET replaced_on = c.replaced_on, replaced_by_id = %(upload)s
FROM {changed} c WHERE s.id = c.was
"""
_ENDED: LiteralString = """
UPDATE {table} s SET replaced_on = greatest(%(today)s, s.known_on), replaced_by_id = %(upload)s
FROM {gone} g WHERE s.id = g.was
"""
_ADDED: LiteralString = """
INSERT INTO {table} (institution_id, student_id, upload_id, known_on, {columns})
SELECT %(institution)s, c.student, %(upload)s, c.known_on, {values}
FROM {changed} c WHERE c.ctid >= {first}::tid AND c.ctid < {end}::tid
"""
_DAYS: LiteralString = """
SELECT DISTINCT {day} FROM {changed}
UNION SELECT DISTINCT was_on FROM {changed}
UNION SELECT DISTINCT was_on FROM {gone}
"""


def change(kind: str, context: staging.Context, *, on_progress: Callable[[int], None]) -> int:
    """End the versions of a kind that the file changes and add the new ones; return the rows added."""
    table, changed = FACT_TABLES[kind], f"file_changed_{kind}"
    run(_REPLACED, context.parameters, table=name(table.name), changed=name(changed))
    columns = [*(["school_id"] if table.has_school else []), *table.columns]
    added = 0
    for first, end in _slices(changed):
        added += run(
            _ADDED,
            context.parameters,
            table=name(table.name),
            changed=name(changed),
            columns=each("{n}", columns),
            values=each("c.{n}", ["school" if column == "school_id" else column for column in columns]),
            first=literal(first),
            end=literal(end),
        )
        on_progress(added)
    return added


def end(kind: str, context: staging.Context) -> int:
    """End the versions of a kind that the file says are no longer true; return how many."""
    gone = name(gone_facts.gone_table(kind))
    return run(_ENDED, context.parameters, table=name(FACT_TABLES[kind].name), gone=gone)


def days(kind: str, *, has_changes: bool) -> list[dt.date]:
    """Return every day on which something of a kind changed."""
    day, gone = name(FACT_TABLES[kind].happened), name(gone_facts.gone_table(kind))
    if has_changes:
        found = fetch(_DAYS, day=day, changed=name(f"file_changed_{kind}"), gone=gone)
    else:
        found = fetch("SELECT DISTINCT was_on FROM {gone}", gone=gone)
    return sorted(day for (day,) in found if day is not None)


def _slices(table: str) -> Iterator[tuple[str, str]]:
    """Yield stretches of a table's pages."""
    [(n_bytes,)] = fetch("SELECT pg_relation_size(%(table)s::regclass)", {"table": f"pg_temp.{table}"})
    for page in range(0, n_bytes // 8192, PAGES_A_SLICE):
        yield f"({page},0)", f"({page + PAGES_A_SLICE},0)"
