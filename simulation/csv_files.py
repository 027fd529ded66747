"""A district as our own CSV files: one file a frame, ISO dates, the same district always the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from simulation.district import District

# Rows turned into Arrow at a time: bounds the memory of the largest file.
ROWS_AT_A_TIME = 500_000


def write_csv(district: District, folder: Path) -> list[Path]:
    """Write every frame of a district as ``<frame>.csv`` into `folder`, which is made if it is missing.

    Returns the files written. An empty cell is a missing value; booleans are ``true`` and ``false``.
    """
    return write_csv_areas([district], folder)


def write_csv_areas(areas: Iterable[District], folder: Path) -> list[Path]:
    """Write areas, as `simulate_areas` yields them, one after the other into the same files.

    Only one area is held in memory at a time; the files are those of the whole district.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for area in areas:
        frames = area.frames()
        is_first = not files
        if is_first:
            files = [folder / f"{name}.csv" for name in frames]
        for file, frame in zip(files, frames.values(), strict=True):
            _append(frame, file, with_header=is_first)
    return files


def _append(frame: pd.DataFrame, file: Path, *, with_header: bool) -> None:
    # The header is written by hand: Arrow would put it in quotes.
    with file.open("wb" if with_header else "ab") as stream:
        if with_header:
            stream.write((",".join(frame.columns) + "\n").encode())
        options = csv.WriteOptions(include_header=False, quoting_style="none")
        for start in range(0, len(frame), ROWS_AT_A_TIME):
            rows = frame.iloc[start : start + ROWS_AT_A_TIME]
            csv.write_csv(_table(rows), stream, write_options=options)


def _table(rows: pd.DataFrame) -> pa.Table:
    """Return rows as an Arrow table of days, whole ids and nulls, which print as a CSV reader expects them."""
    columns = {}
    for name in rows.columns:
        column = rows[name]
        if column.dtype.kind == "M":
            columns[name] = pa.array(column.to_numpy().astype("datetime64[D]"), type=pa.date32())
        elif name == "corrects_id":
            columns[name] = pa.array(column, type=pa.float64(), from_pandas=True).cast(pa.int64())
        else:
            columns[name] = pa.array(column, from_pandas=True)
    return pa.table(columns)
