"""Batches of a few rows of text, as a reader yields them, and their typing on a fixed day."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from students.importing.batches import Batch, Report
from students.importing.file_errors import CellError
from students.importing.typed_records import ParsedBatch, RowParser

TODAY = date(2025, 11, 14)
FILE = "records.csv"
# A row of each kind that nothing is wrong with.
GOOD: dict[str, dict[str, str]] = {
    "students": {"student_id": "s1"},
    "enrolments": {"student_id": "s1", "school_id": "h1"},
    "attendance": {"student_id": "s1", "held_on": "2025-09-15", "category": "absent"},
    "grades": {"student_id": "s1", "awarded_on": "2025-09-15", "course": "Algebra"},
    "discipline": {"student_id": "s1", "happened_on": "2025-09-15", "code": "fight"},
    "interventions": {"student_id": "s1", "started_on": "2025-09-15"},
    "outcomes": {"student_id": "s1", "happened_on": "2025-09-15", "kind": "graduated"},
    "attributes": {"student_id": "s1", "name": "bus", "value": "yes"},
    "terms": {"school_year": "2026", "term": "1", "starts_on": "2025-09-01", "ends_on": "2026-01-31"},
    "school_days": {"held_on": "2025-09-15"},
}


def batch_of(kind: str, /, *, headers: dict[str, str] | None = None, file: str = FILE, **columns: list[Any]) -> Batch:
    """Return a batch of the good row of a kind, repeated, with some columns of its own."""
    n_rows = len(next(iter(columns.values())))
    rows = {name: [value] * n_rows for name, value in GOOD[kind].items()} | columns
    lines = list(range(2, n_rows + 2))
    return Batch(kind=kind, rows=pl.DataFrame({**rows, "file": [file] * n_rows, "line": lines}), headers=headers or {})


def typing(*, delimiter: str = ",", **rules: str) -> RowParser:
    """Return a typing on the fixed day."""
    return RowParser(today=TODAY, rules=rules, report=Report(delimiters={FILE: delimiter}))


def typed(
    kind: str, /, *, delimiter: str = ",", rules: dict[str, str] | None = None, **columns: list[Any]
) -> ParsedBatch:
    """Return the typed rows of a batch."""
    return typing(delimiter=delimiter, **(rules or {})).typed(batch_of(kind, **columns))


def problems(faults: pl.DataFrame) -> list[tuple[int, str, str]]:
    """Return line, column and problem of each fault."""
    return faults.select("line", "column", "problem").rows()


def sentences(faults: pl.DataFrame) -> list[str]:
    """Return each fault as the admin reads it."""
    return [
        CellError(row["line"], row["column"], row["value"], row["problem"], row["allowed"]).sentence()
        for row in faults.iter_rows(named=True)
    ]
