"""The lines of a CSV that a person made by hand, of any encoding and separator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from students.importing import containers, dates, headers, spreadsheet_cells
from students.importing.csv_blocks import CsvFile
from students.importing.dates import DateOrders, Place
from students.importing.file_errors import CellError, file_refused
from students.importing.line_layouts import MOST_LINES, Layout, LineT
from students.importing.plausibility import EARLIEST_BIRTH
from students.importing.record_kinds import kinds


def read(path: Path, filename: str, *, layout: Layout[LineT], latest: date) -> list[LineT]:
    """Return the lines of a file, at most `MOST_LINES`, of any encoding and separator.

    Parameters
    ----------
    path : Path
    filename : str
        What the person called it.
    layout : Layout
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
    columns = _columns(source.header, layout, file=member.name)
    rows, faults = [], []
    n_lines = 0
    for block in source.blocks():
        n_lines += len(block.rows) + len(block.faults)
        if n_lines > MOST_LINES:
            raise file_refused("too_many_lines", value=f"more than {MOST_LINES:,}", allowed=f"{MOST_LINES:,}")
        rows.append(_cells(block.rows, layout, columns))
        faults += list(block.faults.iter_rows(named=True))
    if not n_lines:
        raise file_refused("no_rows")
    lines = list(_read(pl.concat(rows), layout, columns, file=member.name, latest=latest))
    lines += [layout.line(line=fault["line"], problem=_fault(fault)) for fault in faults]
    return sorted(lines, key=lambda one: one.line)


def _columns(header: tuple[str, ...], layout: Layout[LineT], *, file: str) -> dict[str, str]:
    """Return which header is which column: names that files of records have for it go before any other."""
    found = headers.fit(header, kinds()[layout.record_kind]).columns
    columns = {column.name: found[column.field] for column in layout.columns if column.field in found}
    taken = set(columns.values())
    for column in layout.columns:
        others = [head for head in header if headers.plain(head) in column.also_called and head not in taken]
        if column.name not in columns and others:
            columns[column.name] = others[0]
            taken.add(others[0])
    for column in layout.columns:
        if column.is_needed and column.name not in columns:
            raise file_refused("needed_column", column=column.title, value=file)
    return columns


def _cells(rows: pl.DataFrame, layout: Layout[LineT], columns: Mapping[str, str]) -> pl.DataFrame:
    names = [column.name for column in layout.columns]
    texts = [
        (pl.col(columns[name]) if name in columns else pl.lit("")).fill_null("").str.strip_chars().alias(name)
        for name in names
    ]
    return rows.select(pl.col("line"), *texts)


def _read(
    rows: pl.DataFrame, layout: Layout[LineT], columns: Mapping[str, str], *, file: str, latest: date
) -> Iterator[LineT]:
    days = {}
    for column in layout.columns:
        if column.is_day:
            place = Place(file=file, column=column.field, header=columns.get(column.name, ""))
            days[column.name] = _days(rows[column.name].replace("", None), place, latest=latest)
    for n, row in enumerate(rows.iter_rows(named=True)):
        line = row.pop("line")
        cells = {name: spreadsheet_cells.as_written(cell) for name, cell in row.items()}
        problem = ""
        for name, found in days.items():
            if (day := found[n]) is not None:
                cells[name] = day.isoformat()
            elif cells[name]:
                fault = CellError(line, columns[name], cells[name], "not_a_date", "")
                problem = problem or fault.sentence()
        yield layout.line(line=line, problem=problem, **cells)


def _days(texts: pl.Series, place: Place, *, latest: date) -> list[date | None]:
    rest = texts.filter(dates.iso_days(texts).is_null()).drop_nulls()
    n_given = len(texts.drop_nulls())
    # The order stands in no note: the page shows each day in words.
    orders = DateOrders(note=lambda _note: None)
    order = orders.settled(place, rest, n_given=n_given, earliest=EARLIEST_BIRTH, latest=latest) if len(rest) else None
    return dates.days_of(texts, order=order, latest=latest).to_list()


def _fault(fault: Mapping[str, Any]) -> str:
    said = CellError(fault["line"], fault["column"], fault["value"], fault["problem"], fault["allowed"])
    return said.sentence()
