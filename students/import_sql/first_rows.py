"""Two rows of each kind as they will read: enough to see whether a file is what it is taken for."""

from __future__ import annotations

import datetime as dt
from typing import Any, LiteralString

from students.changes import staging
from students.import_sql.statements import each, fetch, fragment, number
from students.uploads.taken_for import COLUMNS

SHOWN = 2


def of(staged: staging.Staging) -> list[dict[str, Any]]:
    """Return of each kind of the file ``kind``, ``n_rows`` as read, and ``rows``, as plain JSON types."""
    return [
        {"kind": kind, "n_rows": staged.n_rows.get(kind, 0), "rows": _rows(kind, COLUMNS[kind])}
        for kind in staged.kinds
        if kind in COLUMNS
    ]


def _rows(kind: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    found = _first(kind, columns, "category <> 'present'") if kind == "attendance" else []
    found = found or _first(kind, columns, "true")
    return [{column: _plain(value) for column, value in zip(columns, row, strict=True)} for row in found]


def _first(kind: str, columns: tuple[str, ...], such: LiteralString) -> list[tuple[Any, ...]]:
    return fetch(
        "SELECT {columns} FROM {table} WHERE {such} LIMIT {n}",
        columns=each("{n}", columns),
        table=staging.table_of(kind),
        such=fragment(such),
        n=number(SHOWN),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
