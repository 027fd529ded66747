"""What a file would change is said before it changes: new, changed, gone and unchanged, with examples."""

import datetime as dt

import pytest

from students.models import AttendanceRecord, Enrolment, Student
from tests.students.staged import TODAY, absent, bring, enrolled, roster, student, typed, unread

MONDAY, TUESDAY, WEDNESDAY = dt.date(2025, 3, 3), dt.date(2025, 3, 4), dt.date(2025, 3, 5)
SEPTEMBER = dt.date(2024, 9, 2)


@pytest.fixture
def known(riverside, northside, harbor, at_riverside):
    """Two students of Northside with one absence each."""
    bring(riverside, *roster("s1", "s2"), typed("attendance", absent("s1", MONDAY), absent("s2", TUESDAY)))


def test_everything_is_new_where_nothing_is_stored(riverside, northside, at_riverside):
    brought = bring(riverside, *roster("s1", "s2"), typed("attendance", absent("s1", MONDAY)), merges=False)

    assert brought["students"] == {"new": 2}
    assert brought["enrolments"] == {"new": 2}
    assert brought["attendance"] == {"new": 1}
    assert not Student.objects.exists()


def test_the_same_file_again_changes_nothing(known, riverside):
    again = bring(riverside, *roster("s1", "s2"), typed("attendance", absent("s1", MONDAY), absent("s2", TUESDAY)))

    assert again.difference.is_empty
    assert again["students"] == again["enrolments"] == again["attendance"] == {"unchanged": 2}
    assert again.merged.counts == {}
    assert AttendanceRecord.every_version.count() == 2


def test_a_changed_fact_is_told_with_before_and_after(known, riverside):
    brought = bring(riverside, typed("attendance", absent("s1", MONDAY, excused=True), absent("s2", TUESDAY)))

    assert brought["attendance"] == {"changed": 1, "unchanged": 1}
    assert brought.difference.examples["attendance"]["changed"] == [
        {"student": "s1", "before": {"excused": False}, "after": {"excused": True}}
    ]


def test_new_and_gone_examples_are_in_words(known, riverside):
    file = typed("attendance", absent("s1", MONDAY), absent("s1", WEDNESDAY))

    brought = bring(riverside, file, typed("students", student("s9")), complete=["attendance"], merges=False)

    assert brought.difference.examples["attendance"] == {
        "new": [{"student": "s1", "words": "2025-03-05, absent"}],
        "gone": [{"student": "s2", "words": "2025-03-04, absent"}],
    }
    assert brought.problems == [("students.csv", 2, "student_without_school")]


def test_a_file_that_is_not_complete_loses_nothing(known, riverside):
    brought = bring(riverside, typed("attendance", absent("s1", MONDAY), absent("s1", WEDNESDAY)), merges=False)

    assert brought["attendance"] == {"new": 1, "unchanged": 1}
    assert brought.difference.gone_share == 0


def test_a_complete_file_speaks_of_its_own_days_and_schools_alone(known, riverside, harbor):
    bring(riverside, *roster("h1", school="H"), typed("attendance", absent("h1", MONDAY), absent("s1", WEDNESDAY)))

    brought = bring(
        riverside,
        typed("attendance", absent("s2", MONDAY, school_id="N"), absent("s2", TUESDAY, school_id="N")),
        complete=["attendance"],
    )

    # Wednesday lies outside the file, and Harbor is not in it.
    assert brought["attendance"] == {"new": 1, "unchanged": 1, "gone": 1}
    assert brought.difference.gone_share == 0.5
    kept = AttendanceRecord.objects.values_list("student__external_id", "held_on")
    assert sorted(kept) == [("h1", MONDAY), ("s1", WEDNESDAY), ("s2", MONDAY), ("s2", TUESDAY)]


def test_who_is_missing_from_a_complete_roster_is_gone_and_stays(known, riverside):
    brought = bring(riverside, *roster("s1"), complete=["students", "enrolments"])

    assert brought["students"] == {"unchanged": 1, "gone": 1}
    assert brought["enrolments"] == {"unchanged": 1, "gone": 1}
    assert brought.difference.gone_share == 0.5
    ended = Enrolment.objects.get(student__external_id="s2")
    assert (ended.exited_on, ended.exit_known_on, ended.exit_reason) == (TODAY, TODAY, "not in the file")
    assert Student.objects.filter(external_id="s2").exists()


def test_who_was_gone_once_is_not_gone_again(known, riverside):
    bring(riverside, *roster("s1"), complete=["students", "enrolments"])

    again = bring(riverside, *roster("s1"), complete=["students", "enrolments"])

    assert again.difference.is_empty


def test_who_comes_back_is_enrolled_again(known, riverside):
    bring(riverside, *roster("s1"), complete=["students", "enrolments"])

    brought = bring(riverside, *roster("s1", "s2"), complete=["students", "enrolments"])

    assert brought["enrolments"] == {"changed": 1, "unchanged": 1}
    assert Enrolment.objects.filter(exited_on=None).count() == 2


def test_nobody_is_gone_whose_line_could_not_be_read(known, riverside):
    bad = unread("students", {"student_id": "s2"}, line=3)

    brought = bring(riverside, bad, *roster("s1"), complete=["students", "enrolments"])

    assert brought["students"] == {"unchanged": 1, "bad": 1}
    assert brought["enrolments"] == {"unchanged": 1}
    assert brought.difference.bad_share == pytest.approx(1 / 3)


def test_nobody_is_gone_where_a_line_names_nobody(known, riverside):
    bad = unread("students", {"student_id": None}, line=3, problem="ragged")

    brought = bring(riverside, bad, *roster("s1"), complete=["students", "enrolments"])

    assert brought["students"] == {"unchanged": 1, "bad": 1}


def test_records_the_file_marks_as_removed_are_gone(known, riverside):
    graded = {"student_id": "s1", "awarded_on": MONDAY, "course": "Maths", "value": 80.0, "source_id": "r1"}
    bring(riverside, typed("grades", graded))

    brought = bring(riverside, removed={"grades": ["r1"], "students": ["s2"]})

    assert brought["grades"] == {"gone": 1}
    assert brought["students"] == {"gone": 1}
    assert Enrolment.objects.get(student__external_id="s2").exited_on == TODAY


def test_moves_to_another_school_are_counted(known, riverside, harbor):
    moved = typed("enrolments", enrolled("s1", "H", MONDAY), enrolled("s2", "N", SEPTEMBER))

    brought = bring(riverside, moved, merges=False)

    assert brought.difference.moved_school == 1
    assert brought["enrolments"] == {"new": 1, "changed": 1, "unchanged": 1}


def test_two_passes_over_the_same_file_have_the_same_digest(known, riverside):
    file = typed("attendance", absent("s1", WEDNESDAY))

    first, second = (bring(riverside, file, merges=False).difference for _ in range(2))
    bring(riverside, file)
    third = bring(riverside, file, merges=False).difference

    assert first.digest == second.digest != third.digest
