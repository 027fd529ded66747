"""Broken OneRoster bundles: what cannot be read is refused, bad lines are named one by one, the rest goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from students.importing.file_errors import SENTENCES, FileRefused
from tests.students.importing.oneroster_files import (
    CLASSES,
    COURSES,
    ORGS,
    SESSIONS,
    Rows,
    bundle,
    enrolled,
    faults,
    person,
    read,
    reader_of,
)

ADA = person("u1", "Ada", "Obi", role="student", orgSourcedIds="N", grades="09")
ROSTER: Mapping[str, Rows] = {"orgs": ORGS, "academicSessions": SESSIONS, "users": [ADA]}


def refusal(folder: Path, texts: Mapping[str, str]) -> str:
    """Return the sentence with which a bundle is refused."""
    with pytest.raises(FileRefused) as refused:
        list(reader_of(folder, texts).batches())
    return str(refused.value)


def test_a_file_that_the_manifest_promises_must_be_there(tmp_path: Path) -> None:
    texts = bundle(ROSTER, modes={"enrollments": "bulk"})

    assert refusal(tmp_path, texts).startswith("manifest.csv says bulk for enrollments.csv, but the zip")


def test_a_word_of_the_manifest_that_is_not_known_is_refused(tmp_path: Path) -> None:
    texts = bundle(ROSTER, modes={"users": "full"})

    assert '"full" is not allowed for file.users' in refusal(tmp_path, texts)


def test_a_bundle_of_which_everything_is_absent_is_refused(tmp_path: Path) -> None:
    assert "calls every file absent" in refusal(tmp_path, bundle(ROSTER, mode="absent"))


def test_users_without_roles_are_refused(tmp_path: Path) -> None:
    texts = bundle({"users": [ADA]})
    texts["users.csv"] = texts["users.csv"].replace(",role,", ",rank,")

    assert refusal(tmp_path, texts).startswith("Nothing says who is a student.")


def test_a_column_that_cannot_be_done_without_is_named(tmp_path: Path) -> None:
    texts = bundle(ROSTER)
    texts["orgs.csv"] = texts["orgs.csv"].replace(",type,", ",sort,")

    assert refusal(tmp_path, texts) == 'Column "type" is missing from orgs.csv. Add it; the file needs it.'


def test_a_file_that_the_manifest_calls_absent_is_not_read(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, bundle({**ROSTER, "demographics": []}, modes={"demographics": "absent"}))

    batches = list(reader.batches())

    assert "protected" not in read(batches)
    assert any("calls demographics.csv absent" in note for note in reader.report.notes)


def test_a_student_at_a_district_or_an_unknown_school_is_left_out(tmp_path: Path) -> None:
    people = [ADA, {**ADA, "sourcedId": "u2", "orgSourcedIds": "D"}, {**ADA, "sourcedId": "u3", "orgSourcedIds": "X"}]
    people += [{**ADA, "sourcedId": "u4", "orgSourcedIds": "N-MATH"}, {**ADA, "sourcedId": "u5", "orgSourcedIds": ""}]

    batches = list(reader_of(tmp_path, bundle({**ROSTER, "users": people})).batches())

    assert faults(batches) == [
        ("users.csv", 6, "orgSourcedIds", "", "missing"),
        ("users.csv", 4, "orgSourcedIds", "X", "oneroster_unknown_org"),
        ("users.csv", 3, "orgSourcedIds", "D", "oneroster_org_not_school"),
    ]
    assert [(row["student_id"], row["school_id"]) for row in read(batches)["enrolments"]] == [("u1", "N"), ("u4", "N")]


def test_parents_that_go_round_in_a_circle_end_in_a_fault(tmp_path: Path) -> None:
    circle = [
        {"sourcedId": "A", "name": "A", "type": "department", "parentSourcedId": "B"},
        {"sourcedId": "B", "name": "B", "type": "local", "parentSourcedId": "A"},
        {"sourcedId": "C", "name": "C", "type": "local", "parentSourcedId": "C"},
    ]

    batches = list(reader_of(tmp_path, bundle({**ROSTER, "orgs": [*ORGS, *circle]})).batches())

    assert [(line, problem) for _file, line, _column, _value, problem in faults(batches)] == [
        (6, "oneroster_org_circle"),
        (7, "oneroster_org_circle"),
        (8, "oneroster_org_circle"),
    ]


def test_words_outside_of_their_lists_are_faults_of_their_lines(tmp_path: Path) -> None:
    files = {
        "orgs": [*ORGS, {"sourcedId": "Z", "name": "Zoo", "type": "zoo"}],
        "academicSessions": [{**SESSIONS[0], "type": "epoch"}],
        "users": [ADA, {**ADA, "sourcedId": "u2", "role": "pupil"}, {**ADA, "sourcedId": "u3", "status": "maybe"}],
        "demographics": [{"userSourcedId": "u1", "sex": "yes", "asian": "perhaps"}],
        "classes": CLASSES,
        "courses": COURSES,
        "lineItems": [{"sourcedId": "quiz", "classSourcedId": "alg-n", "resultValueMax": "20"}],
        "results": [
            {
                "sourcedId": "r1",
                "lineItemSourcedId": "quiz",
                "studentSourcedId": "u1",
                "scoreStatus": "good",
                "score": "1",
            }
        ],
        "enrollments": [enrolled("u1", "N", "alg-n", role="visitor")],
    }

    batches = list(reader_of(tmp_path, bundle(files)).batches())

    assert [(file, column, value) for file, _line, column, value, _problem in faults(batches)] == [
        ("orgs.csv", "type", "zoo"),
        ("academicSessions.csv", "type", "epoch"),
        ("users.csv", "status", "maybe"),
        ("users.csv", "role", "pupil"),
        ("enrollments.csv", "role", "visitor"),
        ("demographics.csv", "asian", "perhaps"),
        ("demographics.csv", "sex", "yes"),
        ("results.csv", "scoreStatus", "good"),
    ]
    assert {problem for *_place, problem in faults(batches)} == {"not_allowed"}


def test_class_enrolments_of_strangers_and_impossible_days_are_named_and_move_nothing(tmp_path: Path) -> None:
    lines = [
        enrolled("u1", "N", "alg-n", "2025-09-01"),
        enrolled("u1", "N", "art-s", "0003-09-01", "6209-01-01"),
        enrolled("u1", "N", "art-s", "soon"),
        enrolled("u9", "N", "alg-n"),
        enrolled("u1", "D", "alg-n"),
    ]

    batches = list(reader_of(tmp_path, bundle({**ROSTER, "classes": CLASSES, "enrollments": lines})).batches())

    assert [(line, column, problem) for _file, line, column, _value, problem in faults(batches)] == [
        (5, "userSourcedId", "oneroster_unknown_student"),
        (6, "schoolSourcedId", "oneroster_org_not_school"),
        (4, "beginDate", "not_a_date"),
        (3, "beginDate", "date_out_of_range"),
        (3, "endDate", "date_out_of_range"),
    ]
    assert [row["entered_on"] for row in read(batches)["enrolments"]] == ["2025-09-01"]


def test_results_whose_course_nobody_knows_are_named(tmp_path: Path) -> None:
    result = {"studentSourcedId": "u1", "scoreStatus": "fully graded", "score": "5", "scoreDate": "2025-10-01"}
    files = {
        "lineItems": [{"sourcedId": "quiz", "classSourcedId": "gone", "resultValueMax": "20"}],
        "results": [
            {**result, "sourcedId": "r1", "lineItemSourcedId": "quiz"},
            {**result, "sourcedId": "r2", "lineItemSourcedId": "test"},
        ],
    }

    batches = list(reader_of(tmp_path, bundle(files, mode="delta")).batches())

    assert faults(batches) == [
        ("results.csv", 3, "lineItemSourcedId", "test", "oneroster_unknown_line_item"),
        ("results.csv", 2, "lineItemSourcedId", "gone", "oneroster_unknown_class"),
    ]


def test_sessions_with_impossible_days_are_named(tmp_path: Path) -> None:
    sessions = [{**SESSIONS[1], "startDate": "2025-02-30"}, {**SESSIONS[2], "endDate": "2025-08-25"}]

    batches = list(reader_of(tmp_path, bundle({**ROSTER, "academicSessions": sessions})).batches())

    assert [(line, column, problem) for _file, line, column, _value, problem in faults(batches)] == [
        (3, "endDate", "oneroster_session_ends_first"),
        (2, "startDate", "not_a_date"),
    ]
    assert "terms" not in read(batches)


def test_our_own_file_without_a_needed_column_refuses_the_bundle(tmp_path: Path) -> None:
    texts = {**bundle(ROSTER), "attendance.csv": "student_id,colour\nu1,blue\n"}

    assert "is missing from attendance.csv" in refusal(tmp_path, texts)


def test_every_fault_has_a_sentence() -> None:
    problems = [problem for problem in SENTENCES if problem.startswith("oneroster_")]
    filled = [SENTENCES[problem] % {"line": 3, "column": "c", "value": "v", "allowed": "a"} for problem in problems]

    assert len(problems) == 11
    assert all(sentence.endswith(".") for sentence in filled)
