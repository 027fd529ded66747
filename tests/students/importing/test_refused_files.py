"""Hostile and broken files: each is refused with the sentence that helps, and nothing is kept."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest

from students.importing import cohort_checks
from students.importing.cohort_csv import FileRefused, read_cohort
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, small_schema


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "x")
    return content.getvalue()


def changed(line: str, place: int, value: str) -> str:
    cells = line.split(",")
    cells[place] = value
    return ",".join(cells)


SCORE, SIBLINGS, TRACK, BUS, BORN, END = 6, 7, 8, 9, 3, 15
WHOLE_FILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "This file is empty. Export it again; it needs a header line and one line per student."),
    "only blanks": (
        b" \n\t\n",
        "This file is empty. Export it again; it needs a header line and one line per student.",
    ),
    "only a byte order mark": (
        b"\xef\xbb\xbf",
        "This file is empty. Export it again; it needs a header line and one line per student.",
    ),
    "workbook": (
        zipped("[Content_Types].xml"),
        "This is an Excel workbook, not CSV. In Excel choose Save as, CSV UTF-8, and upload that file.",
    ),
    "old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
        "This is an Excel workbook, not CSV. In Excel choose Save as, CSV UTF-8, and upload that file.",
    ),
    "zip": (
        zipped("data.csv"),
        "This is a compressed archive (zip), not CSV. Unpack it and upload the CSV file inside.",
    ),
    "gzip": (
        b"\x1f\x8b\x08" + zlib.compress(b"x"),
        "This is a compressed archive (gzip), not CSV. Unpack it and upload the CSV file inside.",
    ),
    "pdf": (b"%PDF-1.7\n...", "This is a PDF, not CSV. Ask the source system for a CSV export."),
    "web page": (
        b"\n<!DOCTYPE html><html><body>Log in</body></html>",
        "This is a web page, not CSV. The download probably ended at a login page; log in and export again.",
    ),
    "zero byte": (
        csv_bytes(ANA, changed(BEN, 1, "B\0n")),
        "This is a binary file, not text: line 3 holds bytes that no CSV has. Export it again as CSV UTF-8.",
    ),
    "control characters": (
        bytes(range(1, 32)) * 50,
        "This is a binary file, not text: line 1 holds bytes that no CSV has. Export it again as CSV UTF-8.",
    ),
    "cut UTF-16": (
        csv_bytes(ANA, encoding="utf-16")[:-1],
        "This file says it is UTF-16 but is cut or damaged. Export it again as CSV UTF-8.",
    ),
    "header only": (
        csv_bytes(),
        "This file has a header but no students. Export it again with one line per student.",
    ),
    "header and blank lines": (
        csv_bytes("", "  ", ""),
        "This file has a header but no students. Export it again with one line per student.",
    ),
    "other table": (
        b"Name,Colour\nAna,red\n",
        'Line 1 holds none of the column names of the schema. Got: "Name", "Colour". '
        'Expected: "Id", "First name", "Surname", "Born", "School". '
        "Put the column names in line 1, separated by comma, semicolon, tab or vertical bar.",
    ),
    "column without a name": (
        csv_bytes(ANA + ",", header=HEADER + ","),
        "Column 17 has no name in line 1. Give it one, or remove the separator at the end of each line.",
    ),
    "header twice": (
        csv_bytes(ANA + ",9", header=HEADER + ",Score"),
        'Column "Score" stands 2 times in line 1 (columns 7, 17). Keep one and remove or rename the others.',
    ),
    "too many columns": (
        csv_bytes(ANA, header=HEADER + "," + ",".join(f"c{place}" for place in range(500))),
        "Line 1 has 516 columns; at most 500 are read. Export only the columns that the schema names.",
    ),
    "open quotation mark": (
        csv_bytes(ANA, changed(BEN, 1, '"Ben'), ANA),
        'Line 3: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.',
    ),
    "open quotation mark before a quoted value": (
        csv_bytes(changed(ANA, 1, '"Ana'), changed(BEN, 1, '"Ben"')),
        'Line 2: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.',
    ),
    "quotation mark inside a value": (
        csv_bytes(changed(ANA, 1, 'A"n"a'), BEN),
        'Line 2: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.',
    ),
    "open quotation mark in the header": (
        csv_bytes(ANA, BEN, header='"' + HEADER),
        'Line 1: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.',
    ),
    "very long line": (
        csv_bytes(ANA, changed(BEN, 1, "B" * 1_000_000)),
        "Line 3 is 1,000,025 bytes long; the limit is 1,000,000 bytes. "
        "A line break or a closing quotation mark is probably missing.",
    ),
    "too many lines": (
        b"Id\n" * 2_000_001,
        "This file has 2,000,001 lines; at most 2,000,000 are read. Split it.",
    ),
    "too many cells": (
        HEADER.encode() + (b"\n" + b"," * 900_000) * 12,
        "This file has more than 10,000,000 cells, which is too much at once. Split it.",
    ),
    "one endless line": (
        b"x" * 1_000_001,
        "Line 1 is 1,000,001 bytes long; the limit is 1,000,000 bytes. "
        "A line break or a closing quotation mark is probably missing.",
    ),
}
ONE_FAULT: dict[str, tuple[bytes, str]] = {
    "unknown column": (
        csv_bytes(ANA + ",red", header=HEADER + ",Colour"),
        'Column "Colour" is not in the schema. Remove it, or add it to the schema; kind: ignored skips it.',
    ),
    "misspelt column": (
        csv_bytes(ANA, header=HEADER.replace("Score", "Scores")),
        'Column "Scores" is not in the schema. Did you mean "Score"? Rename it in line 1, or add it to the schema.',
    ),
    "missing column": (
        csv_bytes("a1,A", header="Id,Track"),
        'Column "Score" is missing. Add it to the file; the schema requires it.',
    ),
    "header in the middle": (
        csv_bytes(ANA, HEADER, BEN),
        "Line 3 repeats the header of line 1. Remove it; two exports were probably pasted together.",
    ),
    "value too many": (
        csv_bytes(ANA, BEN + ",x"),
        "Line 3 has 17 values where 16 are expected. "
        "Look for a separator too many or too few, or a value with a separator that is not in quotation marks.",
    ),
    "value too few": (
        csv_bytes("a1,Ana", BEN),
        "Line 2 has 2 values where 16 are expected. "
        "Look for a separator too many or too few, or a value with a separator that is not in quotation marks.",
    ),
    "missing identifier": (
        csv_bytes(ANA, changed(BEN, 0, " ")),
        'Line 3, column "Id": the value is missing. Expected: text.',
    ),
    "duplicate identifier": (
        csv_bytes(ANA, BEN, ANA),
        'Line 4, column "Id": student "a1" is already in line 2. Keep one line per student.',
    ),
    "duplicate identifier with a separator character": (
        csv_bytes(changed(ANA, 0, "a1\x1f"), changed(BEN, 0, "a1\x1f")),
        'Line 3, column "Id": student "a1" is already in line 2. Keep one line per student.',
    ),
    "missing value": (
        csv_bytes(changed(ANA, SCORE, ""), BEN),
        'Line 2, column "Score": the value is missing. Expected: 0 to 200.',
    ),
    "missing value by a word": (
        csv_bytes(changed(ANA, TRACK, "NA"), BEN),
        'Line 2, column "Track": the value is missing. Expected: A, S.',
    ),
    "not a number": (
        csv_bytes(changed(ANA, SCORE, "abc"), BEN),
        'Line 2, column "Score": "abc" is not a number. Use digits, like 127.3.',
    ),
    "infinity": (
        csv_bytes(changed(ANA, SCORE, "inf"), BEN),
        'Line 2, column "Score": "inf" is not a number. Use digits, like 127.3.',
    ),
    "number beyond measure": (
        csv_bytes(changed(ANA, SCORE, "1e999"), BEN),
        'Line 2, column "Score": "1e999" is not a number. Use digits, like 127.3.',
    ),
    "formula": (
        csv_bytes(changed(ANA, SCORE, "=1+1"), BEN),
        'Line 2, column "Score": "=1+1" is not a number. Use digits, like 127.3.',
    ),
    "decimal comma": (
        csv_bytes(changed(ANA, SCORE, '"127,3"'), BEN),
        'Line 2, column "Score": "127,3" has a decimal comma. Use a point: 127.3.',
    ),
    "part of a sibling": (
        csv_bytes(changed(ANA, SIBLINGS, "-1.5"), BEN),
        'Line 2, column "Siblings": "-1.5" is not a whole number. Use digits only, like 12.',
    ),
    "too small": (
        csv_bytes(changed(ANA, SIBLINGS, "-1"), BEN),
        'Line 2, column "Siblings": -1 is out of range. Allowed: 0 or more.',
    ),
    "too large": (
        csv_bytes(changed(ANA, SCORE, "400"), BEN),
        'Line 2, column "Score": 400 is out of range. Allowed: 0 to 200.',
    ),
    "unknown code": (
        csv_bytes(changed(ANA, TRACK, "a"), BEN),
        'Line 2, column "Track": "a" is not an allowed value. Allowed: A, S.',
    ),
    "unknown outcome": (
        csv_bytes(changed(ANA, END, "moved"), BEN),
        'Line 2, column "End": "moved" is not an allowed value. Allowed: left, done.',
    ),
    "neither yes nor no": (
        csv_bytes(changed(ANA, BUS, "2"), BEN),
        'Line 2, column "Bus": "2" is neither yes nor no. Use 1 or 0, yes or no, true or false.',
    ),
    "local date": (
        csv_bytes(changed(ANA, BORN, "01/03/2008"), BEN),
        'Line 2, column "Born": "01/03/2008" is not a date. Write year-month-day, like 2019-09-15.',
    ),
    "no such day": (
        csv_bytes(changed(ANA, BORN, "2008-02-30"), BEN),
        'Line 2, column "Born": "2008-02-30" is not a date. Write year-month-day, like 2019-09-15.',
    ),
    "year 3": (
        csv_bytes(changed(ANA, BORN, "0003-03-01"), BEN),
        'Line 2, column "Born": the date 0003-03-01 cannot be right. Allowed: 1900-01-01 to 2100-12-31.',
    ),
    "year 6209": (
        csv_bytes(changed(ANA, BORN, "6209-03-01"), BEN),
        'Line 2, column "Born": the date 6209-03-01 cannot be right. Allowed: 1900-01-01 to 2100-12-31.',
    ),
    "long name": (
        csv_bytes(changed(ANA, 1, "A" * 151), BEN),
        f'Line 2, column "First name": the value is longer than 150 characters. Shorten it; it begins "{"A" * 80}…".',
    ),
    "fault below a value of two lines": (
        csv_bytes(changed(ANA, 14, '"Mr\nB"'), changed(BEN, SCORE, "x")),
        'Line 4, column "Score": "x" is not a number. Use digits, like 127.3.',
    ),
    "fault below blank lines": (
        csv_bytes(ANA, "", " ", changed(BEN, SCORE, "x")),
        'Line 5, column "Score": "x" is not a number. Use digits, like 127.3.',
    ),
}


@pytest.mark.parametrize(("content", "sentence"), WHOLE_FILE.values(), ids=WHOLE_FILE.keys())
def test_a_file_that_is_no_csv_is_refused_in_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_cohort(content, small_schema())

    assert [error.sentence() for error in refusal.value.errors] == [sentence]
    assert refusal.value.n_errors == 1


@pytest.mark.parametrize(("content", "sentence"), ONE_FAULT.values(), ids=ONE_FAULT.keys())
def test_a_fault_is_told_once_with_line_column_value_and_cure(content: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_cohort(content, small_schema())

    assert [error.sentence() for error in refusal.value.errors] == [sentence]
    assert refusal.value.n_errors == 1


def test_another_separator_than_the_schema_says_is_named() -> None:
    content = csv_bytes(ANA, BEN)

    with pytest.raises(FileRefused) as refusal:
        read_cohort(content, small_schema(delimiter=";"))

    assert str(refusal.value) == (
        "The schema says that values are separated by semicolon, but this file separates them by comma. "
        'Export it with semicolon, or change "delimiter" in the schema.'
    )


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(csv_bytes(ANA, BEN))

    with pytest.raises(FileRefused, match=r"This file has 2\d\d bytes. The limit is 10 bytes."):
        read_cohort(path, small_schema(), max_bytes=10)


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    wrong = changed(changed(changed(ANA, SCORE, "abc"), TRACK, "Z"), BORN, "1.3.2008")
    content = csv_bytes(changed(BEN, SCORE, "201") + ",", "b3,x,y", wrong + ",", header=HEADER + ",Colour")

    with pytest.raises(FileRefused) as refusal:
        read_cohort(content, small_schema())

    found = [(error.line, error.column, error.problem) for error in refusal.value.errors]
    assert found == [
        (None, "Colour", "unknown_column"),
        (2, "Score", "out_of_range"),
        (3, "", "ragged"),
        (4, "Born", "not_a_date"),
        (4, "Score", "not_a_number"),
        (4, "Track", "not_allowed"),
    ]


def test_faults_are_told_in_order_and_counted_when_rows_are_checked_in_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohort_checks, "_ROWS_AT_ONCE", 2)
    lines = [ANA, changed(ANA, SCORE, "x"), changed(BEN, TRACK, "Z"), BEN, changed(BEN, SCORE, "")]

    with pytest.raises(FileRefused) as refusal:
        read_cohort(csv_bytes(*lines), small_schema())

    found = [(error.line, error.column, error.allowed) for error in refusal.value.errors]
    assert found == [
        (3, "Id", "2"),
        (3, "Score", "0 to 200"),
        (4, "Track", "A, S"),
        (5, "Id", "4"),
        (6, "Id", "4"),
        (6, "Score", "0 to 200"),
    ]
    assert refusal.value.n_errors == 6


def test_only_the_first_five_hundred_faults_are_kept_and_all_are_counted() -> None:
    lines = [changed(changed(ANA, SCORE, "x"), 0, f"s{number}") for number in range(700)]

    with pytest.raises(FileRefused) as refusal:
        read_cohort(csv_bytes(*lines), small_schema())

    assert refusal.value.n_errors == 700
    assert [error.line for error in refusal.value.errors] == list(range(2, 502))
