"""The portal's own files, under the names that other systems use: each column found, each reason told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulation.csv_files import write_csv
from simulation.district import simulate_district
from students.importing.batches import Options
from students.importing.file_errors import FileRefused
from students.importing.mapping import NeedsMapping
from students.importing.portal_format import PortalReader
from students.importing.record_kinds import kinds
from tests.students.importing.small_batches import TODAY, problems
from tests.students.importing.small_files import bytes_read, container_of, kinds_in_order, rows_of, typed_by_kind

ROSTER = (
    "Student ID,First Name,Last Name,DOB,School,Grade,Gender,Free/Reduced Lunch,SSN,Bus Route\n"
    "s1,Ana,Núñez,2009-03-01,Hill,9,F,Free,123-45-6789,4\n"
    "s2,Ben,Li,2009-05-01,,10,,,123-45-6780,5\n"
)
ATTENDANCE = "StudentNumber,Absence Date,Status\ns1,9/15/2025,Unexcused\ns1,9/3/2025,Late\n"


def reader_of(folder: Path, files: dict[str, str | bytes], *, is_complete: bool | None = None) -> PortalReader:
    return PortalReader(container_of(folder, files), Options(today=TODAY, is_complete=is_complete))


def test_files_of_a_zip_are_read_in_the_order_of_their_kinds_and_every_byte_counts(tmp_path: Path) -> None:
    files = {
        "outcomes.csv": "student_id,happened_on,kind\ns1,2025-06-30,graduated\n",
        "Attendance 2025.csv": ATTENDANCE,
        "students.csv": ROSTER,
        "calendar.csv": "date\n2025-09-15\n",
        "schools.csv": "school_id,name\nHill,Hill School\n",
    }

    reader = reader_of(tmp_path, files)

    order = ["schools", "school_days", "students", "enrolments", "protected", "protected", "attendance", "outcomes"]
    assert list(kinds_in_order(reader)) == order
    assert bytes_read(list(reader.batches())) == sum(len(text.encode()) for text in files.values())


def test_a_roster_becomes_students_enrolments_and_protected_attributes_and_says_what_it_left_out(
    tmp_path: Path,
) -> None:
    reader = reader_of(tmp_path, {"roster.csv": ROSTER})

    rows, faults = typed_by_kind(reader)

    assert faults.is_empty()
    assert rows["students"]["birth_on"].to_list() == [date(2009, 3, 1), date(2009, 5, 1)]
    assert rows["enrolments"].select("student_id", "school_id", "grade_level", "entered_on", "line").rows() == [
        ("s1", "Hill", "9", None, 2)
    ]
    assert rows["protected"].select("student_id", "name", "value", "known_on").rows() == [
        ("s1", "gender", "F", TODAY),
        ("s1", "free_reduced_lunch", "Free", TODAY),
    ]
    assert reader.report.withheld == {"roster.csv": ["SSN"]}
    assert reader.report.unused == {"roster.csv": ["Bus Route"]}
    assert "123-45" not in str([batch.rows.to_dicts() for batch in reader.batches()])


def test_a_single_file_is_known_by_its_headers_whatever_it_is_called(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, {"export-17.csv": ATTENDANCE})

    rows, _faults = typed_by_kind(reader)

    assert rows["attendance"].select("held_on", "category", "excused").rows() == [
        (date(2025, 9, 15), "absent", False),
        (date(2025, 9, 3), "tardy", False),
    ]
    assert reader.report.notes == ["Dates in export-17.csv were read as month/day/year."]


def test_faults_name_the_columns_of_the_file(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, {"attendance.csv": "Student No,Day,Code,Days\n,2025-09-15,absent,1\ns1,x,absent,1\n"})

    _rows, faults = typed_by_kind(reader)

    assert problems(faults) == [(2, "Student No", "missing"), (3, "Day", "not_a_date")]


def test_an_order_of_dates_that_only_a_late_row_shows_is_found_before_the_first_row_is_read(tmp_path: Path) -> None:
    lines = ["s1,9/3/2024,absent"] * 1500 + ["s1,9/13/2024,absent"]

    rows, faults = typed_by_kind(reader_of(tmp_path, {"attendance.csv": "\n".join(["student,date,code", *lines])}))

    assert faults.is_empty()
    assert set(rows["attendance"]["held_on"]) == {date(2024, 9, 3), date(2024, 9, 13)}


def test_every_missing_column_is_told_with_the_header_that_was_meant(tmp_path: Path) -> None:
    files = {
        "attendance.csv": "student_id,held_onn\ns1,2025-09-15\n",
        "grades.csv": "student_id,course\ns1,Algebra\n",
    }

    with pytest.raises(FileRefused) as refusal:
        reader_of(tmp_path, files)

    assert [error.sentence() for error in refusal.value.errors] == [
        'Column "held_on" is missing from attendance.csv. Did you mean "held_onn"? Rename it in line 1.',
        'Column "category" is missing from attendance.csv. Add it; the file needs it.',
        'Column "awarded_on" is missing from grades.csv. Add it; the file needs it.',
        'Column "value" is missing from grades.csv. Add it; the file needs it.',
    ]


def test_a_file_that_fits_no_kind_waits_for_a_person(tmp_path: Path) -> None:
    with pytest.raises(NeedsMapping) as question:
        reader_of(tmp_path, {"export.csv": "Nr,Wann,Was\nA1,2025-09-15,absent\n"})

    assert question.value.header == ["Nr", "Wann", "Was"]
    assert question.value.sample == [["A1", "2025-09-15", "absent"]]


def test_files_of_a_zip_that_fit_no_kind_are_named_and_passed_over(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, {"attendance.csv": ATTENDANCE, "lockers.csv": "locker,colour\n1,red\n"})

    assert set(kinds_in_order(reader)) == {"attendance"}
    assert reader.report.notes[0] == (
        '"lockers.csv" was not read: its columns fit no kind of record. Upload it alone to name them.'
    )


def test_a_zip_in_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="No file here fits a kind of record"):
        reader_of(tmp_path, {"a.csv": "locker,colour\n1,red\n", "b.csv": "locker,colour\n1,red\n"})


def test_attributes_without_a_day_are_known_today_and_ids_are_no_attributes(tmp_path: Path) -> None:
    text = "student_id,name,value,known_on\ns1,bus,yes,\ns1,ssn,123-45-6789,\ns1,bus,no,2025-09-01\n"

    reader = reader_of(tmp_path, {"attributes.csv": text})

    rows, _faults = typed_by_kind(reader)
    assert rows["attributes"].select("name", "value", "known_on").rows() == [
        ("bus", "yes", TODAY),
        ("bus", "no", date(2025, 9, 1)),
    ]
    assert reader.report.withheld == {"attributes.csv": ["ssn"]}


def test_a_needed_column_of_national_ids_is_refused(tmp_path: Path) -> None:
    ids = "\n".join(f"123-45-678{number},2025-09-15,absent" for number in range(5))

    with pytest.raises(FileRefused, match='Column "student_id" of attendance.csv looks like a national id'):
        reader_of(tmp_path, {"attendance.csv": f"student_id,held_on,category\n{ids}\n"})


def test_the_number_of_an_outcome_finds_it_again(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, {"outcomes.csv": "outcome_id,student_id,happened_on,kind\n7,s1,2025-06-30,died\n"})

    assert rows_of(reader, "outcomes", "outcome_id", "source_id") == [("7", "7")]


@pytest.mark.parametrize(
    ("is_complete", "kinds_complete"),
    [(True, {"students", "enrolments", "protected"}), (False, set()), (None, set())],
)
def test_a_file_holds_everything_only_if_somebody_says_so(
    tmp_path: Path, is_complete: bool | None, kinds_complete: set[str]
) -> None:
    assert reader_of(tmp_path, {"students.csv": ROSTER}, is_complete=is_complete).complete == kinds_complete


def test_a_synthetic_district_is_read_without_a_fault(tmp_path: Path) -> None:
    district = simulate_district(n_students=300, n_years=2, seed=3, ends_on=TODAY)
    written = {path.name: path.read_bytes() for path in write_csv(district, tmp_path / "district")}

    rows, faults = typed_by_kind(reader_of(tmp_path, dict(written)))

    assert faults.is_empty()
    assert {kind: len(part) for kind, part in rows.items()} == {
        name: len(frame) for name, frame in district.frames().items()
    }
    assert set(rows) == set(kinds())
    assert rows["attendance"]["n_sessions"].sum() == district.attendance["n_sessions"].sum()
