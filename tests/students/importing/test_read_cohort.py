"""A flat cohort becomes dated facts; nothing is guessed, nothing missing becomes zero."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from students import outcome_codes
from students.importing.cohort_csv import FileRefused, read_cohort
from students.importing.cohort_schema import CohortSchema
from tests.flat_cohort import CELL_MISTAKES, FILE_MISTAKES, write_flat_cohort
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, small_schema

REAL = [
    ("uci_697", "uci697/data.csv", 4424, {"graduated": 2209, "dropped_out": 1421, "continued": 794}),
    ("uci_320_por", "uci320/student-por.csv", 649, {"continued": 549, "dropped_out": 100}),
    ("uci_320_mat", "uci320/student-mat.csv", 395, {"continued": 265, "dropped_out": 130}),
]


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows as plain values: dates as text, missing as None."""
    plain = frame.copy()
    for name in plain.select_dtypes("datetime"):
        plain[name] = plain[name].dt.strftime("%Y-%m-%d")
    return plain.astype("object").where(plain.notna(), None).to_dict("records")


def test_students_and_enrolments_carry_the_conventional_dates() -> None:
    cohort = read_cohort(csv_bytes(ANA, BEN), small_schema())

    names = ("student_id", "given_name", "family_name", "birth_on", "known_on")
    assert records(cohort.students) == [
        dict(zip(names, ("a1", "Ana", "Núñez", "2008-03-01", "2023-09-01"), strict=True)),
        dict(zip(names, ("b2", "Ben", "", None, "2023-09-01"), strict=True)),
    ]
    assert records(cohort.enrolments)[0] == {
        "student_id": "a1",
        "school_id": "Hill School",
        "grade_level": "9",
        "entered_on": "2023-09-01",
        "exited_on": None,
        "exit_reason": "",
        "known_on": "2023-09-01",
        "exit_known_on": None,
    }
    assert records(cohort.schools) == [{"school_id": "Hill School", "name": "Hill School"}]


def test_attributes_are_long_and_leave_missing_values_out() -> None:
    cohort = read_cohort(csv_bytes(ANA, BEN), small_schema())

    found = {(row.student_id, row.name, row.value) for row in cohort.attributes.itertuples(index=False)}

    assert found == {
        ("a1", "score", "127.3"),
        ("a1", "siblings", "2"),
        ("a1", "track", "A"),
        ("a1", "bus", "1"),
        ("b2", "score", "99"),
        ("b2", "track", "S"),
        ("b2", "bus", "0"),
    }
    assert records(cohort.protected) == [
        {"student_id": "a1", "name": "sex", "value": "F", "known_on": "2023-09-01"},
    ]


def test_a_term_becomes_one_grade_record_and_an_absence_total_of_zero_is_kept() -> None:
    cohort = read_cohort(csv_bytes(ANA, BEN), small_schema())

    assert records(cohort.grades) == [
        {
            "student_id": "a1",
            "school_id": "Hill School",
            "awarded_on": "2024-01-31",
            "course": "all courses",
            "term": "1",
            "value": 12.5,
            "scale_max": 20.0,
            "credits_attempted": None,
            "credits_earned": 3.0,
            "core": False,
            "known_on": "2024-01-31",
        }
    ]
    totals = cohort.attendance[["student_id", "category", "n_sessions"]]
    assert totals.to_dict("list") == {"student_id": ["a1", "b2"], "category": ["absent"] * 2, "n_sessions": [0.0, 4.0]}


def test_a_student_without_an_outcome_has_no_outcome_row() -> None:
    cohort = read_cohort(csv_bytes(ANA, BEN), small_schema())

    assert records(cohort.outcomes) == [
        {
            "outcome_id": 1,
            "corrects_id": None,
            "student_id": "a1",
            "kind": "graduated",
            "exit_code": "Graduated",
            "happened_on": "2024-07-01",
            "known_on": "2024-07-01",
        }
    ]


def test_the_wide_table_is_typed_by_the_schema() -> None:
    wide = read_cohort(csv_bytes(ANA, BEN), small_schema()).wide

    assert list(wide.index) == ["a1", "b2"]
    assert wide.loc["a1", ["score", "siblings", "bus", "mark"]].tolist() == [127.3, 2.0, 1.0, 12.5]
    assert wide[["siblings", "mark"]].dtypes.tolist() == [np.dtype("float64")] * 2
    assert np.isnan(wide.loc["b2", "siblings"])
    assert list(wide["track"].cat.categories) == ["A", "S"]
    assert "student" not in wide
    assert "Counselor" not in wide


def test_columns_that_are_not_required_may_be_absent_and_are_named() -> None:
    cohort = read_cohort(csv_bytes("a1,150,A", header="Id,Score,Track"), small_schema())

    assert cohort.absent_columns[:3] == ("First name", "Surname", "Born")
    assert cohort.grades.empty
    assert cohort.outcomes.empty
    assert cohort.grades.columns.tolist()[:3] == ["student_id", "school_id", "awarded_on"]
    assert cohort.enrolments["school_id"].tolist() == ["Hill School"]


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_names_survive_every_usual_encoding_and_it_is_said_which(encoding: str, read_as: str) -> None:
    cohort = read_cohort(csv_bytes(ANA, BEN, encoding=encoding), small_schema())

    assert cohort.encoding == read_as
    assert cohort.students["family_name"].tolist()[0] == "Núñez"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_from_the_names_of_the_columns(delimiter: str) -> None:
    content = csv_bytes(ANA, BEN).replace(b",", delimiter.encode())

    cohort = read_cohort(content, small_schema())

    assert cohort.delimiter == delimiter
    assert cohort.n_rows == 2


def test_headers_quotes_and_line_ends_are_read_forgivingly() -> None:
    header = HEADER.replace("Score", '"Score\t"').replace("Born", " Born ")
    ana = ANA.replace("Hill School", '"Hill, ""Lower""\nSchool"')
    content = csv_bytes("", ana, "", BEN, "", header=header).replace(b"\n", b"\r\n") + b"\x1a"

    cohort = read_cohort(content, small_schema())

    assert cohort.enrolments["school_id"].tolist() == ['Hill, "Lower"\nSchool', "Hill School"]
    assert cohort.wide["score"].tolist() == [127.3, 99.0]


def test_ids_made_from_the_line_do_not_depend_on_what_the_line_holds(tmp_path: Path) -> None:
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")
    write_flat_cohort(tmp_path / "a.csv", n=12, seed=1)
    write_flat_cohort(tmp_path / "b.csv", n=12, seed=2)

    a, b = (read_cohort(tmp_path / name, schema) for name in ("a.csv", "b.csv"))

    assert a.students["student_id"].tolist() == b.students["student_id"].tolist()
    assert a.students["student_id"].iloc[[0, -1]].tolist() == ["697-00001", "697-00012"]


@pytest.mark.parametrize(("name", "file", "n_rows", "kinds"), REAL, ids=[name for name, *_ in REAL])
def test_the_real_files_read_without_a_fault(name: str, file: str, n_rows: int, kinds: dict[str, int]) -> None:
    path = real_file(file)

    cohort = read_cohort(path, CohortSchema.from_yaml(COHORTS / f"{name}.yaml"))

    assert cohort.n_rows == n_rows
    assert cohort.outcomes["kind"].value_counts().to_dict() == kinds
    assert cohort.absent_columns == ()
    kind_of = outcome_codes.written().kind_of
    assert [kind_of(code) for code in cohort.outcomes["exit_code"]] == cohort.outcomes["kind"].tolist()


def test_the_wide_table_of_the_real_file_holds_what_the_file_holds() -> None:
    path = real_file("uci697/data.csv")
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")

    wide = read_cohort(path, schema).wide

    expected = pd.read_csv(path, sep=";", encoding="utf-8-sig")
    expected.columns = expected.columns.str.strip()
    assert wide.shape == (4424, 37)
    for column in schema.columns:
        values = wide[str(column.name)]
        plain = values.astype(expected[column.header].dtype) if column.type == "category" else values
        np.testing.assert_array_equal(plain.to_numpy(), expected[column.header].to_numpy())


def test_the_rule_of_the_real_cohort_ranks_as_its_comment_says() -> None:
    path = real_file("uci697/data.csv")
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")
    cohort = read_cohort(path, schema)

    points = pd.Series(0.0, index=cohort.wide.index)
    for step in schema.rule:
        values = cohort.wide[step.feature]
        points += step.points * ((values < step.value) if step.op == "below" else (values == step.value))

    left = (cohort.outcomes["kind"] == "dropped_out").to_numpy()
    ranks = points.rank().to_numpy()
    auc = (ranks[left].mean() - (left.sum() + 1) / 2) / (~left).sum()
    assert auc == pytest.approx(0.8547, abs=0.0005)


def test_the_real_file_is_read_within_a_second_and_a_half() -> None:
    path = real_file("uci697/data.csv")
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")

    started = time.process_time()
    read_cohort(path, schema)

    assert time.process_time() - started < 1.5


def test_a_made_up_cohort_reads_clean_and_is_the_same_every_time(tmp_path: Path) -> None:
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")

    faults = write_flat_cohort(tmp_path / "a.csv", n=600, seed=3)
    write_flat_cohort(tmp_path / "b.csv", n=600, seed=3)
    cohort = read_cohort(tmp_path / "a.csv", schema)

    assert faults == []
    assert cohort.n_rows == 600
    assert 0.2 < (cohort.outcomes["kind"] == "dropped_out").mean() < 0.42
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_large_file_with_fifty_planted_faults_reports_exactly_those_fifty(tmp_path: Path) -> None:
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")
    mistakes = [list(CELL_MISTAKES)[number % len(CELL_MISTAKES)] for number in range(50)]
    planted = write_flat_cohort(tmp_path / "spoilt.csv", n=10_000, seed=4, mistakes=mistakes)

    with pytest.raises(FileRefused) as refusal:
        read_cohort(tmp_path / "spoilt.csv", schema)

    found = [(error.line, error.column, error.problem) for error in refusal.value.errors]
    assert refusal.value.n_errors == 50
    assert found == sorted((fault.line, fault.column, fault.problem) for fault in planted)


@pytest.mark.parametrize("mistake", FILE_MISTAKES)
def test_each_planted_fault_of_a_made_up_cohort_is_found_alone(mistake: str, tmp_path: Path) -> None:
    schema = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")
    (planted,) = write_flat_cohort(tmp_path / "spoilt.csv", n=200, seed=5, mistakes=[mistake])

    with pytest.raises(FileRefused) as refusal:
        read_cohort(tmp_path / "spoilt.csv", schema)

    (error,) = refusal.value.errors
    assert (error.line, error.column, error.problem) == (planted.line, planted.column, planted.problem)
