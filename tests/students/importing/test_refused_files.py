"""A flat cohort that does not fit its schema is refused, and one with bad lines is read without them, in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from students.importing import cohort_checks
from students.importing.file_errors import FileRefused
from tests.students.importing.small_batches import sentences
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, reader_of, small_schema
from tests.students.importing.small_files import typed_by_kind


def changed(line: str, place: int, value: str) -> str:
    cells = line.split(",")
    cells[place] = value
    return ",".join(cells)


SCORE, SIBLINGS, TRACK, BUS, BORN, END = 6, 7, 8, 9, 3, 15
WHOLE_FILE: dict[str, tuple[bytes, str]] = {
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
    "very long line": (
        csv_bytes(ANA, changed(BEN, 1, "B" * 1_000_000)),
        "Line 3 is 1,000,025 bytes long; the limit is 1,000,000 bytes. "
        "A line break or a closing quotation mark is probably missing.",
    ),
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
}
ONE_FAULT: dict[str, tuple[bytes, str]] = {
    "header in the middle": (
        csv_bytes(ANA, HEADER, BEN),
        "Line 3 repeats the header of line 1. Remove it; two exports were probably pasted together.",
    ),
    "open quotation mark": (
        csv_bytes(ANA, changed(BEN, 1, '"Ben'), changed(ANA, 0, "c3")),
        'Line 3: a quotation mark (") is not closed, or stands inside a value. '
        'Close it, or write it twice ("") inside a quoted value.',
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
def test_a_file_that_does_not_fit_is_refused_in_one_sentence(content: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        list(reader_of(tmp_path, content).batches())

    assert [error.sentence() for error in refusal.value.errors] == [sentence]
    assert refusal.value.n_errors == 1


@pytest.mark.parametrize(("content", "sentence"), ONE_FAULT.values(), ids=ONE_FAULT.keys())
def test_a_bad_line_is_told_once_with_its_cure_and_the_others_go_on(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    rows, faults = typed_by_kind(reader_of(tmp_path, content))

    assert sentences(faults) == [sentence]
    assert set(faults["line"]).isdisjoint(rows["students"]["line"])


def test_another_separator_than_the_schema_says_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        reader_of(tmp_path, csv_bytes(ANA, BEN), small_schema(delimiter=";"))

    assert str(refusal.value) == (
        "The schema says that values are separated by semicolon, but this file separates them by comma. "
        'Export it with semicolon, or change "delimiter" in the schema.'
    )


@pytest.mark.parametrize("rows_at_once", [2, 50_000])
def test_faults_are_told_in_the_order_of_the_file_however_many_rows_are_checked_at_once(
    rows_at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort_checks, "_ROWS_AT_ONCE", rows_at_once)
    wrong = changed(changed(changed(BEN, SCORE, "abc"), TRACK, "Z"), BORN, "1.3.2008")
    lines = [ANA, "b3,x,y", changed(ANA, SCORE, "201"), wrong, changed(ANA, SCORE, "")]

    _rows, faults = typed_by_kind(reader_of(tmp_path, csv_bytes(*lines)))

    assert faults.select("line", "column", "problem", "allowed").rows() == [
        (3, "", "ragged", "16"),
        (4, "Id", "duplicate_identifier", "2"),
        (4, "Score", "out_of_range", "0 to 200"),
        (5, "Born", "not_a_date", "1900-01-01 to 2100-12-31"),
        (5, "Score", "not_a_number", "0 to 200"),
        (5, "Track", "not_allowed", "A, S"),
        (6, "Id", "duplicate_identifier", "2"),
        (6, "Score", "missing", "0 to 200"),
    ]


def test_every_column_that_the_schema_does_not_know_is_told(tmp_path: Path) -> None:
    content = csv_bytes(ANA + ",red,9", header=HEADER.replace("Track", "Tracks") + ",Colour,Shoe")

    with pytest.raises(FileRefused) as refusal:
        reader_of(tmp_path, content)

    found = [(error.column, error.problem, error.allowed) for error in refusal.value.errors]
    assert found == [
        ("Tracks", "misspelt_column", "Track"),
        ("Colour", "unknown_column", ""),
        ("Shoe", "unknown_column", ""),
    ]
