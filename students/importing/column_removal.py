"""Copy an uploaded file without some of its columns, block by block, every row on the line where it was."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from students.importing.containers import Container, Member
from students.importing.csv_blocks import CsvFile
from students.importing.csv_structure import BLANK, GOOD, NEWLINE, Records
from students.importing.file_errors import file_refused

_COPY_BYTES = 1024**2

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def stripped(container: Container, columns: Mapping[str, Collection[str]], to: Path) -> None:
    """Write a copy of an uploaded file without some columns: a zip stays a zip, a CSV a CSV.

    Parameters
    ----------
    container : Container
        The file.
    columns : mapping of member's name to column names
        What to leave out. Members that are not named are copied, and so is JSON.
    to : Path
        Where the copy goes.

    Raises
    ------
    FileRefused
        If a member cannot be read, or nothing would be left of it.
    """
    if container.kind != "zip":
        with to.open("wb") as file:
            _copy(container.members[0], set(columns.get(container.members[0].name, ())), file)
        return
    with zipfile.ZipFile(to, "w") as archive:
        for member in container.members:
            info = zipfile.ZipInfo(member.name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                _copy(member, set(columns.get(member.name, ())), entry)


def _copy(member: Member, withheld: set[str], to: IO[bytes]) -> None:
    if member.kind == "csv" and withheld:
        rewritten(member, withheld, to)
        return
    with member.open() as file:
        shutil.copyfileobj(file, to, _COPY_BYTES)


def rewritten(member: Member, withheld: Collection[str], to: IO[bytes]) -> None:
    """Write a CSV without some columns, as UTF-8.

    A line that cannot be cut into the right number of values may hold what is withheld anywhere, so nothing of it is
    written; what stands in its place cannot be read as a row either, so it stays a fault.

    Parameters
    ----------
    member : Member
        The file.
    withheld : collection of str
        Names as in CsvFile.header; others are ignored.
    to : binary file
        Where the copy goes.

    Raises
    ------
    FileRefused
        If the file cannot be read, or nothing would be left of it.
    """
    csv = CsvFile(member)
    kept = np.array([name not in withheld for name in csv.header], dtype=np.bool_)
    if not kept.any():
        raise file_refused("all_withheld", file=member.name)
    # One value more than a row may have.
    instead = b"?" + csv.delimiter.encode() * int(kept.sum())
    for block in csv.records():
        to.write(_without(block.records, kept, instead))


def _without(records: Records, kept: Mask, instead: bytes) -> bytes:
    """Return a piece of the file without the columns that are not kept, bad records replaced."""
    body = np.frombuffer(records.text, dtype=np.uint8)[: records.rest_at]
    good = records.states == GOOD
    bad = ~good & (records.states != BLANK)
    begins, ends = _ranges(records, good, kept)
    begins, ends = np.append(begins, records.starts[bad]), np.append(ends, records.ends[bad])
    depth = np.zeros(len(body) + 1, dtype=np.int8)
    # Ranges touch but never overlap, so each position begins one range at most and ends one at most.
    depth[begins] += 1
    depth[ends] -= 1
    copies = (np.cumsum(depth[:-1], dtype=np.int8) == 0).astype(np.int64)
    lost = np.flatnonzero((body == NEWLINE) & (copies == 0))
    if len(lost):
        # A value of several lines was taken out: blank lines below its row keep the rows after it on their lines.
        behind, n_lost = np.unique(records.ends[np.searchsorted(records.ends, lost)], return_counts=True)
        inside = behind < len(body)
        copies[behind[inside]] += n_lost[inside]
    text = np.repeat(body, copies).tobytes()
    if not bad.any():
        return text
    places = np.concatenate(([0], np.cumsum(copies)))[records.starts[bad]].tolist()
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    return instead.join(pieces)


def _ranges(records: Records, good: Mask, kept: Mask) -> tuple[Positions, Positions]:
    """Return where the columns that are not kept begin and end, each with one separator beside it."""
    holding = np.searchsorted(records.ends, records.separators)
    known = holding < len(records.ends)
    separators = records.separators[known][good[holding[known]]].reshape(int(good.sum()), len(kept) - 1)
    starts, ends = records.starts[good][:, None], records.ends[good][:, None]
    lefts = np.hstack((starts, separators + 1))
    rights = np.hstack((separators, ends))
    has_kept_before = np.cumsum(kept) > 0
    begins = np.where(has_kept_before, lefts - 1, lefts)[:, ~kept]
    stops = np.where(has_kept_before, rights, rights + 1)[:, ~kept]
    return begins.ravel(), stops.ravel()
