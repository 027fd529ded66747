"""Rows that only the database can tell to be wrong are left out and named; the others go on."""

import datetime as dt

import pytest

from students.models import AttendanceRecord, Enrolment, GradeRecord, Student
from tests.students.staged import absent, bring, enrolled, roster, student, typed

MONDAY, TUESDAY = dt.date(2025, 3, 3), dt.date(2025, 3, 4)
SEPTEMBER, JANUARY = dt.date(2024, 9, 2), dt.date(2025, 1, 13)


@pytest.fixture
def known(riverside, northside, harbor, at_riverside):
    """Two students of Northside."""
    bring(riverside, *roster("s1", "s2"))


def test_strangers_are_named_and_the_others_stored(known, riverside):
    brought = bring(riverside, typed("attendance", absent("s1", MONDAY), absent("nobody", MONDAY)))

    [fault] = brought.faults
    assert (fault["line"], fault["column"], fault["value"]) == (3, "student_id", "nobody")
    assert fault["sentence"].startswith('Line 3, column "student_id": student "nobody" is in no file')
    assert brought["attendance"] == {"new": 1, "bad": 1}
    assert AttendanceRecord.objects.count() == 1


def test_students_of_the_same_file_are_no_strangers(riverside, northside, at_riverside):
    brought = bring(riverside, typed("attendance", absent("s9", MONDAY)), *roster("s9"))

    assert brought.faults == []
    assert AttendanceRecord.objects.get().student.external_id == "s9"


def test_a_student_elsewhere_is_a_stranger_here(known, riverside, ella):
    brought = bring(riverside, typed("attendance", absent(ella.external_id, MONDAY)))

    assert brought.problems == [("attendance.csv", 2, "unknown_student")]


def test_a_record_at_an_unknown_school_is_refused(known, riverside):
    brought = bring(riverside, typed("grades", graded("s1", MONDAY, school_id="Q"), graded("s2", MONDAY)))

    assert brought.problems == [("grades.csv", 2, "unknown_school")]
    assert GradeRecord.objects.count() == 1


def test_a_school_may_be_called_by_its_name(known, riverside, northside):
    brought = bring(riverside, typed("attendance", absent("s1", MONDAY, school_id="NORTHSIDE")))

    assert brought.faults == []
    assert AttendanceRecord.objects.get().school == northside


def test_a_new_student_needs_a_school(known, riverside):
    brought = bring(
        riverside, typed("students", student("s1"), student("s9")), typed("attendance", absent("s9", MONDAY))
    )

    assert brought.problems == [
        ("students.csv", 3, "student_without_school"),
        ("attendance.csv", 2, "unknown_student"),
    ]
    assert not Student.objects.filter(external_id="s9").exists()


def test_the_same_row_twice_counts_once(known, riverside):
    brought = bring(riverside, typed("attendance", absent("s1", MONDAY), absent("s1", MONDAY), absent("s2", MONDAY)))

    assert brought["attendance"] == {"new": 2, "unchanged": 1}
    assert brought.faults == []
    assert brought.warnings == {"same_student_twice": 1}


def test_the_same_row_twice_with_other_values_is_refused_naming_the_first(known, riverside):
    brought = bring(
        riverside,
        typed("attendance", absent("s1", MONDAY)),
        typed("attendance", absent("s1", MONDAY, excused=True), file="more.csv"),
    )

    [fault] = brought.faults
    assert (fault["file"], fault["problem"], fault["allowed"]) == (
        "more.csv",
        "same_student_twice",
        "line 2 of attendance.csv",
    )
    assert AttendanceRecord.objects.get().excused is False


@pytest.mark.parametrize(("severity", "warned"), [("warn", {"same_student_twice": 1}), ("off", {})])
def test_a_lenient_institution_lets_the_first_of_two_stand(known, riverside, severity, warned):
    brought = bring(
        riverside,
        typed("students", student("s1", family_name="Sol"), student("s1", family_name="Mar")),
        rules={"same_student_twice": severity},
    )

    assert (brought.faults, brought.warnings) == ([], warned)
    assert Student.objects.get(external_id="s1").family_name == "Sol"


def test_the_same_enrolment_twice_counts_once_and_an_other_is_refused(known, riverside):
    file = typed(
        "enrolments",
        enrolled("s1", "N", SEPTEMBER),
        enrolled("s1", "N", SEPTEMBER),
        enrolled("s2", "N", SEPTEMBER),
        enrolled("s2", "N", SEPTEMBER, grade_level="11"),
    )

    brought = bring(riverside, file)

    assert brought.problems == [("enrolments.csv", 5, "same_student_twice")]
    assert brought.faults[0]["value"] == "s2"
    assert brought.warnings == {"same_student_twice": 1}
    assert brought["enrolments"] == {"unchanged": 3, "bad": 1}


@pytest.mark.parametrize("dated", [("N", SEPTEMBER), ("N", JANUARY), ("H", JANUARY)])
def test_an_enrolment_without_a_day_needs_one_beside_others(known, riverside, dated):
    file = typed("enrolments", enrolled("s1", "N", None), enrolled("s1", *dated), enrolled("s2", "N", None))

    brought = bring(riverside, file)

    assert brought.problems == [("enrolments.csv", 2, "enrolment_without_day")]
    assert bring(riverside, file).difference.is_empty


def test_two_schools_from_the_same_day_are_refused(known, riverside):
    file = typed("enrolments", enrolled("s1", "N", JANUARY), enrolled("s1", "H", JANUARY))

    brought = bring(riverside, file)

    assert brought.problems == [("enrolments.csv", 3, "two_open_enrolments")]


def test_of_two_open_enrolments_the_later_ends_the_earlier(riverside, northside, harbor, at_riverside):
    file = typed("enrolments", enrolled("s1", "H", JANUARY), enrolled("s1", "N", SEPTEMBER))

    brought, again = (bring(riverside, typed("students", student("s1")), file) for _ in range(2))

    assert brought.faults == []
    assert again.difference.is_empty
    assert dict(Enrolment.objects.values_list("school__name", "exited_on")) == {"Northside": JANUARY, "Harbor": None}


def test_a_line_left_out_of_one_kind_is_left_out_of_all(riverside, northside, at_riverside):
    roster = (
        typed("students", student("s1"), student("s2"), file="roster.csv"),
        typed("enrolments", enrolled("s1", "N", None), enrolled("s2", "N", None), file="roster.csv"),
        typed("grades", graded("s2", MONDAY, school_id="Q"), file="roster.csv", first_line=3),
    )

    brought = bring(riverside, *roster, typed("attendance", absent("s2", MONDAY)))

    assert sorted(brought.problems) == [("attendance.csv", 2, "unknown_student"), ("roster.csv", 3, "unknown_school")]
    assert [one.external_id for one in Student.objects.all()] == ["s1"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (absent("s1", dt.date(2024, 8, 30)), "before_enrolment"),
        (absent("s1", dt.date(2024, 8, 30), school_id="N"), "before_enrolment"),
        (absent("s1", MONDAY, school_id="H"), "other_school"),
    ],
)
@pytest.mark.parametrize("severity", ["refuse", "warn", "off"])
def test_days_outside_the_enrolment_are_judged_as_strictly_as_chosen(known, riverside, row, rule, severity):
    brought = bring(riverside, typed("attendance", row, absent("s2", MONDAY, school_id="N")), rules={rule: severity})

    assert [fault["problem"] for fault in brought.faults] == ([rule] if severity == "refuse" else [])
    assert brought.warnings == ({rule: 1} if severity == "warn" else {})
    assert AttendanceRecord.objects.count() == (1 if severity == "refuse" else 2)


def test_a_past_school_on_a_past_day_is_right(known, riverside):
    bring(riverside, typed("enrolments", enrolled("s1", "H", JANUARY)))

    file = typed("attendance", absent("s1", SEPTEMBER, school_id="N"), absent("s1", MONDAY, school_id="H"))
    wrong = typed("attendance", absent("s1", MONDAY, school_id="N", category="tardy"), first_line=9)
    brought = bring(riverside, file, wrong)

    assert brought.warnings == {"other_school": 1}


def test_a_first_day_that_was_only_guessed_refuses_nothing(riverside, northside, at_riverside):
    roster = typed("students", student("s1")), typed("enrolments", enrolled("s1", "N", None))

    brought = bring(riverside, *roster, typed("attendance", absent("s1", MONDAY)))

    assert brought.warnings == {}


@pytest.mark.parametrize(("level", "jumps"), [("8", True), ("9", False), ("10", False), ("12", True), ("K", False)])
def test_grade_levels_that_fall_or_leap_are_told(known, riverside, level, jumps):
    brought = bring(riverside, typed("enrolments", enrolled("s1", "H", JANUARY, grade_level=level)))

    assert brought.warnings == ({"grade_level_jump": 1} if jumps else {})


def test_an_unknown_exit_code_is_refused_with_the_known_ones(known, riverside):
    told = {"student_id": "s1", "happened_on": MONDAY, "exit_code": "100% gone"}

    brought = bring(riverside, typed("outcomes", told, {**told, "exit_code": "Graduated", "student_id": "s2"}))

    [fault] = brought.faults
    assert (fault["problem"], fault["value"]) == ("not_allowed", "100% gone")
    assert "Dropout" in fault["allowed"]
    assert brought["outcomes"] == {"new": 1, "bad": 1}


def graded(student_id, day, **given):
    return {"student_id": student_id, "awarded_on": day, "course": "Maths", "term": "1", "value": 80.0, **given}
