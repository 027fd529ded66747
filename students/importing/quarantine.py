"""Give bad rows back: their own columns, the line they stood on and why they were left out, safe to open in Excel."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from students.importing.containers import Container, Member
from students.importing.csv_blocks import CsvFile
from students.importing.csv_structure import GOOD, RAGGED, Records
from students.importing.file_errors import CellError

# What makes a spreadsheet run a cell, in the width of Latin and of Chinese or Japanese text.
_RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d{1,3})?%?")
_TEXT_FILES = (".csv", ".txt", ".tsv", ".tab")

Faults = pl.DataFrame | Iterable[pl.DataFrame] | Iterable[Mapping[str, Any]]
BadLine = tuple[int, str]


def write(
    container: Container, faults: Faults, to: Path, *, withheld: Mapping[str, Collection[str]] | None = None
) -> int:
    """Write the bad rows of an uploaded file: one CSV if they come from one file, else a zip with one CSV each.

    Parameters
    ----------
    container : Container
        The uploaded file, which is read again.
    faults : DataFrame, or iterable of DataFrames or of mappings
        With the columns of batches.FAULTS, those of a file together and sorted by line. Faults without a line, of a
        whole file or column, are left out.
    to : Path
        Where the CSV or the zip goes.
    withheld : mapping of member's name to column names
        Columns that must not be stored; they are left out, and rows that cannot be cut into values come without any.

    Returns
    -------
    int
        How many rows were written.

    Raises
    ------
    FileRefused
        If the uploaded file cannot be read any more.
    """
    members = {member.name: member for member in container.members}
    written: dict[str, Path] = {}
    n_rows = 0
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        for file, bad in groupby(_bad_lines(faults), key=lambda one: one[0]):
            path = written.setdefault(file, Path(folder) / str(len(written)))
            pairs = ((line, why) for _file, line, why in bad)
            n_rows += _write_file(members.get(file), pairs, path, withheld=set((withheld or {}).get(file, ())))
        _put_together(written, to)
    return n_rows


def _put_together(written: dict[str, Path], to: Path) -> None:
    if len(written) == 1:
        next(iter(written.values())).replace(to)
        return
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, path in written.items():
            archive.write(path, file if file.lower().endswith(_TEXT_FILES) else f"{file}.csv")


def _bad_lines(faults: Faults) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and why of each bad line."""
    placed = (fault for fault in _each(faults) if fault["line"] is not None)
    for (file, line), of_line in groupby(placed, key=lambda fault: (fault["file"], fault["line"])):
        yield file, line, " | ".join(dict.fromkeys(_sentence(fault) for fault in of_line))


def _each(faults: Faults) -> Iterator[Mapping[str, Any]]:
    for part in [faults] if isinstance(faults, pl.DataFrame) else faults:
        if isinstance(part, pl.DataFrame):
            yield from part.iter_rows(named=True)
        else:
            yield part


def _sentence(fault: Mapping[str, Any]) -> str:
    texts = [fault[name] or "" for name in ("column", "value", "problem", "allowed")]
    return CellError(fault["line"], *texts).sentence()


def _write_file(member: Member | None, bad: Iterator[BadLine], path: Path, *, withheld: set[str]) -> int:
    is_new = not path.exists()
    n_rows = 0
    # The mark tells Excel that the file is UTF-8.
    with path.open("a", encoding="utf-8-sig" if is_new else "utf-8", newline="") as file:
        source = CsvFile(member) if member is not None and member.kind == "csv" else None
        writer = csv.writer(file, delimiter=source.delimiter if source else ",", lineterminator="\r\n")
        kept = [place for place, name in enumerate(source.header) if name not in withheld] if source else []
        if is_new:
            names = [source.header[place] for place in kept] if source else []
            writer.writerow(["line", "why", *map(safe, names)])
        rows = _rows_of(source, bad, kept=kept) if source else ((line, why, []) for line, why in bad)
        for line, why, values in rows:
            writer.writerow([line, safe(why), *map(safe, values)])
            n_rows += 1
    return n_rows


def _rows_of(source: CsvFile, bad: Iterator[BadLine], *, kept: list[int]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the bad lines with their values; a line that begins no record comes without any."""
    ahead = next(bad, None)
    is_whole = len(kept) == len(source.header)
    for block in source.records():
        records = block.records
        last = int(records.lines[-1]) if len(records.lines) else 0
        while ahead is not None and ahead[0] <= last:
            line, why = ahead
            place = int(np.searchsorted(records.lines, line))
            is_there = int(records.lines[place]) == line
            yield line, why, _values(records, place, source.delimiter, kept, is_whole=is_whole) if is_there else []
            ahead = next(bad, None)
        if ahead is None:
            return
    while ahead is not None:
        yield *ahead, []
        ahead = next(bad, None)


def _values(records: Records, place: int, delimiter: str, kept: list[int], *, is_whole: bool) -> list[str]:
    raw = records.raw(place)
    state = records.states[place]
    if state in (GOOD, RAGGED):
        try:
            values = next(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter), [])
        except csv.Error:
            # A value of more than 131,072 characters.
            values = [raw]
    else:
        values = [raw.replace("\0", "")]
    if is_whole:
        return values
    # A line that was not cut where it should be may hold what is withheld anywhere.
    return [values[column] for column in kept] if state == GOOD and len(values) > max(kept, default=0) else []


def safe(cell: str) -> str:
    """Return a cell that a spreadsheet shows instead of running it."""
    return f"'{cell}" if cell.startswith(_RUNS) and not _NUMBER.fullmatch(cell) else cell


def as_written(cell: str) -> str:
    """Return a cell as it stood before `safe`: what was given back can be sent again."""
    return cell[1:] if cell.startswith("'") and safe(cell[1:]) == cell else cell
