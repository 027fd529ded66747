"""Find out how a CSV file is written: its separator and the line that names its columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from students.importing.csv_structure import BLANK, GOOD, MAX_LINE_BYTES, ZERO_BYTE, long_line, records_of
from students.importing.file_errors import CellError, FileRefused, file_refused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
MAX_COLUMNS = 500
LONGEST_COLUMN_NAME = 200

# In text a stray control character is found; in a binary about one byte in ten is one.
_MOST_CONTROL = 10
_MOST_CONTROL_SHARE = 0.01
_CONTROL_LOOKED_AT = 100_000
_RECORDS_LOOKED_AT = 100
_TEXT_LOOKED_AT = 100_000
_AGREEING_SHARE = 0.8
# Excel's own way to say in a first line which separator follows.
_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?[,; \t]*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")
_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ].*)?")
_TABS = re.compile(r"[\t\r\n\v\f]+")
# The readers add columns of these names to those of the file.
_OUR_COLUMNS = {"line": "Line", "file": "File"}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a file is written.

    Attributes
    ----------
    delimiter : str
        The separator, one character.
    header : tuple of str
        Names of the columns, without surrounding white space.
    header_line : int
        The line on which they stand; what is above it is blank or says which separator follows.
    """

    delimiter: str
    header: tuple[str, ...]
    header_line: int


def dialect_of(text: str, *, delimiter: str | None, is_whole: bool, file: str) -> Dialect:
    """Return how a file is written.

    Parameters
    ----------
    text : str
        Its beginning, at least as long as a line may be, with "\\n" line ends.
    delimiter : str or None
        The separator, where it is known.
    is_whole : bool
        Whether `text` is the whole file.
    file : str
        What the file is called in a refusal.

    Raises
    ------
    FileRefused
        If it is no text, has no header, or its header cannot be used.
    """
    _check_is_text(text, file)
    n_above, said = _above_header(text)
    if not text[n_above:].strip():
        raise file_refused("empty", file=file)
    header_line = text.count("\n", 0, n_above) + 1
    body = text[n_above:]
    header_text = _header_text(body, line=header_line, is_whole=is_whole, file=file)
    found = delimiter or said or _delimiter_of(body, header_text, is_whole=is_whole, line=header_line, file=file)
    header = tuple(_TABS.sub(" ", name) for name in _names_of(header_text, found))
    _check_names(header, header_text, delimiter=found, line=header_line, file=file)
    names = tuple(_other_name(name, header) if name in _OUR_COLUMNS else name for name in header)
    return Dialect(delimiter=found, header=names, header_line=header_line)


def _names_of(header_text: str, delimiter: str) -> tuple[str, ...]:
    """Return the column names of a header line.

    :raises FileRefused: if one of them is as long as a page of text
    """
    try:
        names = next(csv.reader(io.StringIO(header_text), delimiter=delimiter), [])
    except csv.Error:
        # The only fault this reader finds in one line is a value of more than 131,072 characters.
        raise long_line(line=1, n_bytes=len(header_text)) from None
    return tuple(name.strip("\ufeff \t\r\n\u00a0") for name in names)


def _header_errors(header: tuple[str, ...], *, file: str) -> list[CellError]:
    """Return columns without a name and names that stand twice."""
    errors = [
        CellError(None, "", str(place), "column_without_name", "", file)
        for place, name in enumerate(header, 1)
        if not name
    ]
    for name, count in Counter(name for name in header if name).items():
        if count > 1:
            places = ", ".join(str(place) for place, other in enumerate(header, 1) if other == name)
            errors.append(CellError(None, name, str(count), "column_twice", places, file))
    return errors


def _check_is_text(text: str, file: str) -> None:
    """Refuse a binary, in which more than one in a hundred of the first characters is a control character."""
    sample = text[:_CONTROL_LOOKED_AT]
    found = [place for place, character in enumerate(sample) if character < " " and character not in "\t\n\r\f"]
    if len(found) > max(_MOST_CONTROL, _MOST_CONTROL_SHARE * len(sample)):
        raise file_refused("binary", line=sample.count("\n", 0, found[0]) + 1, file=file)
    if not text.strip("\ufeff \t\n"):
        raise file_refused("empty", file=file)


def _above_header(text: str) -> tuple[int, str | None]:
    """Return where the header begins, behind blank lines and a line "sep=;", and what that line says."""
    n_above, said = 0, None
    while n_above < len(text):
        end = text.find("\n", n_above)
        line = text[n_above : end if end >= 0 else len(text)]
        separator = _SEPARATOR_LINE.fullmatch(line)
        if separator is None and line.strip():
            break
        if separator is not None and separator[1] in DELIMITERS:
            said = separator[1]
        n_above = end + 1 if end >= 0 else len(text)
    return n_above, said


def _header_text(body: str, *, line: int, is_whole: bool, file: str) -> str:
    """Return the header, which ends at the first line break with an even number of quotation marks before it."""
    end = body.find("\n")
    n_marks = body.count('"', 0, end) if end >= 0 else 0
    while n_marks % 2 and 0 <= end <= MAX_LINE_BYTES:
        start, end = end + 1, body.find("\n", end + 1)
        n_marks += body.count('"', start, end) if end >= 0 else 0
    if 0 <= end <= MAX_LINE_BYTES:
        return body[:end]
    if is_whole and len(body) <= MAX_LINE_BYTES and body.count('"') % 2 == 0:
        return body
    if "\n" in body:
        raise file_refused("open_quote", line=line, file=file)
    raise long_line(line=line, n_bytes=len(body.encode("utf-8")), file=file)


def _delimiter_of(body: str, header_text: str, *, is_whole: bool, line: int, file: str) -> str:
    """Return the separator that cuts the header into most names and the lines below into as many values."""
    sample = body[:_TEXT_LOOKED_AT]
    if len(sample) < len(body) or not is_whole:
        sample = sample[: sample.rfind("\n") + 1] or header_text
    counts = {delimiter: _value_counts(sample, delimiter) for delimiter in DELIMITERS}
    usual = {delimiter: _usual(found[1:]) for delimiter, found in counts.items()}
    names = {delimiter: found[0] if found else 1 for delimiter, found in counts.items()}
    if max(names.values()) == 1:
        value, agreeing = max(usual.values())
        if value > 1 and agreeing >= _AGREEING_SHARE:
            raise file_refused(
                "title_above_header", line=line, value=header_text.strip(), allowed=str(value), file=file
            )
        return ","
    return max(
        (delimiter for delimiter in DELIMITERS if names[delimiter] > 1),
        key=lambda delimiter: (
            usual[delimiter][1] >= _AGREEING_SHARE and usual[delimiter][0] == names[delimiter],
            names[delimiter],
        ),
    )


def _value_counts(sample: str, delimiter: str) -> list[int]:
    rows = csv.reader(io.StringIO(sample), delimiter=delimiter)
    try:
        return [len(row) for row in islice(rows, _RECORDS_LOOKED_AT) if row]
    except csv.Error:
        return []


def _usual(counts: list[int]) -> tuple[int, float]:
    """Return the most frequent count and the share of lines that have it."""
    if not counts:
        return 0, 0.0
    value, n_lines = Counter(counts).most_common(1)[0]
    return value, n_lines / len(counts)


def _check_names(header: tuple[str, ...], header_text: str, *, delimiter: str, line: int, file: str) -> None:
    if len(header) > MAX_COLUMNS:
        raise file_refused("too_many_columns", value=str(len(header)), allowed=str(MAX_COLUMNS), file=file)
    long = next((name for name in header if len(name) > LONGEST_COLUMN_NAME), None)
    if long is not None:
        raise file_refused("long_column_name", value=long, allowed=str(LONGEST_COLUMN_NAME), file=file)
    structure = records_of(header_text.encode("utf-8"), delimiter=delimiter, n_columns=len(header), file=file)
    if ZERO_BYTE in structure.states:
        raise file_refused("binary", line=line, file=file)
    if len(structure.states) > 1 or structure.states[0] not in (GOOD, BLANK):
        raise file_refused("open_quote", line=line, file=file)
    if _looks_like_data(header):
        shown = ", ".join(name for name in header[:4] if name)
        raise file_refused("no_header", line=line, value=shown, file=file)
    if errors := _header_errors(header, file=file):
        raise FileRefused(errors)


def _looks_like_data(header: tuple[str, ...]) -> bool:
    """Return whether these are values: the first one a number, or a date among them and a digit in the first."""
    if _NUMBER.fullmatch(header[0]) or _DATE.fullmatch(header[0]):
        return True
    has_digit = any(character.isdigit() for character in header[0])
    return has_digit and any(_DATE.fullmatch(name) for name in header)


def _other_name(name: str, header: tuple[str, ...]) -> str:
    other = _OUR_COLUMNS[name]
    while other in header:
        other += "_"
    return other
