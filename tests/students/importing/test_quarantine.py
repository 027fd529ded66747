"""Bad rows come back with their own columns, their line and why, and no spreadsheet runs what they hold."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from students.importing import containers, quarantine
from students.importing.batches import FAULTS
from students.importing.csv_blocks import CsvFile
from tests.students.importing.hostile_files import ANA, BEN, CHLOE, STUDENTS, attendance, students
from tests.students.importing.hostile_zips import zipped

LINES = [ANA, "s2,Ben", CHLOE.replace("Chloë", '"Chloë'), "", ANA.replace("Ana", '"Ana\nMaria"'), BEN + ",x"]


def opened(content: bytes, folder: Path, filename: str = "students.csv") -> containers.Container:
    path = folder / "stored"
    path.write_bytes(content)
    return containers.opened(path, filename)


def fault(
    line: int | None, problem: str, file: str = "students.csv", column: str = "", value: str = ""
) -> dict[str, object]:
    return {"file": file, "line": line, "column": column, "value": value, "problem": problem, "allowed": "6"}


def rows(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_bad_rows_stand_with_line_and_every_reason(tmp_path: Path) -> None:
    container = opened(students(*LINES), tmp_path)
    found = [fault(None, "missing_column"), fault(2, "missing", column="birth_on"), fault(2, "not_a_date", value="x")]
    faults = pl.DataFrame([*found, fault(3, "ragged", value="2"), fault(6, "out_of_range")], schema=FAULTS)

    n_rows = quarantine.write(container, faults, tmp_path / "bad")

    written = rows((tmp_path / "bad").read_bytes())
    assert n_rows == 3
    assert written[0] == ["line", "why", *STUDENTS.split(",")]
    assert written[1][0] == "2"
    assert written[1][1] == (
        'Line 2, column "birth_on": the value is missing. Expected: 6. | '
        'Line 2, column "": "x" is not a date. Write year-month-day, like 2019-09-15.'
    )
    assert written[1][2:] == ANA.split(",")
    assert written[2][2:] == ["s2", "Ben"]
    assert written[3][2:4] == ["s1", "Ana\nMaria"]


def test_lines_that_cannot_be_cut_come_as_they_are(tmp_path: Path) -> None:
    container = opened(students(*LINES), tmp_path)
    faults = pl.concat([block.faults for block in CsvFile(container.members[0]).blocks()])

    quarantine.write(container, faults, tmp_path / "bad")

    written = rows((tmp_path / "bad").read_bytes())
    assert [row[0] for row in written] == ["line", "3", "4", "8"]
    assert written[2][2:] == [LINES[2]]
    assert written[3][2:] == [*BEN.split(","), "x"]


@pytest.mark.parametrize("n_at_once", [1, 2, 100])
def test_faults_may_come_piece_by_piece_and_files_make_a_zip(n_at_once: int, tmp_path: Path) -> None:
    content = zipped({"students.csv": students(ANA, "s2"), "attendance.csv": attendance("s1,x,absent", "s1,y,absent")})
    container = opened(content, tmp_path, "export.zip")
    found = [fault(line, "not_a_date", file="attendance.csv") for line in (2, 3)] + [fault(3, "ragged")]
    pieces = (pl.DataFrame(found[at : at + n_at_once], schema=FAULTS) for at in range(0, 3, n_at_once))

    n_rows = quarantine.write(container, pieces, tmp_path / "bad")

    with zipfile.ZipFile(tmp_path / "bad") as archive:
        held = {name: [row[2:] for row in rows(archive.read(name))[1:]] for name in archive.namelist()}
    assert n_rows == 3
    assert held == {"attendance.csv": [["s1", "x", "absent"], ["s1", "y", "absent"]], "students.csv": [["s2"]]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "stored"]


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1dHYPERLINK(1)", "'\uff1dHYPERLINK(1)"),
        ("-5", "-5"),
        ("+3,5", "+3,5"),
        ("-1.5E-3", "-1.5E-3"),
        ("-", "'-"),
        ("Ana = Bo", "Ana = Bo"),
    ],
)
def test_cells_that_would_run_are_shown_instead(cell: str, safe: str, tmp_path: Path) -> None:
    content = io.StringIO()
    csv.writer(content).writerows([["student_id", "given_name"], ["s1", cell]])
    container = opened(content.getvalue().encode(), tmp_path)

    quarantine.write(container, [fault(2, "missing")], tmp_path / "bad")

    assert rows((tmp_path / "bad").read_bytes())[1][2:] == ["s1", safe]


def test_a_tab_at_the_start_of_a_cell_is_harmless(tmp_path: Path) -> None:
    container = opened(b"student_id,given_name\ns1,\t=1\n", tmp_path)

    quarantine.write(container, [fault(2, "missing")], tmp_path / "bad")

    assert rows((tmp_path / "bad").read_bytes())[1][3] == "'\t=1"


def test_withheld_columns_do_not_come_back(tmp_path: Path) -> None:
    header = "student_id,SSN,name"
    container = opened(students("s1,123-45-6789,Ana", "s2,219-09-9999", "s3,457-55-5462,Bo,x", header=header), tmp_path)
    faults = [fault(2, "missing"), fault(3, "ragged"), fault(4, "ragged")]

    quarantine.write(container, faults, tmp_path / "bad", withheld={"students.csv": ["SSN"]})

    written = rows((tmp_path / "bad").read_bytes())
    assert [row[2:] for row in written] == [["student_id", "name"], ["s1", "Ana"], [], []]


def test_the_separator_and_accents_of_the_file_are_kept_and_excel_is_told(tmp_path: Path) -> None:
    container = opened(students(CHLOE, encoding="cp1252").replace(b",", b";"), tmp_path)

    quarantine.write(container, [fault(2, "missing")], tmp_path / "bad")

    content = (tmp_path / "bad").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert rows(content, ";")[1][2:] == CHLOE.split(",")


def test_a_fault_of_a_line_or_file_that_is_not_there_is_still_told(tmp_path: Path) -> None:
    container = opened(students(ANA, ""), tmp_path)
    faults = [fault(3, "ragged"), fault(9, "ragged"), fault(4, "missing", file="gone.json")]

    n_rows = quarantine.write(container, faults, tmp_path / "bad")

    with zipfile.ZipFile(tmp_path / "bad") as archive:
        lines = {name: [row[0] for row in rows(archive.read(name))] for name in archive.namelist()}
    assert n_rows == 3
    assert lines == {"students.csv": ["line", "3", "9"], "gone.json.csv": ["line", "4"]}


def test_what_came_back_can_be_uploaded_again(tmp_path: Path) -> None:
    container = opened(students(*LINES), tmp_path)
    quarantine.write(container, [fault(2, "missing"), fault(6, "missing")], tmp_path / "bad")

    file = CsvFile(containers.opened(tmp_path / "bad", "students.csv").members[0])

    assert file.header == ("Line", "why", *STUDENTS.split(","))
    assert file.sample(5)[1][2:4] == ("s1", "Ana\nMaria")
