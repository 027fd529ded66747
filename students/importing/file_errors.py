"""What is wrong with an uploaded file: each fault as a record, worded by one translatable sentence per problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_ERRORS_KEPT = 500
_LONGEST_VALUE = 80


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation without importing Django; the page translates it."""
    return message


SENTENCES: dict[str, str] = {
    # The file as a whole.
    "too_big": gettext_noop("This file has %(value)s. The limit is %(allowed)s. Split it, or ask for a higher limit."),
    "empty": gettext_noop("This file is empty. Export it again; it needs a header line and one line per student."),
    "excel": gettext_noop(
        "This is an Excel workbook, not CSV. In Excel choose Save as, CSV UTF-8, and upload that file."
    ),
    "archive": gettext_noop(
        "This is a compressed archive (%(value)s), not CSV. Unpack it and upload the CSV file inside."
    ),
    "pdf": gettext_noop("This is a PDF, not CSV. Ask the source system for a CSV export."),
    "web_page": gettext_noop(
        "This is a web page, not CSV. The download probably ended at a login page; log in and export again."
    ),
    "binary": gettext_noop(
        "This is a binary file, not text: line %(line)s holds bytes that no CSV has. Export it again as CSV UTF-8."
    ),
    "broken_utf16": gettext_noop("This file says it is UTF-16 but is cut or damaged. Export it again as CSV UTF-8."),
    "no_rows": gettext_noop("This file has a header but no students. Export it again with one line per student."),
    "too_many_columns": gettext_noop(
        "Line 1 has %(value)s columns; at most %(allowed)s are read. Export only the columns that the schema names."
    ),
    "too_many_lines": gettext_noop("This file has %(value)s lines; at most %(allowed)s are read. Split it."),
    "too_many_cells": gettext_noop("This file has more than %(allowed)s cells, which is too much at once. Split it."),
    "long_line": gettext_noop(
        "Line %(line)s is %(value)s long; the limit is %(allowed)s. "
        "A line break or a closing quotation mark is probably missing."
    ),
    "wrong_delimiter": gettext_noop(
        "The schema says that values are separated by %(allowed)s, but this file separates them by %(value)s. "
        'Export it with %(allowed)s, or change "delimiter" in the schema.'
    ),
    "no_known_header": gettext_noop(
        "Line 1 holds none of the column names of the schema. Got: %(value)s. Expected: %(allowed)s. "
        "Put the column names in line 1, separated by comma, semicolon, tab or vertical bar."
    ),
    "open_quote": gettext_noop(
        'Line %(line)s: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.'
    ),
    # Columns.
    "column_twice": gettext_noop(
        'Column "%(column)s" stands %(value)s times in line 1 (columns %(allowed)s). '
        "Keep one and remove or rename the others."
    ),
    "column_without_name": gettext_noop(
        "Column %(value)s has no name in line 1. Give it one, or remove the separator at the end of each line."
    ),
    "unknown_column": gettext_noop(
        'Column "%(column)s" is not in the schema. Remove it, or add it to the schema; kind: ignored skips it.'
    ),
    "misspelt_column": gettext_noop(
        'Column "%(column)s" is not in the schema. Did you mean "%(allowed)s"? '
        "Rename it in line 1, or add it to the schema."
    ),
    "missing_column": gettext_noop('Column "%(column)s" is missing. Add it to the file; the schema requires it.'),
    # Lines.
    "ragged": gettext_noop(
        "Line %(line)s has %(value)s values where %(allowed)s are expected. "
        "Look for a separator too many or too few, or a value with a separator that is not in quotation marks."
    ),
    "header_again": gettext_noop(
        "Line %(line)s repeats the header of line 1. Remove it; two exports were probably pasted together."
    ),
    # Cells.
    "missing": gettext_noop('Line %(line)s, column "%(column)s": the value is missing. Expected: %(allowed)s.'),
    "not_a_number": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not a number. Use digits, like 127.3.'
    ),
    "decimal_comma": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" has a decimal comma. Use a point: %(allowed)s.'
    ),
    "not_whole": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not a whole number. Use digits only, like 12.'
    ),
    "out_of_range": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s is out of range. Allowed: %(allowed)s.'
    ),
    "not_yes_no": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is neither yes nor no. Use 1 or 0, yes or no, true or false.'
    ),
    "not_allowed": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not an allowed value. Allowed: %(allowed)s.'
    ),
    "not_a_date": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not a date. Write year-month-day, like 2019-09-15.'
    ),
    "date_out_of_range": gettext_noop(
        'Line %(line)s, column "%(column)s": the date %(value)s cannot be right. Allowed: %(allowed)s.'
    ),
    "too_long": gettext_noop(
        'Line %(line)s, column "%(column)s": the value is longer than %(allowed)s. Shorten it; it begins "%(value)s".'
    ),
    "duplicate_identifier": gettext_noop(
        'Line %(line)s, column "%(column)s": student "%(value)s" is already in line %(allowed)s. '
        "Keep one line per student."
    ),
}


@dataclass(frozen=True)
class CellError:
    """One fault of a file: where it is, what was got and what is allowed.

    `line` counts as a text editor does (the header is line 1); it is None for faults of the whole file or of a column.
    `problem` is a key of SENTENCES.
    """

    line: int | None
    column: str
    value: str
    problem: str
    allowed: str

    def arguments(self) -> dict[str, object]:
        """Return what the sentence is filled with, the value cut to one readable line."""
        value = " ".join(self.value.split())
        if len(value) > _LONGEST_VALUE:
            value = value[:_LONGEST_VALUE] + "…"
        return {"line": self.line, "column": self.column, "value": value, "allowed": self.allowed}

    def sentence(self) -> str:
        """Return the fault in English: what is wrong, what was got, what to do."""
        return SENTENCES[self.problem] % self.arguments()


class FileRefused(Exception):
    """The file cannot be imported; nothing of it was kept.

    `errors` holds the first faults in the order of the file, `n_errors` how many there are in all.
    """

    def __init__(self, errors: Sequence[CellError], n_errors: int | None = None) -> None:
        self.errors = list(errors[:MAX_ERRORS_KEPT])
        self.n_errors = len(errors) if n_errors is None else n_errors
        super().__init__("\n".join(error.sentence() for error in self.errors))


def file_refused(
    problem: str, *, line: int | None = None, column: str = "", value: str = "", allowed: str = ""
) -> FileRefused:
    """Return the refusal of a file for one fault that hides all others."""
    return FileRefused([CellError(line, column, value, problem, allowed)])
