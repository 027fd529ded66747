"""Keep what the database finds wrong: as a fault that leaves the row out, or as a warning."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from students.import_sql.statements import Parameters, fragment, name, run

_TABLES = {"refuse": "staged_faults", "warn": "staged_warnings"}


def keep(severity: str, query: LiteralString, parameters: Parameters | None = None, **parts: sql.Composable) -> int:
    """Keep the rows of a query (kind, file, line, column, value, problem, allowed); return how many.

    A rule that is off finds nothing, and costs nothing.
    """
    if severity == "off":
        return 0
    return run(
        'INSERT INTO {findings} (kind, file, line, "column", value, problem, allowed) {query}',
        parameters,
        findings=name(_TABLES[severity]),
        query=fragment(query, **parts),
    )
