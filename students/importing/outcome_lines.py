"""The lines of a CSV of outcomes that a person made: student number, exit code, day, evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from students.importing import containers, dates, headers, spreadsheet_cells
from students.importing.csv_blocks import CsvFile
from students.importing.dates import DateOrders, Place
from students.importing.file_errors import CellError, file_refused
from students.importing.plausibility import EARLIEST_BIRTH
from students.importing.record_kinds import kinds

COLUMNS = ("student_id", "exit_code", "happened_on", "evidence")
NAMES = ("student number", "exit code", "day", "evidence")
MOST_LINES = 2000
# Beside the names that files of records have for them.
_ALSO_CALLED = {
    "student_id": ("number",),
    "exit_code": ("code", "outcome", "reason"),
    "happened_on": ("day", "on", "lastday"),
    "evidence": ("evidence", "howdoyouknow", "note", "proof"),
}
_NEEDED = ("student_id", "exit_code")


@dataclass(frozen=True, kw_only=True)
class OutcomeLine:
    """One line as it was read; `day` is year-month-day or "", `problem` a sentence where the line cannot be read."""

    line: int
    number: str = ""
    exit_code: str = ""
    day: str = ""
    evidence: str = ""
    problem: str = ""


def read(path: Path, filename: str, *, latest: date) -> list[OutcomeLine]:
    """Return the lines of a file, at most `MOST_LINES`, of any encoding and separator.

    Parameters
    ----------
    path : Path
    filename : str
        What the person called it.
    latest : date
        The last day that is plausible.

    Raises
    ------
    FileRefused
        If it is no CSV, lacks a column, has too many lines, or its days can be read in two ways.
    """
    container = containers.opened(path, filename)
    member = container.members[0]
    if container.kind == "zip":
        raise file_refused("archive", value="zip")
    source = CsvFile(member)
    columns = _columns(source.header, file=member.name)
    rows, faults = [], []
    n_lines = 0
    for block in source.blocks():
        n_lines += len(block.rows) + len(block.faults)
        if n_lines > MOST_LINES:
            raise file_refused("too_many_lines", value=f"more than {MOST_LINES:,}", allowed=f"{MOST_LINES:,}")
        rows.append(_cells(block.rows, columns))
        faults += list(block.faults.iter_rows(named=True))
    if not n_lines:
        raise file_refused("no_rows")
    lines = [*_read(pl.concat(rows), columns, file=member.name, latest=latest), *map(_fault, faults)]
    return sorted(lines, key=lambda one: one.line)


def write(rows: Iterable[tuple[OutcomeLine, str]]) -> str:
    """Return lines as a CSV that can be mended and sent again, each with why it was refused; safe to open in Excel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*NAMES, "why"])
    for one, why in rows:
        cells = (one.number, one.exit_code, one.day, one.evidence, why)
        writer.writerow([spreadsheet_cells.safe(cell) for cell in cells])
    return "\ufeff" + text.getvalue()


def _columns(header: tuple[str, ...], *, file: str) -> dict[str, str]:
    found = headers.fit(header, kinds()["outcomes"]).columns
    columns = {name: found[name] for name in COLUMNS if name in found}
    taken = set(columns.values())
    for name, words in _ALSO_CALLED.items():
        others = [head for head in header if headers.plain(head) in words and head not in taken]
        if name not in columns and others:
            columns[name] = others[0]
            taken.add(others[0])
    for name in _NEEDED:
        if name not in columns:
            raise file_refused("needed_column", column=dict(zip(COLUMNS, NAMES, strict=True))[name], value=file)
    return columns


def _cells(rows: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    texts = [
        (pl.col(columns[name]) if name in columns else pl.lit("")).fill_null("").str.strip_chars().alias(name)
        for name in COLUMNS
    ]
    return rows.select(pl.col("line"), *texts)


def _read(rows: pl.DataFrame, columns: Mapping[str, str], *, file: str, latest: date) -> Iterator[OutcomeLine]:
    header = columns.get("happened_on", "")
    texts = rows["happened_on"].replace("", None)
    rest = texts.filter(dates.iso_days(texts).is_null()).drop_nulls()
    place = Place(file=file, column="happened_on", header=header)
    n_given = len(texts.drop_nulls())
    # The order stands in no note: the page shows each day in words.
    orders = DateOrders(note=lambda _note: None)
    order = orders.settled(place, rest, n_given=n_given, earliest=EARLIEST_BIRTH, latest=latest) if len(rest) else None
    days = dates.days_of(texts, order=order, latest=latest)
    for row, day in zip(rows.iter_rows(named=True), days, strict=True):
        text = row["happened_on"]
        problem = CellError(row["line"], header, text, "not_a_date", "").sentence() if text and day is None else ""
        yield OutcomeLine(
            line=row["line"],
            number=spreadsheet_cells.as_written(row["student_id"]),
            exit_code=spreadsheet_cells.as_written(row["exit_code"]),
            day=day.isoformat() if day else text,
            evidence=spreadsheet_cells.as_written(row["evidence"]),
            problem=problem,
        )


def _fault(fault: Mapping[str, Any]) -> OutcomeLine:
    said = CellError(fault["line"], fault["column"], fault["value"], fault["problem"], fault["allowed"])
    return OutcomeLine(line=fault["line"], problem=said.sentence())
