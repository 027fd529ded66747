"""A flat cohort in blocks gives the facts that it gives at once, and names the same faults."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from students.importing import cohort_format
from students.importing.batches import Options
from students.importing.cohort_csv import read_cohort
from students.importing.cohort_format import CohortReader
from students.importing.cohort_schema import CohortSchema
from students.importing.file_errors import FileRefused
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_batches import TODAY, problems, sentences
from tests.students.importing.small_cohort import ANA, BEN, HEADER, csv_bytes, small_schema
from tests.students.importing.small_files import bytes_read, container_of, typed_by_kind
from tests.students.importing.test_refused_files import ONE_FAULT

REAL = {
    "uci_697": "uci697/data.csv",
    "uci_320_por": "uci320/student-por.csv",
    "uci_320_mat": "uci320/student-mat.csv",
}
IN_THE_HEADER = {"unknown column", "misspelt column", "missing column"}
CELLS = {name: case for name, case in ONE_FAULT.items() if name not in IN_THE_HEADER}


def reader_of(folder: Path, content: bytes, schema: CohortSchema | None = None) -> CohortReader:
    options = Options(today=TODAY, schema=schema or small_schema())
    return CohortReader(container_of(folder, {"cohort.csv": content}), options)


@pytest.mark.parametrize("name", list(REAL))
def test_a_real_cohort_gives_the_same_facts_in_blocks_as_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort_format, "_BLOCK_BYTES", 150_000)
    path, schema = real_file(REAL[name]), CohortSchema.from_yaml(COHORTS / f"{name}.yaml")
    whole = read_cohort(path, schema)

    rows, faults = typed_by_kind(reader_of(tmp_path, path.read_bytes(), schema))

    assert faults.is_empty()
    for kind, found in rows.items():
        frame = pl.from_pandas(getattr(whole, kind)).drop("outcome_id", "corrects_id", strict=False)
        days = [pl.col(column).cast(pl.Date) for column in frame.columns if column.endswith("_on")]
        wanted = frame.with_columns(days).with_columns(pl.col(pl.String).replace("", None))
        assert_frame_equal(found.select(wanted.columns), wanted, check_row_order=False)


@pytest.mark.parametrize(("content", "sentence"), CELLS.values(), ids=CELLS.keys())
def test_a_bad_line_is_told_by_the_same_sentence_and_the_others_go_on(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    rows, faults = typed_by_kind(reader_of(tmp_path, content))

    assert sentences(faults) == [sentence]
    assert set(faults["line"]).isdisjoint(rows["students"]["line"])


@pytest.mark.parametrize("name", sorted(IN_THE_HEADER))
def test_a_header_that_does_not_fit_the_schema_is_refused_as_before(name: str, tmp_path: Path) -> None:
    content, sentence = ONE_FAULT[name]

    with pytest.raises(FileRefused) as refusal:
        reader_of(tmp_path, content)

    assert [error.sentence() for error in refusal.value.errors] == [sentence]


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


def test_a_header_without_students_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="has a header but no students"):
        list(reader_of(tmp_path, csv_bytes()).batches())


def test_a_separator_the_schema_does_not_ask_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="The schema says that values are separated by semicolon"):
        reader_of(tmp_path, csv_bytes(ANA, BEN), small_schema(delimiter=";"))
