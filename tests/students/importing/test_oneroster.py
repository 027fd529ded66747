"""OneRoster bundles of both versions, full and with changes only, become rows of the portal's kinds of record."""

from __future__ import annotations

from pathlib import Path

from tests.students.importing.oneroster_files import (
    CLASSES,
    COURSES,
    ORGS,
    SESSIONS,
    bundle,
    enrolled,
    faults,
    person,
    read,
    reader_of,
)

PUPILS_1_1 = [
    person("u1", "Ada", "Obi", role="student", orgSourcedIds="N", grades="09", identifier="1001", password="secret"),
    person("u2", "Ben", "Lee", role="student", orgSourcedIds="D,S,N", grades="10", identifier="1002"),
    person("t1", "Tom", "Teach", role="teacher", orgSourcedIds="N"),
    person("p1", "Pia", "Obi", role="parent", orgSourcedIds="N"),
]
CLASS_ENROLMENTS = [
    enrolled("u1", "N", "alg-n", "2025-08-27", "2026-01-17"),
    enrolled("u2", "N", "alg-n", "2025-08-25", "2025-10-21"),
    enrolled("u2", "S", "art-s", "2025-10-22"),
    enrolled("t1", "N", "alg-n", role="teacher"),
]
ROSTER_1_1 = {
    "orgs": ORGS,
    "academicSessions": SESSIONS,
    "users": PUPILS_1_1,
    "courses": COURSES,
    "classes": CLASSES,
    "enrollments": CLASS_ENROLMENTS,
}
LINE_ITEM = {
    "sourcedId": "quiz",
    "title": "Quiz",
    "classSourcedId": "alg-n",
    "resultValueMin": "0",
    "resultValueMax": "20",
}
RESULT = {
    "lineItemSourcedId": "quiz",
    "studentSourcedId": "u1",
    "scoreStatus": "fully graded",
    "scoreDate": "2025-10-01",
}


def test_a_full_roster_of_1_1_becomes_schools_terms_students_and_enrolments(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, bundle(ROSTER_1_1))

    batches = list(reader.batches())

    assert faults(batches) == []
    assert read(batches) == {
        "schools": [{"school_id": "N", "name": "North High"}, {"school_id": "S", "name": "South High"}],
        "terms": [
            {"school_year": 2026, "term": "Fall", "starts_on": "2025-08-25", "ends_on": "2026-01-16"},
            {"school_year": 2026, "term": "Q1", "starts_on": "2025-08-25", "ends_on": "2025-10-31"},
        ],
        "students": [
            {"student_id": "u1", "given_name": "Ada", "family_name": "Obi"},
            {"student_id": "u2", "given_name": "Ben", "family_name": "Lee"},
        ],
        "enrolments": [
            {"student_id": "u1", "school_id": "N", "entered_on": "2025-08-27", "grade_level": "9"},
            {"student_id": "u2", "school_id": "S", "entered_on": "2025-10-22", "grade_level": "10"},
            {
                **{"student_id": "u2", "school_id": "N", "entered_on": "2025-08-25", "exited_on": "2025-10-20"},
                "grade_level": "10",
            },
        ],
    }
    assert reader.complete == {"schools", "terms", "students", "enrolments"}
    assert str(reader.since) == "2025-08-25"


def test_every_byte_is_counted_once(tmp_path: Path) -> None:
    texts = bundle({**ROSTER_1_1, "categories": [], "demographics": [{"userSourcedId": "u1", "sex": "female"}]})

    batches = list(reader_of(tmp_path, texts).batches())

    assert sum(batch.n_bytes for batch in batches) == sum(len(text.encode()) for text in texts.values())


def test_passwords_are_named_and_never_read(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, bundle(ROSTER_1_1))

    batches = list(reader.batches())

    assert reader.report.withheld == {"users.csv": ["password"]}
    assert {"email", "sms", "phone", "username"} <= set(reader.report.unused["users.csv"])
    assert not any("secret" in str(batch.rows.to_dicts()) for batch in batches)


def test_a_full_roster_of_1_2_takes_students_from_roles_at_several_schools(tmp_path: Path) -> None:
    people = [
        person("u1", "Ada", "Obi", grades="KG", preferredGivenName="Addie"),
        person("u2", "Ben", "Lee", grades="11"),
        person("t1", "Tom", "Teach"),
    ]
    student = {"role": "student", "roleType": "primary"}
    roles = [
        {**student, "sourcedId": "r1", "userSourcedId": "u1", "orgSourcedId": "N", "beginDate": "2024-08-26"},
        {**student, "sourcedId": "r2", "userSourcedId": "u2", "orgSourcedId": "S", "roleType": "secondary"},
        {**student, "sourcedId": "r3", "userSourcedId": "u2", "orgSourcedId": "N"},
        {
            **{**student, "sourcedId": "r4", "userSourcedId": "u1", "orgSourcedId": "S"},
            **{"beginDate": "2023-08-28", "endDate": "2024-06-15"},
        },
        {"sourcedId": "r5", "userSourcedId": "t1", "orgSourcedId": "N", "role": "teacher", "roleType": "primary"},
    ]
    files = {"orgs": ORGS, "academicSessions": SESSIONS, "users": people, "roles": roles}
    reader = reader_of(tmp_path, bundle(files, version="1.2"))

    found = read(list(reader.batches()))

    assert [row["given_name"] for row in found["students"]] == ["Addie", "Ben"]
    assert found["enrolments"] == [
        {"student_id": "u1", "school_id": "N", "entered_on": "2024-08-26", "grade_level": "K"},
        {"student_id": "u2", "school_id": "N", "entered_on": "2025-08-25", "grade_level": "11"},
        {
            **{"student_id": "u1", "school_id": "S", "entered_on": "2023-08-28", "exited_on": "2024-06-14"},
            "grade_level": "K",
        },
    ]
    assert "Students at more than one school at once: 1. Only their main school was read." in reader.report.notes


def test_a_summer_holiday_is_no_exit(tmp_path: Path) -> None:
    ended = [enrolled("u1", "N", "alg-n", "2025-02-01", "2025-06-14")]
    spring = {
        **{"sourcedId": "P", "title": "Spring 2025", "type": "semester", "startDate": "2025-01-20"},
        **{"endDate": "2025-06-14", "schoolYear": "2025"},
    }
    classes = [{**CLASSES[0], "termSourcedIds": "P"}]
    files = {**ROSTER_1_1, "academicSessions": [spring], "classes": classes, "enrollments": ended}

    found = read(list(reader_of(tmp_path, bundle({**files, "users": PUPILS_1_1[:1]})).batches()))

    assert found["enrolments"] == [
        {"student_id": "u1", "school_id": "N", "entered_on": "2025-02-01", "grade_level": "9"}
    ]


def test_demographics_give_birth_dates_and_protected_attributes(tmp_path: Path) -> None:
    demographics = [
        {"userSourcedId": "u1", "birthDate": "2010-03-04", "sex": "female", "asian": "true", "white": "true"},
        {"userSourcedId": "u2", "sex": "unspecified", "white": "TRUE", "hispanicOrLatinoEthnicity": "false"},
        {"userSourcedId": "t1", "sex": "male"},
    ]
    reader = reader_of(tmp_path, bundle({**ROSTER_1_1, "demographics": demographics}))

    found = read(list(reader.batches()))

    assert found["students"][0]["birth_on"] == "2010-03-04"
    assert [(row["student_id"], row["name"], row["value"]) for row in found["protected"]] == [
        ("u1", "sex", "female"),
        ("u1", "race", "Two or more races"),
        ("u2", "race", "White"),
        ("u2", "hispanic_or_latino", "no"),
    ]
    assert "protected" in reader.complete


def test_graded_results_become_grades_of_their_course_and_term(tmp_path: Path) -> None:
    results = [
        {**RESULT, "sourcedId": "r1", "score": "17.5"},
        {**RESULT, "sourcedId": "r2", "scoreStatus": "exempt"},
        {**RESULT, "sourcedId": "r3", "scoreStatus": "submitted", "score": "3"},
    ]
    files = {"lineItems": [{**LINE_ITEM, "gradingPeriodSourcedId": "Q1"}], "results": results}

    found = read(list(reader_of(tmp_path, bundle({**ROSTER_1_1, **files})).batches()))

    assert found["grades"] == [
        {
            **{"student_id": "u1", "school_id": "N", "awarded_on": "2025-10-01", "course": "Algebra I", "term": "Q1"},
            **{"value": "17.5", "scale_max": "20", "core": True, "source_id": "r1"},
        }
    ]


def test_a_letter_of_1_2_keeps_its_own_scale(tmp_path: Path) -> None:
    line_item = {**LINE_ITEM, "academicSessionSourcedId": "F", "schoolSourcedId": "N"}
    files = {
        **{"orgs": ORGS, "academicSessions": SESSIONS, "courses": COURSES, "classes": CLASSES},
        **{"lineItems": [line_item], "results": [{**RESULT, "sourcedId": "r1", "textScore": "B+"}]},
    }

    found = read(list(reader_of(tmp_path, bundle(files, version="1.2")).batches()))

    assert [(row["value"], row.get("scale_max"), row["term"]) for row in found["grades"]] == [("B+", None, "Fall")]


def test_changes_of_1_1_update_remove_and_leave_the_first_day_open(tmp_path: Path) -> None:
    people = [
        {**PUPILS_1_1[0], "status": "active"},
        {**PUPILS_1_1[1], "status": "tobedeleted"},
        {**PUPILS_1_1[2], "status": "tobedeleted"},
        person("u3", "Cem", "Kaya", role="student", orgSourcedIds="W", status="inactive"),
    ]
    changed = enrolled("u1", "N", "alg-n", "2025-11-01", status="active")
    reader = reader_of(tmp_path, bundle({"users": people, "enrollments": [changed]}, mode="delta"))

    found = read(list(reader.batches()))

    assert found == {
        "students": [{"student_id": "u1", "given_name": "Ada", "family_name": "Obi"}],
        "enrolments": [{"student_id": "u1", "school_id": "N", "grade_level": "9"}],
    }
    assert reader.report.removed == {"students": ["u2", "u3"]}
    assert reader.complete == frozenset()


def test_a_change_that_names_several_unknown_organisations_moves_nobody(tmp_path: Path) -> None:
    people = [{**PUPILS_1_1[1], "status": "active"}]

    found = read(list(reader_of(tmp_path, bundle({"users": people}, mode="delta")).batches()))
    with_orgs = read(list(reader_of(tmp_path, bundle({"users": people, "orgs": ORGS}, mode="delta")).batches()))

    assert [row["student_id"] for row in found["students"]] == ["u2"]
    assert "enrolments" not in found
    assert [row["school_id"] for row in with_orgs["enrolments"]] == ["S"]


def test_changes_of_1_2_end_roles_and_tell_students_by_their_grade(tmp_path: Path) -> None:
    people = [person("u1", "Ada", "Obi", grades="10", status="active"), person("t1", "Tom", "T", status="active")]
    role = {"userSourcedId": "u2", "role": "student", "roleType": "primary", "dateLastModified": "2025-11-18T08:00:00Z"}
    roles = [
        {**role, "sourcedId": "r1", "orgSourcedId": "N", "status": "tobedeleted", "beginDate": "2025-08-25"},
        {**role, "sourcedId": "r2", "orgSourcedId": "S", "status": "active", "beginDate": "2025-11-18"},
    ]
    reader = reader_of(tmp_path, bundle({"users": people, "roles": roles}, version="1.2", mode="delta"))

    found = read(list(reader.batches()))

    assert [row["student_id"] for row in found["students"]] == ["u1"]
    assert found["enrolments"] == [
        {"student_id": "u2", "school_id": "N", "entered_on": "2025-08-25", "exited_on": "2025-11-17"},
        {"student_id": "u2", "school_id": "S", "entered_on": "2025-11-18"},
    ]


def test_changed_results_are_known_since_their_change_and_removed_ones_are_named(tmp_path: Path) -> None:
    stamp = "2025-10-05T12:00:00.000Z"
    results = [
        {**RESULT, "sourcedId": "r1", "score": "18", "status": "active", "dateLastModified": stamp},
        {**RESULT, "sourcedId": "r2", "score": "1", "status": "tobedeleted", "dateLastModified": stamp},
    ]
    files = {"courses": COURSES, "classes": CLASSES, "lineItems": [LINE_ITEM], "results": results}
    reader = reader_of(tmp_path, bundle(files, modes={"results": "delta"}))

    found = read(list(reader.batches()))

    assert [(row["source_id"], row["known_on"]) for row in found["grades"]] == [("r1", "2025-10-05")]
    assert reader.report.removed == {"grades": ["r2"]}


def test_our_own_files_in_the_zip_bring_what_oneroster_lacks(tmp_path: Path) -> None:
    texts = bundle(ROSTER_1_1, modes={"attendance": "bulk"})
    texts["attendance.csv"] = "student_id,school_id,date,category\n1001,0101,2025-09-02,absent\nu2,N,2025-09-03,tardy\n"
    texts["discipline.csv"] = "student_id,happened_on,code\n1002,2025-09-05,Fighting\n"
    texts["notes.csv"] = "a,b\n1,2\n"
    reader = reader_of(tmp_path, texts)

    found = read(list(reader.batches()))

    assert found["attendance"] == [
        {"student_id": "u1", "school_id": "N", "held_on": "2025-09-02", "category": "absent"},
        {"student_id": "u2", "school_id": "N", "held_on": "2025-09-03", "category": "tardy"},
    ]
    assert found["discipline"] == [{"student_id": "u2", "happened_on": "2025-09-05", "code": "Fighting"}]
    assert "attendance" in reader.complete
    assert "discipline" not in reader.complete
    assert any("notes.csv" in note for note in reader.report.notes)


def test_without_a_manifest_everything_is_a_full_file_of_1_1_and_the_report_says_so(tmp_path: Path) -> None:
    texts = bundle(ROSTER_1_1)
    del texts["manifest.csv"]
    reader = reader_of(tmp_path, texts)

    found = read(list(reader.batches()))

    assert len(found["students"]) == 2
    assert "students" in reader.complete
    assert any("no manifest.csv" in note for note in reader.report.notes)


def test_who_uploads_may_say_that_the_file_is_or_is_not_complete(tmp_path: Path) -> None:
    assert reader_of(tmp_path, bundle(ROSTER_1_1), is_complete=False).complete == frozenset()
    assert "students" in reader_of(tmp_path, bundle(ROSTER_1_1, mode="delta"), is_complete=True).complete


def test_headers_in_another_case_are_read_and_noted(tmp_path: Path) -> None:
    texts = bundle(ROSTER_1_1)
    texts["orgs.csv"] = texts["orgs.csv"].replace("sourcedId", "SOURCEDID", 1)
    reader = reader_of(tmp_path, texts)

    found = read(list(reader.batches()))

    assert len(found["schools"]) == 2
    assert 'orgs.csv writes "SOURCEDID" in other capitals than OneRoster; it was read.' in reader.report.notes
