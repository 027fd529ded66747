"""Ed-Fi exports, as JSON of three layouts and as CSV, become rows of the portal's kinds of record."""

from __future__ import annotations

import json
from pathlib import Path

from tests.students.importing.edfi_files import (
    COURSES,
    OFFERINGS,
    PERIODS,
    SCHOOLS,
    SESSIONS,
    STUDENTS,
    N,
    S,
    action,
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
from tests.students.importing.oneroster_files import csv_of, faults, read

ADA = {"student_id": "604822", "given_name": "Ada", "family_name": "Obi", "birth_on": "2010-03-04"}
BEN = {"student_id": "604823", "given_name": "Ben", "family_name": "Lee", "birth_on": "2009-12-31"}


def test_schools_terms_school_days_and_students_are_read(tmp_path: Path) -> None:
    days = [("2025-09-01", "Holiday"), ("2025-09-02", "Instructional day"), ("2025-09-03", "Non-instructional day")]
    dates = [
        {"date": day, "calendarEvents": [{"calendarEventDescriptor": descriptor("CalendarEvent", event)}]}
        for day, event in [*days, ("2025-09-02", "Instructional day")]
    ]
    resources = {"students": STUDENTS, "schools": SCHOOLS, "sessions": SESSIONS, "calendarDates": dates}
    reader = reader_of(tmp_path, json_files({**resources, "gradingPeriods": PERIODS[:1]}))

    found = read(list(reader.batches()))

    assert found == {
        "schools": [
            {"school_id": "255901001", "name": "North High"},
            {"school_id": "255901002", "name": "South High"},
        ],
        "terms": [
            {"school_year": "2026", "term": "Fall Semester", "starts_on": "2025-08-25", "ends_on": "2026-01-23"},
            {"school_year": "2026", "term": "First Six Weeks", "starts_on": "2025-08-25", "ends_on": "2025-10-03"},
        ],
        "school_days": [{"held_on": "2025-09-02"}],
        "students": [ADA, BEN],
    }
    assert reader.complete == frozenset()


def test_enrolments_and_exits_become_enrolments_and_outcomes(tmp_path: Path) -> None:
    rows = [
        association("1", N, "2024-08-26", leaves="2025-06-13", why="End of school year"),
        association("1", N, "2025-08-25"),
        association("2", N, "2025-08-25", leaves="2025-10-03", why="Transferred"),
        association("2", S, "2025-10-06"),
        association("3", N, "2025-08-25", leaves="2025-10-10", why="Dropout"),
        association("4", S, "2025-08-25", leaves="2025-10-10", why="Transferred"),
        association("5", N, "2024-08-26", leaves="2024-10-10", why="Withdrawn"),
        association("5", N, "2025-08-25", primarySchool=True),
        association("5", S, "2025-08-25", primarySchool=False),
    ]
    reader = reader_of(tmp_path, json_files({"studentSchoolAssociations": rows}), is_complete=True)

    found = read(list(reader.batches()))

    assert found["enrolments"][2:4] == [
        {
            **{"student_id": "2", "school_id": str(N), "grade_level": "9", "entered_on": "2025-08-25"},
            **{"exited_on": "2025-10-02", "exit_reason": "Transferred"},
        },
        {"student_id": "2", "school_id": str(S), "grade_level": "9", "entered_on": "2025-10-06"},
    ]
    assert len(found["enrolments"]) == 8
    assert found["outcomes"] == [
        {"student_id": "1", "exit_code": "End of school year", "happened_on": "2025-06-13"},
        {"student_id": "3", "exit_code": "Dropout", "happened_on": "2025-10-10"},
        {"student_id": "4", "exit_code": "Transferred", "happened_on": "2025-10-10"},
        {"student_id": "5", "exit_code": "Withdrawn", "happened_on": "2024-10-10"},
    ]
    assert reader.complete == {"enrolments"}
    assert reader.report.notes == ["Open enrolments at a second school: 1. Only those at the primary school were read."]


def test_attendance_descriptors_become_absent_tardy_or_present(tmp_path: Path) -> None:
    words = ["In Attendance", "Unexcused Absence", "Excused Absence", "Tardy", "Early departure", "Absent - Truant"]
    words += ["Tardy Excused", "Absence"]
    events = [
        {
            **{**of("1"), **at(N), "eventDate": f"2025-09-{day:02d}", "eventDuration": 0.5},
            "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", word),
        }
        for day, word in enumerate(words, start=1)
    ]

    found = read(list(reader_of(tmp_path, json_files({"studentSchoolAttendanceEvents": events})).batches()))

    assert found["attendance"][1] == {
        **{"student_id": "1", "school_id": str(N), "held_on": "2025-09-02", "category": "absent"},
        **{"excused": False, "n_sessions": "0.5"},
    }
    assert [(row["category"], row["excused"]) for row in found["attendance"]] == [
        *[("present", False), ("absent", False), ("absent", True), ("tardy", False), ("tardy", False)],
        *[("absent", False), ("tardy", True), ("absent", False)],
    ]


def test_grades_find_their_course_their_day_and_their_own_name_again(tmp_path: Path) -> None:
    grades = [
        grade("1", "First Six Weeks", numericGradeEarned=87.5),
        grade("1", "Second Six Weeks", letterGradeEarned="B", currentGradeAsOfDate="2025-11-14"),
        grade("2", "Second Six Weeks", numericGradeEarned=70, _lastModifiedDate="2025-11-10T08:00:00Z"),
    ]
    resources = {"gradingPeriods": PERIODS, "courses": COURSES, "courseOfferings": OFFERINGS, "grades": grades}

    found = read(list(reader_of(tmp_path, json_files(resources)).batches()))

    assert found["grades"][0] == {
        **{"student_id": "1", "school_id": str(N), "awarded_on": "2025-10-03", "course": "Algebra I"},
        **{"term": "First Six Weeks", "value": "87.5", "core": True},
        "source_id": f"Grading Period/First Six Weeks/2026/ALG-1-N-01/ALG-1-N/{N}",
    }
    assert [(row["value"], row["awarded_on"]) for row in found["grades"][1:]] == [
        ("B", "2025-11-14"),
        ("70", "2025-11-10"),
    ]


def test_transcripts_bring_credits(tmp_path: Path) -> None:
    past = [{**session, "endDate": "2025-11-14"} for session in SESSIONS]
    record = {
        "studentAcademicRecordReference": {
            **{"educationOrganizationId": 255901, "schoolYear": 2026, "studentUniqueId": "1"},
            "termDescriptor": descriptor("Term", "Fall Semester"),
        },
        **{"courseReference": {"courseCode": "ALG-1"}, "attemptedCredits": 1.0, "earnedCredits": 0.5},
        "finalLetterGradeEarned": "C",
    }
    resources = {"sessions": past, "courses": COURSES, "courseTranscripts": [record]}

    found = read(list(reader_of(tmp_path, json_files(resources)).batches()))

    assert found["grades"] == [
        {
            **{"student_id": "1", "awarded_on": "2025-11-14", "course": "Algebra I", "term": "Fall Semester"},
            **{"value": "C", "core": True, "credits_attempted": "1.0", "credits_earned": "0.5"},
        }
    ]


def test_incidents_gather_behaviours_and_what_was_done(tmp_path: Path) -> None:
    fight, theft = (descriptor("Behavior", word) for word in ("Fighting", "Theft"))
    resources = {
        "disciplineIncidents": [{**at(N), "incidentIdentifier": "i1", "incidentDate": "2025-09-05"}],
        "studentDisciplineIncidentBehaviorAssociations": [
            {**of("1"), **incident_of("i1"), "behaviorDescriptor": fight},
            {**of("1"), **incident_of("i1"), "behaviorDescriptor": theft},
            {**of("2"), **incident_of("i1"), "behaviorDescriptor": fight},
        ],
        "disciplineActions": [
            action("1", "a1", "Out of School Suspension", incident="i1", actualDisciplineActionLength=3),
            action("1", "a2", "Detention", incident="i1", actualDisciplineActionLength=2),
            action("3", "a3", "In School Suspension", disciplineActionLength=1),
        ],
    }

    found = read(list(reader_of(tmp_path, json_files(resources)).batches()))

    rows = [tuple(row.get(name) for name in ("student_id", "code", "action", "days_removed", "source_id"))
            for row in found["discipline"]]  # fmt: skip
    assert rows == [
        ("1", "Fighting; Theft", "Out of School Suspension; Detention", 3.0, "i1"),
        ("2", "Fighting", None, None, "i1"),
        ("3", "In School Suspension", "In School Suspension", 1.0, "a3"),
    ]
    assert [row["happened_on"] for row in found["discipline"]] == ["2025-09-05", "2025-09-05", "2025-09-08"]


def test_characteristics_are_protected_and_read_once_per_student(tmp_path: Path) -> None:
    row = {
        **{**of("1"), "educationOrganizationReference": {"educationOrganizationId": N}},
        "sexDescriptor": descriptor("Sex", "Female"),
        "hispanicLatinoEthnicity": True,
        "races": [{"raceDescriptor": descriptor("Race", word)} for word in ("Asian", "White")],
        "disabilities": [{"disabilityDescriptor": descriptor("Disability", "Deafness")}],
        "limitedEnglishProficiencyDescriptor": descriptor("LimitedEnglishProficiency", "Limited"),
        "studentCharacteristics": [
            {"studentCharacteristicDescriptor": descriptor("StudentCharacteristic", "Economic Disadvantaged")}
        ],
        "studentIdentificationCodes": [{"identificationCode": "123-45-6789"}],
    }
    reader = reader_of(tmp_path, json_files({"studentEducationOrganizationAssociations": [row, row]}))

    batches = list(reader.batches())

    assert [(one["name"], one["value"]) for one in read(batches)["protected"]] == [
        ("sex", "female"),
        ("race", "Two or more races"),
        ("hispanic_or_latino", "yes"),
        ("disability", "yes"),
        ("english_proficiency", "Limited"),
        ("economic_disadvantaged", "yes"),
    ]
    assert "123-45-6789" not in str([batch.rows.to_dicts() for batch in batches])
    withheld = {"studentEducationOrganizationAssociations.json": ["studentIdentificationCodes"]}
    assert reader.report.withheld == withheld


def test_an_object_of_lists_and_one_record_per_line_are_read_too(tmp_path: Path) -> None:
    enrolled = [association("604822", N, "2025-08-25")]
    in_one = json.dumps({"studentSchoolAssociations": enrolled, "students": STUDENTS, "about": {"pages": [1, 2]}})
    by_line = "\ufeff" + "\n".join(json.dumps(record) for record in STUDENTS)

    of_one = reader_of_file(tmp_path, "export.json", in_one)
    of_lines = reader_of_file(tmp_path, "students.json", by_line)

    found = read(batches := list(of_one.batches()))
    assert found["students"] == [ADA, BEN]
    assert found["enrolments"][0]["student_id"] == "604822"
    assert sum(batch.n_bytes for batch in batches) == len(in_one)
    assert read(list(of_lines.batches()))["students"] == [ADA, BEN]


def test_csv_with_flattened_names_is_read_alike(tmp_path: Path) -> None:
    events = {
        **{"studentReference.studentUniqueId": "1", "schoolReference_schoolId": str(N), "eventDate": "2025-09-02"},
        "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", "Tardy"),
    }
    people = {"studentUniqueId": "1", "sexDescriptor": "Male"}
    people |= {"races.0.raceDescriptor": "Asian", "races.1.raceDescriptor": "White"}
    texts = {
        "studentSchoolAttendanceEvents.csv": csv_of(list(events), [events]),
        "studentEducationOrganizationAssociations.csv": csv_of(list(people), [people]),
    }

    found = read(batches := list(reader_of(tmp_path, texts).batches()))

    assert faults(batches) == []
    assert found["attendance"] == [
        {
            **{"student_id": "1", "school_id": str(N), "held_on": "2025-09-02", "category": "tardy"},
            "excused": False,
        }
    ]
    assert [(row["name"], row["value"]) for row in found["protected"]] == [
        ("sex", "male"),
        ("race", "Two or more races"),
    ]
