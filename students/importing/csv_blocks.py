"""Read a CSV of any size block by block: good rows as a table of text, bad lines as faults, memory flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from students.importing import csv_dialect, csv_encoding
from students.importing.batches import FAULTS
from students.importing.containers import Member
from students.importing.csv_structure import (
    BLANK,
    GOOD,
    MAX_LINE_BYTES,
    OPEN_QUOTE,
    PROBLEMS,
    RAGGED,
    Records,
    records_of,
)
from students.importing.file_errors import file_refused

BLOCK_BYTES = 4 * 1024**2
# Every line break, separator and quotation mark costs some 50 bytes while a piece is looked at.
_MOST_MARKS = 1_900_000
_PIECE_BYTES = 1024**2
# Looking for the end of an open quotation mark costs a search each; beyond this the file is broken, not a line of it.
_MOST_OPEN_QUOTES = 50_000
Mask = npt.NDArray[np.bool_]

_HEAD_BYTES = MAX_LINE_BYTES + 100_000
_SAMPLE_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive lines of a file, as many as were read at once.

    Attributes
    ----------
    rows : DataFrame
        One column of String per name of the header, missing where the cell is empty, and ``line`` (int64).
    faults : DataFrame with the columns of batches.FAULTS
        Lines that are not in `rows`.
    n_bytes : int
        Bytes of the file that were read for it.
    """

    rows: pl.DataFrame
    faults: pl.DataFrame
    n_bytes: int


@dataclass(frozen=True, kw_only=True)
class RecordBlock:
    """The records of some megabytes of a file, before they are cut into values."""

    records: Records
    n_bytes: int


class CsvFile:
    """One delimited text of any encoding and separator, its header read.

    Parameters
    ----------
    member : Member
        The file.
    delimiter : str or None
        The separator, where it is known.

    Attributes
    ----------
    header : tuple of str
        The names of the columns, each once.
    delimiter : str
        The separator.
    header_line : int
        The line of the names; blank lines may stand above it.
    encoding : str
        How the bytes were read; a file may turn out not to be UTF-8 only while it is read.
    notes : list of str
        Sentences on what was assumed; complete once the file was read.

    Raises
    ------
    FileRefused
        If the file is no text, or its header cannot be used.
    """

    def __init__(self, member: Member, *, delimiter: str | None = None) -> None:
        self.member = member
        self.notes: list[str] = []
        with member.open() as file:
            head = file.read(_HEAD_BYTES)
            is_whole = not file.read(1)
        encoding, self._n_mark = csv_encoding.sniffed(head)
        # Kept until the sample was taken from it, mostly without another opening.
        self._head = head[: self._n_mark + _SAMPLE_BYTES]
        self._head_is_all = is_whole and len(self._head) == len(head)
        self._sample, self._n_sampled = pl.DataFrame(), 0
        decoder = csv_encoding.Decoder(encoding, file=member.name)
        text = decoder.decoded(head[self._n_mark :], is_last=is_whole).decode("utf-8")
        self._sniffed, self.encoding = encoding, decoder.encoding
        found = csv_dialect.dialect_of(text, delimiter=delimiter, is_whole=is_whole, file=member.name)
        self.header, self.delimiter, self.header_line = found.header, found.delimiter, found.header_line

    def sample(self, n: int) -> list[tuple[str, ...]]:
        """Return the first good rows, each as long as the header; an empty cell is "". They are read once.

        :raises FileRefused: as `blocks`
        """
        return self.sample_frame(n).rows()

    def sample_frame(self, n: int) -> pl.DataFrame:
        """Return the sample as a table, one column of String per name of the header.

        :raises FileRefused: as `blocks`
        """
        if n > self._n_sampled:
            blocks = self._records_of(BytesIO(self._head), _SAMPLE_BYTES, is_all=self._head_is_all)
            found = self._first_rows(blocks, n)
            if found.height < n and not self._head_is_all:
                found = self._first_rows(self.records(_SAMPLE_BYTES), n)
            self._sample, self._n_sampled = found, n
            self._head, self._head_is_all = b"", False
        return self._sample.head(n)

    def _first_rows(self, blocks: Iterator[RecordBlock], n: int) -> pl.DataFrame:
        parts = [pl.DataFrame(schema=dict.fromkeys(self.header, pl.String()))]
        n_left = n
        for block in blocks:
            parts.append(self._block(block).rows.head(n_left).drop("line").fill_null(""))
            n_left -= parts[-1].height
            if not n_left:
                break
        return pl.concat(parts)

    def blocks(self, n_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """Yield the file's rows; there is at least one block, which may have none.

        Parameters
        ----------
        n_bytes : int
            Bytes that are read at a time.

        Raises
        ------
        FileRefused
            If a line is too long, most quotation marks are broken, or the zip turns out to be cut off.
        """
        for block in self.records(n_bytes):
            yield self._block(block)

    def _block(self, block: RecordBlock) -> Block:
        records = block.records
        chosen = records.lines > self.header_line
        rows, again = self._without_headers(self._rows(records, chosen & (records.states == GOOD)))
        faults = pl.concat([self._faults(records, chosen), again]).sort("line")
        return Block(rows=rows, faults=faults, n_bytes=block.n_bytes)

    def records(self, n_bytes: int = BLOCK_BYTES) -> Iterator[RecordBlock]:
        """Yield the file's records with the header, before they are cut into values; what is above it counts as blank.

        :raises FileRefused: as `blocks`
        """
        with self.member.open() as file:
            yield from self._records_of(file, n_bytes)

    def _records_of(self, file: BinaryIO, n_bytes: int, *, is_all: bool = True) -> Iterator[RecordBlock]:
        """Yield the records of the file's bytes; of its beginning only, without what is cut off, unless it `is_all`."""
        decoder = csv_encoding.Decoder(self._sniffed, file=self.member.name)
        rest, line, n_open, first_open = b"", 1, 0, 0
        for text, n_read, is_last in self._pieces(decoder, file, n_bytes, is_all=is_all):
            records = records_of(
                rest + text,
                delimiter=self.delimiter,
                n_columns=len(self.header),
                first_line=line,
                is_last=is_last,
                file=self.member.name,
            )
            records.states[records.lines < self.header_line] = BLANK
            opened = np.flatnonzero(records.states == OPEN_QUOTE)
            n_open += len(opened)
            first_open = first_open or (int(records.lines[opened[0]]) if len(opened) else 0)
            if n_open > _MOST_OPEN_QUOTES:
                allowed = f"{_MOST_OPEN_QUOTES:,}"
                raise file_refused("broken_quotes", line=first_open, allowed=allowed, file=self.member.name)
            yield RecordBlock(records=records, n_bytes=n_read)
            rest, line = records.text[records.rest_at :], line + records.n_lines
        if is_all:
            self._tell_encoding(decoder)

    def _pieces(
        self, decoder: csv_encoding.Decoder, file: BinaryIO, n_bytes: int, *, is_all: bool
    ) -> Iterator[tuple[bytes, int, bool]]:
        """Yield text, how many bytes of the file it took, and whether it is the last; smaller where marks are dense."""
        n_read = len(file.read(self._n_mark))
        data, is_over = file.read(n_bytes), False
        while not is_over:
            following = file.read(n_bytes)
            is_over = not following
            is_last = is_over and is_all
            n_read += len(data)
            text = decoder.decoded(data, is_last=is_last)
            n_marks = text.count(b"\n") + text.count(b'"') + text.count(self.delimiter.encode())
            step = max(len(text), 1) if n_marks <= _MOST_MARKS else _PIECE_BYTES
            for start in range(0, max(len(text), 1), step):
                ends_here = start + step >= len(text)
                yield text[start : start + step], n_read if ends_here else 0, is_last and ends_here
            data, n_read = following, 0

    def _tell_encoding(self, decoder: csv_encoding.Decoder) -> None:
        self.encoding = decoder.encoding
        if line := decoder.mixed_from_line:
            note = (
                f"{self.member.name} mixes two encodings: from line {line} on, some letters are not UTF-8. "
                "They were read as Windows-1252. Look at a name with an accent."
            )
        elif decoder.encoding == "cp1252":
            note = f"{self.member.name} is not UTF-8; it was read as Windows-1252. Look at a name with an accent."
        else:
            return
        if note not in self.notes:
            self.notes.append(note)

    def _rows(self, records: Records, chosen: Mask) -> pl.DataFrame:
        lines = pl.Series("line", records.lines[chosen], dtype=pl.Int64())
        schema = dict.fromkeys(self.header, pl.String())
        if not len(lines):
            return pl.DataFrame(schema=schema).with_columns(lines)
        rows = pl.read_csv(
            _text_of(records, chosen),
            has_header=False,
            schema=schema,
            separator=self.delimiter,
            quote_char='"' if records.has_quotes else None,
            infer_schema=False,
        )
        if len(rows) != len(lines):
            raise RuntimeError(f"The parser read {len(rows)} rows where the file has {len(lines)} records.")
        if records.has_quotes:
            rows = rows.with_columns(pl.all().replace("", None))
        return rows.with_columns(lines)

    def _without_headers(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows that are not the header again, and the faults of those that are."""
        first = rows.get_column(self.header[0]).str.strip_chars().str.to_lowercase() == self.header[0].lower()
        if not first.any():
            return rows, pl.DataFrame(schema=FAULTS)
        same = [pl.col(name).str.strip_chars().str.to_lowercase() == name.lower() for name in self.header]
        again = rows.select(pl.all_horizontal(same).fill_null(value=False)).to_series()
        faults = self._fault_table(rows.filter(again).get_column("line"), "header_again")
        return rows.filter(~again), faults

    def _faults(self, records: Records, chosen: Mask) -> pl.DataFrame:
        found = [pl.DataFrame(schema=FAULTS)]
        for state, problem in PROBLEMS.items():
            where = np.flatnonzero(chosen & (records.states == state))
            if len(where):
                faults = self._fault_table(pl.Series(records.lines[where]), problem)
                found.append(self._counted(faults, records, where) if state == RAGGED else faults)
        return pl.concat(found)

    def _counted(self, faults: pl.DataFrame, records: Records, where: npt.NDArray[np.int64]) -> pl.DataFrame:
        """Return the faults of ragged lines with how many values each has, and how many it should have."""
        n_values = records.n_values[where]
        # A last line without a line break and with values missing was cut off while it was written.
        is_cut = records.ends[where] == len(records.text)
        is_cut &= n_values < len(self.header)
        return faults.with_columns(
            value=pl.Series(n_values).cast(pl.String()),
            allowed=pl.lit(str(len(self.header))),
            problem=pl.when(pl.Series(is_cut)).then(pl.lit("cut_line")).otherwise("problem"),
        )

    def _fault_table(self, lines: pl.Series, problem: str) -> pl.DataFrame:
        texts = {"file": self.member.name, "column": "", "value": "", "problem": problem, "allowed": ""}
        columns = [pl.lit(texts[name]).alias(name) if name in texts else pl.col("line") for name in FAULTS]
        return lines.cast(pl.Int64()).alias("line").to_frame().select(columns)


def _text_of(records: Records, chosen: Mask) -> bytes:
    """Return the chosen records, each with its line break; records that follow each other are taken in one piece."""
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    firsts, lasts = records.starts[edges[::2]], records.ends[edges[1::2] - 1]
    return b"\n".join(records.text[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True))


def csv_files(members: Sequence[Member]) -> dict[str, CsvFile]:
    """Return the CSV files among some files by name, their headers read.

    :raises FileRefused: if one of them is no text, or its header cannot be used
    """
    return {member.name: CsvFile(member) for member in members if member.kind == "csv"}
