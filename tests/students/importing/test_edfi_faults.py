"""Broken Ed-Fi exports: what cannot be read is refused, bad records are named one by one, the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from students.importing.file_errors import SENTENCES, FileRefused
from tests.students.importing.edfi_files import (
    PERIODS,
    SCHOOLS,
    STUDENTS,
    N,
    association,
    at,
    descriptor,
    grade,
    incident_of,
    json_files,
    of,
    reader_of,
    reader_of_file,
)
from tests.students.importing.oneroster_files import faults, read


def refusal(folder: Path, text: str | bytes, name: str = "students.json") -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(FileRefused) as refused:
        list(reader_of_file(folder, name, text).batches())
    return str(refused.value)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_ends_in_the_middle_is_refused(tmp_path: Path, share: float) -> None:
    text = json.dumps(list(STUDENTS) * 50)

    sentence = refusal(tmp_path, text[: int(len(text) * share)])

    assert sentence.startswith("students.json: The file ends in the middle of a record.")


@pytest.mark.parametrize(
    "text", ['[{"studentUniqueId": "1"} {}]', '[{"studentUniqueId": nan}]', '[{"a": "\udcff"}]', "[{}] x", "[NaN]"]
)
def test_text_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    sentence = refusal(tmp_path, text.encode("utf-8", "surrogateescape"))

    assert sentence == "students.json: This file is not valid JSON. Export it again; do not change it by hand."


def test_brackets_without_end_are_refused_before_they_are_built(tmp_path: Path) -> None:
    deep = '[{"studentUniqueId": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}]"

    assert "more than 32 levels deep" in refusal(tmp_path, deep)


def test_brackets_within_text_are_no_depth(tmp_path: Path) -> None:
    tricky = ["[" * 100, '"{' * 50, "\\" * 33, '\\"[', "]}" * 50]
    students = [{"studentUniqueId": str(number), "firstName": name} for number, name in enumerate(tricky * 2000)]

    found = read(list(reader_of(tmp_path, json_files({"students": students})).batches()))

    assert [row["given_name"] for row in found["students"]] == tricky * 2000


@pytest.mark.parametrize("filler", ['"x"', '"' + "y" * 100 + '"', "[]"])
def test_one_record_that_never_ends_is_refused(tmp_path: Path, filler: str) -> None:
    long = '[{"studentUniqueId": "1", "telephones": [' + f"{filler}," * (10_000_000 // len(filler)) + '""]}]'

    assert "has a record of more than 4 MiB" in refusal(tmp_path, long)


def test_many_records_go_on_in_portions_with_their_positions(tmp_path: Path) -> None:
    n = 45_000
    students = [{"studentUniqueId": str(number), "firstName": '"[{,' + "x" * 200} for number in range(n)]

    batches = [batch for batch in reader_of(tmp_path, json_files({"students": students})).batches() if len(batch.rows)]

    rows = [row for batch in batches for row in batch.rows.select("line", "student_id").iter_rows()]
    assert len(batches) > 2
    assert rows == [(number + 1, str(number)) for number in range(n)]


def test_numbers_and_lists_in_place_of_records_keep_their_position(tmp_path: Path) -> None:
    text = json.dumps([1, [], None, {"studentUniqueId": 7, "firstName": {"a": 1}, "lastSurname": ["x"]}])

    rows = next(iter(reader_of_file(tmp_path, "students.json", text).batches())).rows

    assert rows["student_id"].to_list() == [None, None, None, "7"]
    assert rows["line"].to_list() == [1, 2, 3, 4]


def test_a_zip_without_any_known_resource_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="holds no resource of Ed-Fi"):
        reader_of(tmp_path, {"weather.json": "[]"})


def test_a_resource_that_is_not_read_is_noted(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, {**json_files({"students": STUDENTS}), "staffs.json": "[]"})

    assert reader.report.notes == ["staffs.json is no resource of Ed-Fi that is read, so it was left out."]


def test_unknown_codes_schools_and_incidents_are_named_by_their_position(tmp_path: Path) -> None:
    fight = descriptor("Behavior", "Fighting")
    event = {**of("1"), **at(N), "eventDate": "2025-09-01"}
    resources = {
        "schools": SCHOOLS,
        "studentSchoolAssociations": [association("1", N, "2025-08-25"), association("1", 99, "2025-08-25")],
        "studentSchoolAttendanceEvents": [
            {**event, "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", "Blue")}
        ],
        "disciplineIncidents": [],
        "studentDisciplineIncidentBehaviorAssociations": [
            {**of("1"), **incident_of("i9"), "behaviorDescriptor": fight}
        ],
    }

    batches = list(reader_of(tmp_path, json_files(resources)).batches())

    assert [fault[1:] for fault in faults(batches)] == [
        (2, "schoolId", "99", "edfi_unknown_school"),
        (1, "attendanceEventCategoryDescriptor", "Blue", "not_allowed"),
        (1, "incidentIdentifier", "i9", "edfi_unknown_incident"),
    ]
    assert len(read(batches)["enrolments"]) == 1


def test_a_grade_of_a_period_that_nothing_dates_is_named(tmp_path: Path) -> None:
    grades = [grade("1", "Third Six Weeks", numericGradeEarned=80)]

    batches = list(reader_of(tmp_path, json_files({"gradingPeriods": PERIODS, "grades": grades})).batches())

    assert [fault[1:] for fault in faults(batches)] == [
        (1, "gradingPeriodReference", "Third Six Weeks", "edfi_grade_without_day")
    ]


@pytest.mark.parametrize("number", ["1" * 5_000, "1e999999999999999999", "1." + "1" * 5_000, "12345678901234567890"])
def test_a_number_of_any_length_is_only_text(tmp_path: Path, number: str) -> None:
    text = f'[{{"studentUniqueId": {number}, "firstName": "Ada"}}]'

    rows = next(iter(reader_of_file(tmp_path, "students.json", text).batches())).rows

    assert rows["student_id"].to_list() == [number]


def test_every_fault_has_a_sentence() -> None:
    problems = [problem for problem in SENTENCES if problem.startswith(("edfi_", "json_"))]
    filled = [SENTENCES[problem] % {"line": 3, "column": "c", "value": "v", "allowed": "a"} for problem in problems]

    assert len(problems) == 8
    assert all(sentence.endswith(".") for sentence in filled)
