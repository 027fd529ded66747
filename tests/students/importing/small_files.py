"""Uploaded files of a few lines: one CSV, or a zip of several, and what the readers make of them."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from students.importing.batches import Batch, Reader
from students.importing.containers import Container, opened
from students.importing.typed_records import RowParser
from tests.students.importing.small_batches import TODAY


def container_of(folder: Path, files: dict[str, str | bytes]) -> Container:
    """Return an upload: the file itself if it is one, else a zip of all."""
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    if len(contents) == 1:
        ((name, content),) = contents.items()
        (folder / name).write_bytes(content)
        return opened(folder / name, name)
    with zipfile.ZipFile(folder / "records.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return opened(folder / "records.zip", "records.zip")


def kinds_in_order(reader: Reader) -> Iterator[str]:
    """Yield the kind of every batch that has rows."""
    yield from (batch.kind for batch in reader.batches() if batch.rows.height)


def rows_of(reader: Reader, kind: str, *columns: str) -> list[tuple[object, ...]]:
    """Return some columns of all rows of a kind, as the reader yields them."""
    parts = [batch.rows.select(columns) for batch in reader.batches() if batch.kind == kind]
    return [row for part in parts for row in part.rows()]


def typed_by_kind(reader: Reader) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Return the typed rows of each kind, and all faults."""
    typing = RowParser(today=TODAY, rules={}, report=reader.report)
    rows: dict[str, list[pl.DataFrame]] = defaultdict(list)
    faults = []
    for batch in reader.batches():
        typed = typing.typed(batch)
        rows[batch.kind].append(typed.rows)
        faults.append(typed.faults)
    return {kind: pl.concat(parts) for kind, parts in rows.items()}, pl.concat(faults)


def bytes_read(batches: list[Batch]) -> int:
    """Return how much of the input the batches say was read."""
    return sum(batch.n_bytes for batch in batches)
