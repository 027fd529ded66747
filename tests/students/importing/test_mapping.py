"""A file of unknown columns: a proposal by names and cells, a check of what a person says, and the rows by that."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from students.importing.batches import Options
from students.importing.file_errors import FileRefused
from students.importing.mapping import MappedReader, checked, proposed
from tests.students.importing.small_batches import TODAY, problems
from tests.students.importing.small_files import container_of, typed_by_kind

ABSENCES = "Nr;Wann;Was;Haus;Geschlecht\nA1;03.09.2025;absent;Hill;f\nA2;04.09.2025;Late;Hill;m\n"
MAPPING = {
    "kind": "attendance",
    "columns": {"student_id": "Nr", "held_on": "Wann", "category": "Was"},
    "date_format": "",
}
HEADER = ["Nr", "Wann", "Was", "Haus", "Geschlecht"]
PROPOSALS = {
    "by names nearly right": (
        ["Student Identification No", "Date of Absense", "Attendance Status"],
        [["1001", "9/15/2025", "absent"], ["1002", "9/16/2025", "tardy"]],
        ("attendance", {"student_id": 0, "held_on": 1, "category": 2}, "%m/%d/%Y"),
    ),
    "by cells alone": (
        ["A", "B", "C"],
        [["S001", "2025-09-15", "absent"], ["S002", "2025-09-16", "tardy"], ["S003", "2025-09-16", "absent"]],
        ("attendance", {"student_id": 0, "held_on": 1, "category": 2}, ""),
    ),
    "a roster": (
        ["Pupil No", "Pupil Forename", "Pupil Surname", "D.O.B.", "Year Group"],
        [["1", "Ana", "Núñez", "25/12/2009", "9"], ["2", "Ben", "Li", "01/02/2010", "9"]],
        ("students", {"student_id": 0, "given_name": 1, "family_name": 2, "birth_on": 3, "grade_level": 4}, "%d/%m/%Y"),
    ),
    "grades with days as Excel counts them": (
        ["student_num", "course_ttl", "final_grade_pct", "date_given"],
        [["1", "Algebra", "88", "45550"], ["2", "Algebra", "71", "45551"]],
        ("grades", {"student_id": 0, "course": 1, "value": 2}, ""),
    ),
}


@pytest.mark.parametrize(("header", "sample", "wanted"), PROPOSALS.values(), ids=PROPOSALS.keys())
def test_a_kind_its_columns_and_the_order_of_dates_are_proposed(
    header: list[str], sample: list[list[str]], wanted: tuple[str, dict[str, int], str]
) -> None:
    kind, columns, date_format = wanted

    proposal = proposed(header, sample)

    assert proposal.kind == kind
    assert {field: header[place] for field, place in columns.items()}.items() <= proposal.columns.items()
    assert proposal.date_format == date_format
    assert all(0 < score <= 1 for score in proposal.scores.values())
    assert set(proposal.unmatched) | set(proposal.columns.values()) == set(header)


def test_protected_columns_are_proposed_as_such_and_withheld_ones_not_at_all() -> None:
    header = ["student_id", "first_name", "Ethnicity", "ssn"]

    proposal = proposed(header, [["1", "Ana", "x", ""]], withheld=["ssn"])

    assert proposal.columns["protected:ethnicity"] == "Ethnicity"
    assert proposal.unmatched == ["ssn"]
    assert json.loads(json.dumps(proposal.as_json()))["kind"] == "students"


def test_a_file_of_very_many_columns_is_proposed_in_time() -> None:
    header = [f"column {place}" for place in range(500)]

    proposal = proposed(header, [["x"] * 500] * 20)

    assert len(proposal.unmatched) >= 490


@pytest.mark.parametrize("date_format", ["", "%d.%m.%Y"])
def test_a_mapping_in_order_has_no_problem(date_format: str) -> None:
    columns = {**MAPPING["columns"], "attribute:House": "Haus", "protected:Gender": "Geschlecht"}

    assert checked({**MAPPING, "columns": columns, "date_format": date_format}, HEADER) == []


WRONG = {
    "no kind": ({"kind": "cats"}, "Say what the rows of this file are"),
    "no columns": ({"columns": {}}, "Say for at least one column what it is."),
    "required missing": (
        {"columns": {"student_id": "Nr", "held_on": "Wann"}},
        'No column is named for "category" (absent or tardy). Every row needs it.',
    ),
    "header twice": (
        {"columns": {**MAPPING["columns"], "school_id": "Nr"}},
        'Column "Nr" is chosen more than once. Keep one.',
    ),
    "header not there": ({"columns": {**MAPPING["columns"], "school_id": "Ort"}}, 'The file has no column "Ort".'),
    "unknown column": (
        {"columns": {**MAPPING["columns"], "shoe": "Haus"}},
        '"shoe" is not a column of absences and tardies.',
    ),
    "attribute without a name": (
        {"columns": {**MAPPING["columns"], "attribute:": "Haus"}},
        '"attribute:" is not a column of absences and tardies.',
    ),
    "attribute of a school": (
        {"kind": "schools", "columns": {"school_id": "Nr", "name": "Haus", "attribute:x": "Was"}},
        '"attribute:x" says something of a student, but these rows are schools.',
    ),
    "date format": ({"date_format": "%H:%M"}, '"%H:%M" is no form of dates.'),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_mapping_is_said(changes: dict[str, object], sentence: str) -> None:
    problems_found = checked({**MAPPING, **changes}, HEADER)

    assert len(problems_found) == 1
    assert problems_found[0].startswith(sentence)


def test_a_mapped_file_is_read_with_its_attributes_under_their_names(tmp_path: Path) -> None:
    columns = {**MAPPING["columns"], "attribute:House Name": "Haus", "protected:Gender": "Geschlecht"}
    options = Options(today=TODAY, mapping={**MAPPING, "columns": columns})

    reader = MappedReader(container_of(tmp_path, {"fehlzeiten.csv": ABSENCES}), options)
    rows, faults = typed_by_kind(reader)

    assert faults.is_empty()
    assert rows["attendance"].select("student_id", "held_on", "category").rows() == [
        ("A1", date(2025, 9, 3), "absent"),
        ("A2", date(2025, 9, 4), "tardy"),
    ]
    assert rows["attributes"].select("student_id", "name", "value", "known_on").rows()[0] == (
        *("A1", "house_name", "Hill", TODAY),
    )
    assert rows["protected"]["name"].to_list() == ["gender", "gender"]


def test_the_order_of_dates_that_a_person_chose_holds_for_the_whole_file(tmp_path: Path) -> None:
    text = "id,date,status\nA1,3/4/2025,absent\nA1,3/25/2025,absent\n"
    columns = {"student_id": "id", "held_on": "date", "category": "status"}
    mapping = {"kind": "attendance", "columns": columns, "date_format": "%d/%m/%Y"}

    reader = MappedReader(container_of(tmp_path, {"a.csv": text}), Options(today=TODAY, mapping=mapping))
    rows, faults = typed_by_kind(reader)

    assert rows["attendance"]["held_on"].to_list() == [date(2025, 4, 3)]
    assert problems(faults) == [(3, "date", "not_a_date")]


def test_a_later_file_without_a_mapped_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match='Column "Nr" is missing from b.csv'):
        MappedReader(
            container_of(tmp_path, {"b.csv": "Wann,Was\n2025-09-15,absent\n"}), Options(today=TODAY, mapping=MAPPING)
        )


def test_a_mapped_column_that_is_never_stored_is_told_and_not_read(tmp_path: Path) -> None:
    columns = {**MAPPING["columns"], "attribute:ssn": "SSN"}
    text = "Nr,Wann,Was,SSN\nA1,2025-09-15,absent,123-45-6789\n"

    reader = MappedReader(
        container_of(tmp_path, {"c.csv": text}), Options(today=TODAY, mapping={**MAPPING, "columns": columns})
    )
    rows, _faults = typed_by_kind(reader)

    assert set(rows) == {"attendance"}
    assert reader.report.withheld == {"c.csv": ["SSN"]}
