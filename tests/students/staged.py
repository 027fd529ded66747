"""Files as typed rows made by hand, and their way through checks, comparison and merge without a reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from accounts import scope
from accounts.models import Institution
from students.changes import database_checks, difference, merging
from students.changes.staging import Context, Staging
from students.importing.batches import Batch, no_faults
from students.importing.record_kinds import kinds
from students.importing.typed_records import ParsedBatch
from tests.students.written_by_hand import upload

TYPES = {"text": pl.String, "word": pl.String, "number": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}
DEFAULTS: dict[str, Any] = {"excused": False, "n_sessions": 1.0, "scale_max": 100.0, "core": False, "days_removed": 0.0}
# The day on which files of these tests arrive.
NOW = dt.datetime(2025, 3, 20, 15, tzinfo=dt.UTC)
TODAY = dt.date(2025, 3, 20)


def rows_of(kind: str, *rows: dict[str, Any], file: str = "", first_line: int = 2) -> pl.DataFrame:
    """Return rows as the typing hands them on: every column of the kind, the lines counted from the second."""
    described = kinds()[kind].fields
    filled = [
        {column.name: DEFAULTS.get(column.name) for column in described}
        | {"file": file or f"{kind}.csv", "line": line}
        | row
        for line, row in enumerate(rows, start=first_line)
    ]
    schema = {column.name: TYPES[column.type] for column in described}
    return pl.DataFrame(filled, schema={**schema, "file": pl.String, "line": pl.Int64})


def typed(kind: str, *rows: dict[str, Any], file: str = "", first_line: int = 2) -> ParsedBatch:
    """Return rows as a batch without faults."""
    found = rows_of(kind, *rows, file=file, first_line=first_line)
    return ParsedBatch(kind=kind, rows=found, faults=no_faults(), warnings=no_faults())


def unread(kind: str, row: dict[str, Any], *, line: int, problem: str = "not_a_date") -> tuple[ParsedBatch, Batch]:
    """Return a line that could not be read, with the batch it stood in."""
    file = f"{kind}.csv"
    fault = {"file": file, "line": line, "column": "birth_on", "value": "x", "problem": problem, "allowed": ""}
    faults = no_faults().vstack(pl.DataFrame([fault], schema=no_faults().schema))
    batch = Batch(kind=kind, rows=pl.DataFrame([{**row, "file": file, "line": line}]))
    return ParsedBatch(kind=kind, rows=rows_of(kind), faults=faults, warnings=no_faults()), batch


@dataclass
class Brought:
    """What came of a file."""

    difference: difference.Difference
    faults: list[dict[str, Any]] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    merged: merging.Merged | None = None

    def __getitem__(self, kind: str) -> dict[str, int]:
        """Return the counts of a kind that are not zero."""
        counts = self.difference.as_json()["kinds"][kind]
        return {change: n for change, n in counts.items() if n and change != "rows"}

    @property
    def problems(self) -> list[tuple[str, int, str]]:
        return [(fault["file"], fault["line"], fault["problem"]) for fault in self.faults]


def bring(
    institution: Institution,
    *batches: ParsedBatch | tuple[ParsedBatch, Batch],
    merges: bool = True,
    now: dt.datetime = NOW,
    **given: Any,
) -> Brought:
    """Stage typed rows, check and compare them, and merge what differs."""
    context = Context(
        institution=institution,
        upload=upload(institution, "records.zip") if "upload" not in given else given.pop("upload"),
        by=given.pop("by", None),
        now=now,
        source="records.zip",
        complete=frozenset(given.pop("complete", ())),
        **given,
    )
    with Staging() as staging:
        for batch in batches:
            staging.add(*batch) if isinstance(batch, tuple) else staging.add(batch)
        database_checks.check(staging, context)
        found = difference.compare(staging, context)
        brought = Brought(found, staging.faults(), {one["rule"]: one["n"] for one in staging.warnings()})
        if merges:
            brought.merged = merging.merge(staging, found, context)
    return brought


def student(student_id: str, **given: Any) -> dict[str, Any]:
    return {"student_id": student_id, "given_name": "Ana", "family_name": "Ruiz", **given}


def enrolled(student_id: str, school_id: str, entered_on: dt.date | None, **given: Any) -> dict[str, Any]:
    return {"student_id": student_id, "school_id": school_id, "entered_on": entered_on, "grade_level": "9", **given}


def absent(student_id: str, held_on: dt.date, **given: Any) -> dict[str, Any]:
    return {"student_id": student_id, "held_on": held_on, "category": "absent", **given}


def roster(
    *student_ids: str, school: str = "N", entered_on: dt.date = dt.date(2024, 9, 2)
) -> tuple[ParsedBatch, ParsedBatch]:
    """Return students and where they are enrolled."""
    return (
        typed("students", *[student(one) for one in student_ids]),
        typed("enrolments", *[enrolled(one, school, entered_on) for one in student_ids]),
    )


def at(institution: Institution) -> Any:
    """Work within an institution, every school."""
    return scope.entered(scope.of_institution(institution))
