"""A flat cohort in blocks gives the facts that it gives at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from students.importing import cohort_format
from students.importing.cohort_schema import CohortSchema
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_batches import problems
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, reader_of, small_schema
from tests.students.importing.small_files import bytes_read, typed_by_kind

REAL = {
    "uci_697": "uci697/data.csv",
    "uci_320_por": "uci320/student-por.csv",
    "uci_320_mat": "uci320/student-mat.csv",
}


@pytest.mark.parametrize("name", list(REAL))
def test_a_real_cohort_gives_the_same_facts_in_blocks_as_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, schema = real_file(REAL[name]).read_bytes(), CohortSchema.from_yaml(COHORTS / f"{name}.yaml")
    whole, _faults = typed_by_kind(reader_of(tmp_path, content, schema))
    monkeypatch.setattr(cohort_format, "_BLOCK_BYTES", len(content) // 4)

    rows, faults = typed_by_kind(reader_of(tmp_path, content, schema))

    assert faults.is_empty()
    assert rows.keys() == whole.keys()
    for kind, found in rows.items():
        # A school has no line of its own.
        wanted = whole[kind].drop("line") if kind == "schools" else whole[kind]
        assert_frame_equal(found.select(wanted.columns), wanted, check_row_order=False)


def test_a_student_who_stands_twice_far_apart_is_told_with_the_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort_format, "_BLOCK_BYTES", 400)
    others = [ANA.replace("a1", f"c{number}") for number in range(20)]

    rows, faults = typed_by_kind(reader_of(tmp_path, csv_bytes(ANA, *others, ANA, BEN, ANA)))

    assert faults.select("line", "problem", "allowed").rows() == [
        (23, "duplicate_identifier", "2"),
        (25, "duplicate_identifier", "2"),
    ]
    assert rows["students"].height == 22
    assert rows["schools"]["school_id"].to_list() == ["Hill School"]


def test_students_without_a_number_keep_their_place_when_a_bad_line_is_left_out(tmp_path: Path) -> None:
    columns = [column for column in small_schema().as_json()["columns"] if column["kind"] != "identifier"]
    schema = small_schema(identifier={"column": None, "from": "line", "prefix": "x"}, columns=columns)
    lines = [line.partition(",")[2] for line in (ANA, BEN, ANA, BEN)]
    lines[1] += ",too many"

    rows, faults = typed_by_kind(reader_of(tmp_path, csv_bytes(*lines, header=HEADER.partition(",")[2]), schema))

    assert problems(faults) == [(3, "", "ragged")]
    assert rows["students"]["student_id"].to_list() == ["x-00001", "x-00003", "x-00004"]
    assert set(rows["attributes"]["student_id"]) == {"x-00001", "x-00003", "x-00004"}


def test_every_byte_counts_and_outcomes_carry_no_number_of_the_file(tmp_path: Path) -> None:
    content = csv_bytes(ANA, BEN)

    batches = list(reader_of(tmp_path, content).batches())

    assert bytes_read(batches) == len(content)
    assert [batch.kind for batch in batches][:3] == ["schools", "students", "enrolments"]
    outcomes = next(batch.rows for batch in batches if batch.kind == "outcomes")
    assert "outcome_id" not in outcomes.columns
