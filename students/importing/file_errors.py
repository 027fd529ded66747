"""What is wrong with an uploaded file: each fault as a record, worded by one translatable sentence per problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

MAX_ERRORS_KEPT = 500
_LONGEST_VALUE = 80


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation without importing Django; the page translates it."""
    return message


SENTENCES: dict[str, str] = {
    # The file as a whole.
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
    # The file as it comes: zips, archives and what they hold.
    "other_archive": gettext_noop(
        "This is a compressed archive (%(value)s). Unpack it, and upload the CSV file or a zip of the CSV files."
    ),
    "cut_off": gettext_noop("This file is cut off or damaged. Upload it again; if that fails, export it again."),
    "zip_encrypted": gettext_noop("This file in the zip is locked with a password. Zip it again without a password."),
    "zip_folders": gettext_noop(
        "The files of this zip lie in several folders (%(value)s). Put all of them into one folder and zip it again."
    ),
    "zip_link": gettext_noop("This is a link to another file, not a file. Zip the file itself."),
    "zip_method": gettext_noop("This file is packed by a method that is not read. Zip it again with the usual one."),
    "zip_name": gettext_noop(
        'The zip holds a file named "%(value)s", which points out of it. Zip the CSV files again under plain names.'
    ),
    "zip_nested": gettext_noop("This is an archive inside the zip. Unpack it and zip the CSV files themselves."),
    "zip_ratio": gettext_noop(
        "This zip would unpack to %(value)s, far more than its size allows for. Zip the CSV files again."
    ),
    "zip_same_name": gettext_noop("The zip holds this file more than once. Keep one of them."),
    "zip_too_big": gettext_noop(
        "This zip would unpack to %(value)s. The limit is %(allowed)s. Split it into several zips."
    ),
    "zip_too_many": gettext_noop("This zip holds too many files; the limit is %(allowed)s. Zip only the CSV files."),
    "zip_without_records": gettext_noop("This zip holds no CSV or JSON file. Put the files of the export into it."),
    "no_known_file": gettext_noop(
        "No file here fits a kind of record (%(value)s). Name each for what it holds: %(allowed)s."
    ),
    "not_one_file": gettext_noop("A cohort with a schema is one CSV file; this zip holds %(value)s. Upload it alone."),
    # The CSV text.
    "broken_quotes": gettext_noop(
        'More than %(allowed)s lines have a quotation mark (") that is not closed, or stands inside a value. '
        "The first is line %(line)s. Export the file again as CSV UTF-8."
    ),
    "no_header": gettext_noop(
        'Line %(line)s should hold the names of the columns, but "%(value)s" looks like a student\'s values. '
        "Put the names of the columns above it."
    ),
    "title_above_header": gettext_noop(
        'Line %(line)s holds one value ("%(value)s"), but the lines below hold %(allowed)s. '
        "Remove what stands above the names of the columns."
    ),
    "long_column_name": gettext_noop(
        'Line 1 has a column name of more than %(allowed)s characters; it begins "%(value)s". Shorten it.'
    ),
    "all_withheld": gettext_noop("Every column of this file holds what is never stored. Leave this file out."),
    # Exports of OneRoster and Ed-Fi.
    "oneroster_file_missing": gettext_noop(
        "manifest.csv says %(allowed)s for %(value)s, but the zip does not hold that file. Export the bundle again."
    ),
    "oneroster_nothing_there": gettext_noop(
        "manifest.csv calls every file absent. Export the bundle again, at least with %(allowed)s."
    ),
    "oneroster_mode": gettext_noop(
        'Line %(line)s of %(allowed)s: "%(value)s" is not allowed for %(column)s. Write absent, bulk or delta.'
    ),
    "oneroster_no_roles": gettext_noop(
        'Nothing says who is a student. Add roles.csv (OneRoster 1.2) or the column "role" to %(value)s (1.1).'
    ),
    "json_cut": gettext_noop("The file ends in the middle of a record. It was probably cut off; export it again."),
    "json_broken": gettext_noop("This file is not valid JSON. Export it again; do not change it by hand."),
    "json_too_deep": gettext_noop(
        "The values of this file lie more than %(allowed)s levels deep. No Ed-Fi export does; export it again."
    ),
    "json_record_too_long": gettext_noop(
        "This file has a record of more than %(allowed)s. No Ed-Fi export has; export it again."
    ),
    "edfi_nothing_there": gettext_noop(
        "%(value)s holds no resource of Ed-Fi that is read. Name each file for its resource, like students.json."
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
    "needed_column": gettext_noop('Column "%(column)s" is missing from %(value)s. Add it; the file needs it.'),
    "needed_column_like": gettext_noop(
        'Column "%(column)s" is missing from %(value)s. Did you mean "%(allowed)s"? Rename it in line 1.'
    ),
    "needed_column_withheld": gettext_noop(
        'Column "%(column)s" of %(value)s looks like a national id, a medical note or a password. That is never '
        "stored, but the rows need this column. Use the school's own numbers."
    ),
    "ambiguous_dates": gettext_noop(
        'Column "%(column)s" of %(allowed)s: "%(value)s" can be read as month/day or as day/month. '
        "Name the columns by hand and choose the order, or write year-month-day."
    ),
    # Lines.
    "ragged": gettext_noop(
        "Line %(line)s has %(value)s values where %(allowed)s are expected. "
        "Look for a separator too many or too few, or a value with a separator that is not in quotation marks."
    ),
    "header_again": gettext_noop(
        "Line %(line)s repeats the header of line 1. Remove it; two exports were probably pasted together."
    ),
    "cut_line": gettext_noop(
        "Line %(line)s, the last, ends after %(value)s of %(allowed)s values. The file was probably cut off; "
        "export it again."
    ),
    "zero_byte": gettext_noop(
        "Line %(line)s holds a byte of zero, which no text has. Type the line anew, or export the file again."
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
    "placeholder_date": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is what systems write where there is no day. '
        "Write the day, like 2019-09-15, or leave the cell empty."
    ),
    "date_out_of_range": gettext_noop(
        'Line %(line)s, column "%(column)s": the date %(value)s cannot be right. Allowed: %(allowed)s.'
    ),
    "ambiguous_date": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" can be read as month/day or as day/month. '
        "Write year-month-day, like 2019-09-15."
    ),
    "thousands_separator": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" separates the thousands. Write digits only: %(allowed)s.'
    ),
    "control_character": gettext_noop(
        'Line %(line)s, column "%(column)s": the value holds a character that cannot be shown. Type it again.'
    ),
    "ends_before_start": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s is before the first day, %(allowed)s. Correct one of them.'
    ),
    "date_too_early": gettext_noop(
        'Line %(line)s, column "%(column)s": the date %(value)s is too long ago. The earliest is %(allowed)s.'
    ),
    "date_in_future": gettext_noop(
        'Line %(line)s, column "%(column)s": the date %(value)s lies in the future. The latest is %(allowed)s.'
    ),
    "birth_age": gettext_noop(
        'Line %(line)s, column "%(column)s": born on %(value)s, the student is not %(allowed)s years old. '
        "Check the year."
    ),
    "far_from_others": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s lies years away from nearly all others, %(allowed)s. '
        "Check the year."
    ),
    "before_birth": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s is before the student was born, on %(allowed)s. '
        "Correct one of them."
    ),
    "grade_outside_scale": gettext_noop(
        'Line %(line)s, column "%(column)s": the grade %(value)s is above its scale. The best is %(allowed)s.'
    ),
    "too_long": gettext_noop(
        'Line %(line)s, column "%(column)s": the value is longer than %(allowed)s. Shorten it; it begins "%(value)s".'
    ),
    "duplicate_identifier": gettext_noop(
        'Line %(line)s, column "%(column)s": student "%(value)s" is already in line %(allowed)s. '
        "Keep one line per student."
    ),
    # What only the records tell.
    "unknown_student": gettext_noop(
        'Line %(line)s, column "%(column)s": student "%(value)s" is in no file and not on record. '
        "Add the student, or correct the number."
    ),
    "unknown_school": gettext_noop(
        'Line %(line)s, column "%(column)s": school "%(value)s" is not known here. Add the school, or correct it.'
    ),
    "student_without_school": gettext_noop(
        'Line %(line)s: student "%(value)s" is new, but nothing says at which school. '
        "Add a column with the school, or an enrolment."
    ),
    "same_student_twice": gettext_noop(
        'Line %(line)s: "%(value)s" stands in %(allowed)s already, with other values. Keep one of them.'
    ),
    "two_open_enrolments": gettext_noop(
        'Line %(line)s: student "%(value)s" begins at another school on the same day, in %(allowed)s. Keep one of them.'
    ),
    "enrolment_without_day": gettext_noop(
        'Line %(line)s, column "%(column)s": student "%(value)s" has several enrolments in this file. '
        "Write the first day of each."
    ),
    "before_enrolment": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s is before the student\'s first day here, %(allowed)s. '
        "Correct one of them."
    ),
    "after_exit": gettext_noop(
        'Line %(line)s, column "%(column)s": %(value)s is after the student\'s last day here, %(allowed)s. '
        "Correct one of them."
    ),
    "other_school": gettext_noop(
        'Line %(line)s, column "%(column)s": the student was not at "%(value)s" on %(allowed)s. '
        "Correct the school or the day."
    ),
    "grade_level_jump": gettext_noop(
        'Line %(line)s, column "%(column)s": grade level %(value)s after %(allowed)s cannot be right. Correct it.'
    ),
    # References between the files of an export.
    "oneroster_unknown_org": gettext_noop(
        'Line %(line)s, column "%(column)s": orgs.csv has no "%(value)s". Add that school to orgs.csv.'
    ),
    "oneroster_org_not_school": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not a school. Give the school, not its district.'
    ),
    "oneroster_org_circle": gettext_noop(
        'Line %(line)s: the parents of "%(value)s" lead back to itself. Correct the column "%(column)s".'
    ),
    "oneroster_session_ends_first": gettext_noop(
        'Line %(line)s, column "%(column)s": the session ends on %(value)s, before it begins. Correct one of the days.'
    ),
    "oneroster_unknown_student": gettext_noop(
        'Line %(line)s, column "%(column)s": "%(value)s" is not among the students. Add them, or remove the line.'
    ),
    "oneroster_unknown_line_item": gettext_noop(
        'Line %(line)s, column "%(column)s": lineItems.csv has no "%(value)s". Send it along; it tells the course.'
    ),
    "oneroster_unknown_class": gettext_noop(
        'Line %(line)s, column "%(column)s": classes.csv has no "%(value)s". Send it along; it tells the course.'
    ),
    "edfi_unknown_school": gettext_noop(
        'Record %(line)s, "%(column)s": schools has no "%(value)s". Add that school to the export.'
    ),
    "edfi_unknown_incident": gettext_noop(
        'Record %(line)s, "%(column)s": disciplineIncidents has no "%(value)s". Add it; it tells the day.'
    ),
    "edfi_grade_without_day": gettext_noop(
        'Record %(line)s, "%(column)s": nothing tells when "%(value)s" ended. Add gradingPeriods and sessions.'
    ),
}


@dataclass(frozen=True)
class CellError:
    """One fault of a file: where it is, what was got and what is allowed.

    `line` counts as a text editor does (the header is line 1); it is None for faults of the whole file or of a column.
    `problem` is a key of SENTENCES. `file` is the member of a zip, where there are several; no sentence repeats it.
    """

    line: int | None
    column: str
    value: str
    problem: str
    allowed: str
    file: str = ""

    def arguments(self) -> dict[str, object]:
        """Return what the sentence is filled with, the value cut to one readable line."""
        value = " ".join(self.value.split())
        if len(value) > _LONGEST_VALUE:
            value = value[:_LONGEST_VALUE] + "…"
        return {"line": self.line, "column": self.column, "value": value, "allowed": self.allowed}

    def sentence(self) -> str:
        """Return the fault in English: what is wrong, what was got, what to do."""
        return SENTENCES[self.problem] % self.arguments()

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as an upload keeps it: its fields, and the whole as a sentence."""
        return {**asdict(self), "sentence": self.sentence()}


class FileRefused(Exception):
    """The file cannot be imported; nothing of it was kept.

    `errors` holds the first faults, `n_errors` how many there are in all.
    """

    def __init__(self, errors: Sequence[CellError]) -> None:
        self.errors = list(errors[:MAX_ERRORS_KEPT])
        self.n_errors = len(errors)
        super().__init__("\n".join(_with_file(error) for error in self.errors))


def _with_file(error: CellError) -> str:
    return f"{error.file}: {error.sentence()}" if error.file else error.sentence()


def file_refused(
    problem: str, *, line: int | None = None, column: str = "", value: str = "", allowed: str = "", file: str = ""
) -> FileRefused:
    """Return the refusal of a file for one fault that hides all others."""
    return FileRefused([CellError(line, column, value, problem, allowed, file)])
