"""Find the records of a piece of CSV by array operations on its bytes, and tell good ones from bad ones.

The separators, the quotation mark and the line break are ASCII, so they can be looked for in UTF-8 without decoding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from students.importing import csv_quotes
from students.importing.file_errors import FileRefused, file_refused

MAX_LINE_BYTES = 1_000_000
NEWLINE = ord("\n")

# What a record is.
GOOD, BLANK, RAGGED, OPEN_QUOTE, ZERO_BYTE = range(5)
PROBLEMS = {RAGGED: "ragged", OPEN_QUOTE: "open_quote", ZERO_BYTE: "zero_byte"}

Positions = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of a piece of text.

    Attributes
    ----------
    text : bytes
        UTF-8 with line breaks of one byte.
    starts, ends : ndarray of shape (n_records,), int64
        Where in `text` each record begins, and the line break (or the end of the text) behind it.
    lines : ndarray of shape (n_records,), int64
        The line of the file on which each begins, the first line being 1.
    n_values : ndarray of shape (n_records,), int64
        How many values each has; meaningless for an open quotation mark.
    states : ndarray of shape (n_records,), uint8
        GOOD, BLANK (no value at all), RAGGED (too many or too few values), OPEN_QUOTE or ZERO_BYTE.
    separators : ndarray, int64
        Where in `text` the separators outside of quotation marks are.
    has_quotes : bool
        Whether there are quotation marks in good records.
    rest_at : int
        Where in `text` the unfinished record begins that belongs to the next piece.
    n_lines : int
        Line breaks before `rest_at`.
    """

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    n_values: Positions
    states: States
    separators: Positions
    has_quotes: bool
    rest_at: int
    n_lines: int

    def raw(self, record: int) -> str:
        """Return one record as it stands in the file."""
        return self.text[self.starts[record] : self.ends[record]].decode("utf-8")


def records_of(
    text: bytes, *, delimiter: str, n_columns: int, first_line: int = 1, is_last: bool = True, file: str = ""
) -> Records:
    """Return the records of a piece of text that begins at the beginning of a record.

    Parameters
    ----------
    text : bytes
        UTF-8 with line breaks of one byte.
    delimiter : str
        The separator, one ASCII character.
    n_columns : int
        How many values a good record has.
    first_line : int
        The line of the file on which the text begins.
    is_last : bool
        Whether the file ends here; if not, an unfinished record is left for the next piece.
    file : str
        What the file is called in a refusal.

    Raises
    ------
    FileRefused
        If a record is longer than MAX_LINE_BYTES.
    """
    body = np.frombuffer(text, dtype=np.uint8)
    newlines = np.flatnonzero(body == NEWLINE)
    separators = np.flatnonzero(body == ord(delimiter))
    marks = csv_quotes.found(
        body,
        newlines=newlines,
        separators=separators,
        n_columns=n_columns,
        delimiter=ord(delimiter),
        # Where the rest is longer than a line may be, its open quotation mark is no longer waited for.
        longest_open=0 if is_last else MAX_LINE_BYTES,
    )
    starts, ends = _bounds(marks.breaks, len(text), is_last=is_last)
    rest_at = int(ends[-1]) + 1 if len(ends) else 0
    _check_lengths(starts, ends, n_rest=0 if is_last else len(text) - rest_at, lines=(newlines, first_line), file=file)
    separators = csv_quotes.outside(separators, marks.kept)
    n_values = np.searchsorted(separators, ends) - np.searchsorted(separators, starts) + 1
    states = _states(text, starts, ends, n_values=n_values, n_columns=n_columns)
    states[np.isin(starts, marks.broken)] = OPEN_QUOTE
    return Records(
        text=text,
        starts=starts,
        ends=ends,
        lines=first_line + _n_before(newlines, starts, all_break=len(newlines) == len(marks.breaks)),
        n_values=n_values,
        states=states,
        separators=separators,
        has_quotes=bool(len(marks.kept)),
        rest_at=min(rest_at, len(text)),
        n_lines=int(np.searchsorted(newlines, rest_at)),
    )


def _bounds(breaks: Positions, n_bytes: int, *, is_last: bool) -> tuple[Positions, Positions]:
    ends = breaks.astype(np.int64)
    if is_last and (not len(ends) or ends[-1] != n_bytes - 1) and n_bytes:
        ends = np.append(ends, n_bytes)
    if not len(ends):
        return ends, ends
    return np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1)), ends


def _n_before(newlines: Positions, starts: Positions, *, all_break: bool) -> Positions:
    return np.arange(len(starts), dtype=np.int64) if all_break else np.searchsorted(newlines, starts)


def _check_lengths(starts: Positions, ends: Positions, *, n_rest: int, lines: tuple[Positions, int], file: str) -> None:
    newlines, first_line = lines
    lengths = ends - starts
    if len(lengths) and lengths.max() > MAX_LINE_BYTES:
        at = int(np.argmax(lengths > MAX_LINE_BYTES))
        line = first_line + int(np.searchsorted(newlines, starts[at]))
        raise long_line(line=line, n_bytes=int(lengths[at]), file=file)
    if n_rest > MAX_LINE_BYTES:
        line = first_line + (int(np.searchsorted(newlines, ends[-1] + 1)) if len(ends) else 0)
        raise long_line(line=line, n_bytes=n_rest, file=file)


def long_line(*, line: int, n_bytes: int, file: str = "") -> FileRefused:
    """Return the refusal of a file with a record that is too long to be one."""
    allowed = f"{MAX_LINE_BYTES:,} bytes"
    return file_refused("long_line", line=line, value=f"{n_bytes:,} bytes", allowed=allowed, file=file)


def _states(text: bytes, starts: Positions, ends: Positions, *, n_values: Positions, n_columns: int) -> States:
    states = np.where(n_values == n_columns, GOOD, RAGGED).astype(np.uint8)
    lengths = ends - starts
    # Spreadsheets end in rows of separators alone. In a single column such a row is an empty one.
    states[lengths == n_values - 1] = BLANK
    body = np.frombuffer(text, dtype=np.uint8)
    single = np.flatnonzero((n_values == 1) & (lengths > 0))
    for record in single[body[starts[single]] <= ord(" ")]:
        if not text[starts[record] : ends[record]].strip():
            states[record] = BLANK
    if b"\0" in text:
        zeros = np.flatnonzero(body == 0)
        holding = np.searchsorted(ends, zeros)
        states[np.unique(holding[holding < len(ends)])] = ZERO_BYTE
    return states
