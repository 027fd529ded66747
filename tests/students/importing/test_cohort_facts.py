"""A flat cohort becomes dated facts; nothing is guessed, nothing missing becomes zero."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl
import pytest

from students.importing.cohort_schema import CohortSchema
from students.importing.file_errors import FileRefused
from students.outcomes import outcome_codes
from tests.flat_cohort import CELL_MISTAKES, FILE_MISTAKES, write_flat_cohort
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_batches import problems
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, reader_of
from tests.students.importing.small_files import typed_by_kind

UCI_697 = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")
REAL = [
    ("uci_697", "uci697/data.csv", 4424, {"graduated": 2209, "dropped_out": 1421, "continued": 794}),
    ("uci_320_por", "uci320/student-por.csv", 649, {"continued": 549, "dropped_out": 100}),
    ("uci_320_mat", "uci320/student-mat.csv", 395, {"continued": 265, "dropped_out": 130}),
]


@pytest.fixture
def small(tmp_path: Path) -> dict[str, pl.DataFrame]:
    rows, faults = typed_by_kind(reader_of(tmp_path, csv_bytes(ANA, BEN)))
    assert faults.is_empty()
    return rows


def given(rows: pl.DataFrame) -> list[dict[str, object]]:
    """Return what each row tells, days as text."""
    plain = rows.drop("file", "line").with_columns(pl.col(pl.Date).cast(pl.String))
    return [{name: value for name, value in row.items() if value is not None} for row in plain.to_dicts()]


def test_students_and_enrolments_carry_the_conventional_dates(small: dict[str, pl.DataFrame]) -> None:
    ana = {"student_id": "a1", "given_name": "Ana", "family_name": "Núñez", "birth_on": "2008-03-01"}
    at_hill = {"school_id": "Hill School", "entered_on": "2023-09-01", "known_on": "2023-09-01"}

    assert given(small["students"]) == [
        {**ana, "known_on": "2023-09-01"},
        {"student_id": "b2", "given_name": "Ben", "known_on": "2023-09-01"},
    ]
    assert given(small["enrolments"]) == [
        {"student_id": "a1", "grade_level": "9", **at_hill},
        {"student_id": "b2", **at_hill},
    ]
    assert given(small["schools"]) == [{"school_id": "Hill School", "name": "Hill School"}]


def test_attributes_are_long_and_leave_missing_values_out(small: dict[str, pl.DataFrame]) -> None:
    assert set(small["attributes"].select("student_id", "name", "value").rows()) == {
        ("a1", "score", "127.3"),
        ("a1", "siblings", "2"),
        ("a1", "track", "A"),
        ("a1", "bus", "1"),
        ("b2", "score", "99"),
        ("b2", "track", "S"),
        ("b2", "bus", "0"),
    }
    assert given(small["protected"]) == [{"student_id": "a1", "name": "sex", "value": "F", "known_on": "2023-09-01"}]


def test_a_term_becomes_one_grade_record_and_an_absence_total_of_zero_is_kept(small: dict[str, pl.DataFrame]) -> None:
    assert given(small["grades"]) == [
        {
            "student_id": "a1",
            "school_id": "Hill School",
            "awarded_on": "2024-01-31",
            "course": "all courses",
            "term": "1",
            "value": 12.5,
            "scale_max": 20.0,
            "credits_earned": 3.0,
            "core": False,
            "known_on": "2024-01-31",
        }
    ]
    totals = small["attendance"].select("student_id", "category", "n_sessions")
    assert totals.rows() == [("a1", "absent", 0.0), ("b2", "absent", 4.0)]


def test_a_student_without_an_outcome_has_no_outcome_row(small: dict[str, pl.DataFrame]) -> None:
    day = "2024-07-01"

    assert given(small["outcomes"]) == [
        {"student_id": "a1", "kind": "graduated", "exit_code": "Graduated", "happened_on": day, "known_on": day}
    ]


def test_columns_that_are_not_required_may_be_absent(tmp_path: Path) -> None:
    rows, faults = typed_by_kind(reader_of(tmp_path, csv_bytes("a1,150,A", header="Id,Score,Track")))

    assert faults.is_empty()
    assert rows.keys() == {"schools", "students", "enrolments", "attributes"}
    assert rows["enrolments"]["school_id"].to_list() == ["Hill School"]


def test_headers_quotes_and_line_ends_are_read_forgivingly(tmp_path: Path) -> None:
    header = HEADER.replace("Score", '"Score\t"').replace("Born", " Born ")
    ana = ANA.replace("Hill School", '"Hill, ""Lower""\nSchool"')
    content = csv_bytes("", ana, "", BEN, "", header=header).replace(b"\n", b"\r\n") + b"\x1a"

    rows, faults = typed_by_kind(reader_of(tmp_path, content))

    assert faults.is_empty()
    assert rows["enrolments"]["school_id"].to_list() == ['Hill, "Lower"\nSchool', "Hill School"]
    assert rows["attributes"].filter(name="score")["value"].to_list() == ["127.3", "99"]


@pytest.mark.parametrize(("name", "file", "n_rows", "kinds"), REAL, ids=[name for name, *_ in REAL])
def test_the_real_files_read_without_a_fault(
    name: str, file: str, n_rows: int, kinds: dict[str, int], tmp_path: Path
) -> None:
    content, schema = real_file(file).read_bytes(), CohortSchema.from_yaml(COHORTS / f"{name}.yaml")

    rows, faults = typed_by_kind(reader_of(tmp_path, content, schema))

    assert faults.is_empty()
    assert rows["students"].height == n_rows
    assert dict(rows["outcomes"]["kind"].value_counts().rows()) == kinds
    kind_of = outcome_codes.written().kind_of
    assert [kind_of(code) for code in rows["outcomes"]["exit_code"]] == rows["outcomes"]["kind"].to_list()


def test_the_real_file_is_read_within_a_second_and_a_half(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, real_file("uci697/data.csv").read_bytes(), UCI_697)

    started = time.process_time()
    typed_by_kind(reader)

    assert time.process_time() - started < 1.5


def test_a_made_up_cohort_reads_clean_and_is_the_same_every_time(tmp_path: Path) -> None:
    assert write_flat_cohort(tmp_path / "a.csv", n=600, seed=3) == []
    write_flat_cohort(tmp_path / "b.csv", n=600, seed=3)
    content = (tmp_path / "a.csv").read_bytes()

    rows, faults = typed_by_kind(reader_of(tmp_path, content, UCI_697))

    assert (tmp_path / "b.csv").read_bytes() == content
    assert faults.is_empty()
    assert rows["students"]["student_id"].to_list()[:: 600 - 1] == ["697-00001", "697-00600"]
    assert 0.2 < (rows["outcomes"]["kind"] == "dropped_out").sum() / 600 < 0.42


def test_a_large_file_with_fifty_planted_faults_reports_exactly_those_fifty(tmp_path: Path) -> None:
    mistakes = [list(CELL_MISTAKES)[number % len(CELL_MISTAKES)] for number in range(50)]
    planted = write_flat_cohort(tmp_path / "spoilt.csv", n=10_000, seed=4, mistakes=mistakes)

    rows, faults = typed_by_kind(reader_of(tmp_path, (tmp_path / "spoilt.csv").read_bytes(), UCI_697))

    assert problems(faults) == sorted((fault.line, fault.column, fault.problem) for fault in planted)
    assert rows["students"].height == 10_000 - 50


@pytest.mark.parametrize("mistake", FILE_MISTAKES)
def test_each_planted_fault_of_a_made_up_cohort_is_found_alone(mistake: str, tmp_path: Path) -> None:
    (planted,) = write_flat_cohort(tmp_path / "spoilt.csv", n=200, seed=5, mistakes=[mistake])

    try:
        _rows, faults = typed_by_kind(reader_of(tmp_path, (tmp_path / "spoilt.csv").read_bytes(), UCI_697))
        found = problems(faults)
    except FileRefused as refusal:
        found = [(error.line, error.column, error.problem) for error in refusal.errors]

    assert found == [(planted.line, planted.column, planted.problem)]
