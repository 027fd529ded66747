"""From the bytes of a CSV file to rows of known line numbers, or a refusal that says exactly what is wrong.

The structure (records, separators, quotation marks) is found by array operations on the bytes, so that a ragged row
or an open quotation mark is named by its line before any parser sees the file. The separators, the quotation mark and
the line break are ASCII, so they can be looked for in UTF-8 without decoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from students.importing import file_signatures
from students.importing.csv_dialect import (
    DELIMITERS,
    MAX_COLUMNS,
    check_control_characters,
    header_errors,
    names_of,
)
from students.importing.csv_quotes import outside
from students.importing.csv_structure import MAX_LINE_BYTES, long_line
from students.importing.file_errors import CellError, FileRefused, file_refused

MAX_BYTES = 64 * 1024 * 1024
# Every position of a line break, separator or quotation mark costs 8 bytes or more, so their number is bounded before
# they are listed: a hostile file of 64 MB holds 64 million of them.
MAX_LINES = 2_000_000
MAX_CELLS = 10_000_000

_QUOTE = ord('"')
_NEWLINE = ord("\n")

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CsvText:
    """A file whose structure holds: every record of `body` has as many values as `header`.

    Attributes
    ----------
    encoding : str
        How the bytes were read: "utf-8", "utf-8-sig" (with a byte order mark), "utf-16", "utf-32",
        "cp1252" or "latin-1".
    delimiter : str
        The separator found in line 1.
    header : tuple of str
        Column names without surrounding white space.
    body : bytes
        UTF-8, "\\n" line ends, without the header and without blank and ragged lines.
    lines : ndarray of shape (n_rows,)
        Line of the file on which each record of `body` begins; the header is line 1.
    errors : tuple of CellError
        Ragged lines, which were left out of `body`.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    body: bytes
    lines: Positions
    errors: tuple[CellError, ...]


def read_csv_text(
    source: Path | bytes, *, headers: list[str], delimiter: str | None = None, max_bytes: int = MAX_BYTES
) -> CsvText:
    """Return the text of a CSV file with its dialect.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    headers : list of str
        Column names that the schema knows; they decide which separator the file uses.
    delimiter : str or None
        The separator that the schema asks for; None takes the one found.
    max_bytes : int
        The largest size that is read.

    Raises
    ------
    FileRefused
        If the file is no CSV, or so broken that its cells cannot be told apart.
    """
    data = _limited_bytes(source, max_bytes)
    _check_is_text(data)
    text, encoding = _decoded(data)
    # Old exports end in Ctrl-Z; without it and the last line breaks, every record has a line of its own.
    content = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n\x1a").encode("utf-8")
    _check_counts(content)
    structure = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(structure == _QUOTE)
    newlines = np.flatnonzero(structure == _NEWLINE)
    breaks = outside(newlines, quotes)
    header_text = _header_text(content, breaks, newlines)
    found = _delimiter_of(header_text, headers=headers, wanted=delimiter)
    _check_quotes(structure, quotes, newlines, delimiter=ord(found))
    _check_line_lengths(len(content), breaks, newlines)
    header = names_of(header_text, found)
    _check_header(header)
    if content.count(found.encode()) > MAX_CELLS:
        raise file_refused("too_many_cells", allowed=f"{MAX_CELLS:,}")
    separators = outside(np.flatnonzero(structure == ord(found)), quotes)
    return _records(content, breaks, newlines, separators, dialect=(encoding, found, header))


def _limited_bytes(source: Path | bytes, max_bytes: int) -> bytes:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > max_bytes:
        raise file_refused("too_big", value=f"{size:,} bytes", allowed=f"{max_bytes:,} bytes")
    data = source if isinstance(source, bytes) else source.read_bytes()
    if not data.strip():
        raise file_refused("empty")
    return data


def _check_is_text(data: bytes) -> None:
    """Refuse the formats that are most often renamed to .csv, each by its own sentence."""
    if data.startswith(b"PK\x03\x04"):
        raise file_refused("excel" if b"[Content_Types].xml" in data else "archive", value="zip")
    file_signatures.check_signature(data[: file_signatures.HEAD_BYTES], archive_problem="archive")


def _decoded(data: bytes) -> tuple[str, str]:
    """Return text and encoding, with a Windows code page where the bytes are not UTF-8."""
    text, encoding = _decoded_by_mark(data)
    nul = text.find("\0")
    if nul >= 0:
        raise file_refused("binary", line=text.count("\n", 0, nul) + 1)
    check_control_characters(text)
    if not text.strip():
        raise file_refused("empty")
    return text, encoding


def _decoded_by_mark(data: bytes) -> tuple[str, str]:
    # UTF-32's mark begins with that of UTF-16, so it is asked for first.
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                raise file_refused("broken_utf16") from None
    if data.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    else:
        encodings = ["utf-8", "cp1252", "latin-1"]
    for encoding in encodings[:-1]:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _check_counts(content: bytes) -> None:
    n_lines = content.count(b"\n") + 1
    if n_lines > MAX_LINES:
        raise file_refused("too_many_lines", value=f"{n_lines:,}", allowed=f"{MAX_LINES:,}")
    if content.count(b'"') > 2 * MAX_CELLS:
        raise file_refused("too_many_cells", allowed=f"{MAX_CELLS:,}")


def _line_of(position: int, newlines: Positions) -> int:
    return int(np.searchsorted(newlines, position)) + 1


def _header_text(content: bytes, breaks: Positions, newlines: Positions) -> str:
    end = int(breaks[0]) if len(breaks) else len(content)
    if end > MAX_LINE_BYTES:
        # The first line break outside quotes is far away: a mark in the header was never closed, or there is no line.
        n_lines = int(np.searchsorted(newlines, end))
        raise file_refused("open_quote", line=1) if n_lines else long_line(line=1, n_bytes=end)
    return content[:end].decode("utf-8")


def _check_line_lengths(n_bytes: int, breaks: Positions, newlines: Positions) -> None:
    ends = np.append(breaks, n_bytes)
    starts = np.concatenate(([0], breaks + 1))
    too_long = np.flatnonzero(ends - starts > MAX_LINE_BYTES)
    if len(too_long):
        start = int(starts[too_long[0]])
        raise long_line(line=_line_of(start, newlines), n_bytes=int(ends[too_long[0]]) - start)


def _check_quotes(structure: npt.NDArray[np.uint8], quotes: Positions, newlines: Positions, *, delimiter: int) -> None:
    """Refuse a quotation mark that is open, or that stands inside a value.

    Marks come in pairs. The first of a pair must follow a separator, a line break or another pair (a doubled mark);
    the second must precede one. Where that fails, the first of the pair is the one to look at.
    """
    opening, closing = quotes[: len(quotes) // 2 * 2 : 2], quotes[1::2]
    last = len(structure) - 1
    before = np.where(opening > 0, structure[opening - 1], _NEWLINE)
    after = np.where(closing < last, structure[np.minimum(closing + 1, last)], _NEWLINE)
    edges = (delimiter, _NEWLINE, _QUOTE)
    bad = ~np.isin(before, edges) | ~np.isin(after, edges)
    wrong = int(np.flatnonzero(bad)[0]) if bad.any() else None
    if wrong is not None:
        raise file_refused("open_quote", line=_line_of(int(opening[wrong]), newlines))
    if len(quotes) % 2:
        raise file_refused("open_quote", line=_line_of(int(quotes[-1]), newlines))


def _delimiter_of(header_text: str, *, headers: list[str], wanted: str | None) -> str:
    """Return the separator under which most names of the schema are found in line 1."""
    names = {delimiter: names_of(header_text, delimiter) for delimiter in dict.fromkeys([wanted or ",", *DELIMITERS])}
    n_found = {delimiter: len(set(headers) & set(names[delimiter])) for delimiter in names}
    best = max(names, key=lambda delimiter: (n_found[delimiter], len(names[delimiter])))
    if not n_found[best] and (header_text.count('"') % 2 or "\n" in header_text):
        raise file_refused("open_quote", line=1)
    if not n_found[best]:
        got = ", ".join(f'"{name}"' for name in names[best][:5])
        raise file_refused("no_known_header", value=got, allowed=", ".join(f'"{name}"' for name in headers[:5]))
    if wanted is not None and best != wanted:
        raise file_refused("wrong_delimiter", value=DELIMITERS[best], allowed=DELIMITERS[wanted])
    return best


def _check_header(header: tuple[str, ...]) -> None:
    if len(header) > MAX_COLUMNS:
        raise file_refused("too_many_columns", value=str(len(header)), allowed=str(MAX_COLUMNS))
    errors = header_errors(header)
    if errors:
        raise FileRefused(errors)


def _records(
    content: bytes,
    breaks: Positions,
    newlines: Positions,
    separators: Positions,
    *,
    dialect: tuple[str, str, tuple[str, ...]],
) -> CsvText:
    """Return the records under the header, with ragged ones set aside as errors."""
    encoding, delimiter, header = dialect
    ends = np.append(breaks, len(content))
    starts = np.concatenate(([0], breaks + 1))
    n_values = np.searchsorted(separators, ends) - np.searchsorted(separators, starts) + 1
    lines = np.searchsorted(newlines, starts) + 1
    # Only a record with one value can be blank; under a tab separator a line of tabs is a row of empty values.
    blank = np.zeros(len(starts), dtype=bool)
    for row in np.flatnonzero(n_values == 1):
        blank[row] = not content[starts[row] : ends[row]].strip()
    blank[0] = True
    ragged = ~blank & (n_values != len(header))
    kept = ~blank & ~ragged
    if not kept.any() and not ragged.any():
        raise file_refused("no_rows")
    errors = tuple(
        CellError(int(lines[row]), "", str(int(n_values[row])), "ragged", str(len(header)))
        for row in np.flatnonzero(ragged)
    )
    if kept[1:].all():
        body = content[int(starts[1]) :]
    else:
        body = b"\n".join(content[starts[row] : ends[row]] for row in np.flatnonzero(kept))
    return CsvText(encoding, delimiter, header, body, lines[kept].astype(np.int64), errors)
