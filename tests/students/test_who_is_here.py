"""Who is at the school: planned and past last days, what a status says, and the days in between."""

import datetime as dt

from accounts import scope
from students.models import Enrolment, Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import case
from tests.students.two_schools import (
    days,
    enrolments,
    here,
    known,
    numbers,
    roll,
    sessions,
    two_empty_schools,
    two_schools,
)

__all__ = ["days", "enrolments", "here", "known", "numbers", "roll", "sessions", "two_empty_schools", "two_schools"]

Stage = Upload.Stage


def test_a_last_day_that_lies_ahead_is_planned(two_schools, enrolments, roll):
    upload = bring_in(two_schools, case("case_07_planned_exit_in_future.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert {(row.exited_on, row.planned_exit_on) for row in enrolments().values()} == {(None, dt.date(2027, 6, 11))}
    assert len(roll(dt.date(2026, 11, 30))) == 12
    again = bring_in(two_schools, case("case_07_planned_exit_in_future.csv"), "--again")
    assert again.difference["kinds"]["enrolments"]["unchanged"] == 12


def test_a_last_day_far_ahead_is_no_plan(two_schools, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("student_id,given_name,school_id,entered_on,exit_date\nX1,Ada,10,2026-09-01,2099-06-30\n")
    upload = bring_in(two_schools, path)
    assert [fault["problem"] for fault in upload.errors] == ["date_in_future"]


def test_records_after_the_last_day_are_kept_and_told(two_schools, days):
    bring_in(two_schools, case("case_17_left_students.csv"))
    upload = bring_in(two_schools, case("case_17_absences_after_leaving.csv"))
    assert upload.stage == Stage.DONE
    assert [(told["rule"], told["n"]) for told in upload.warnings] == [("after_exit", 2)]
    assert len([row for row in days() if row[0] == "0004711"]) == 3


def test_the_last_day_is_a_day_at_the_school(two_schools, sessions):
    bring_in(two_schools, case("case_21_last_day_students.csv"))
    upload = bring_in(two_schools, case("case_21_last_day_attendance.csv"))
    assert upload.warnings == []
    assert sessions("L1", dt.date(2026, 9, 11)) == (9.0, 1 / 9)
    # The day after nobody waits for the student.
    assert sessions("L1", dt.date(2026, 9, 14)) is None


STATUSES = {
    "PreRegNew": "not_yet",
    "Not Attending": "left_other",
    "DropOut-36": "left_dropped_out",
    "Withdrawal-24": "left_other",
    "SummerWithdrawal-20": "left_other",
}


def test_a_status_says_who_is_here(two_empty_schools, here, tmp_path):
    path = tmp_path / "students.csv"
    path.write_bytes(case("case_08_enrollment_status_not_read.csv").read_bytes())
    upload = bring_in(two_empty_schools, path)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert {value["value"] for value in question["values"]} == set(STATUSES)
    assert question["proposal"] == STATUSES
    upload = bring_in(two_empty_schools, path, answers={"students.status": STATUSES})
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert here(dt.date.today()) == ["0004711", "0004718", "0004720", "0004721", "0004722"]
    with scope.entered(scope.of_institution(two_empty_schools)):
        reasons = dict(Enrolment.objects.values_list("student__external_id", "exit_reason"))
    assert (reasons["0004712"], reasons["0004716"], reasons["0004717"]) == ("Dropout", "Died", "Graduated")
    assert "Students left out, as by their status they have not come yet: 1." in upload.summary["notes"]


def test_who_left_on_a_day_nobody_told_does_not_leave_again_every_day(two_empty_schools, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("student_id,given_name,school_id,entered_on,enrollment_status\nX1,Ada,10,2026-09-01,Withdrawn-1\n")
    left = {"students.status": {"Withdrawn-1": "left_other"}}
    assert bring_in(two_empty_schools, path, answers=left).stage == Stage.DONE
    with scope.entered(scope.of_institution(two_empty_schools)):
        Enrolment.objects.update(exited_on=dt.date(2026, 10, 1), exit_known_on=dt.date(2026, 10, 1))
    again = bring_in(two_empty_schools, path, "--again")
    counts = again.difference["kinds"]["enrolments"]
    assert (counts["unchanged"], counts["changed"], counts["new"]) == (1, 0, 0)


def test_a_grade_level_is_the_same_in_whatever_words(two_schools, tmp_path):
    path = tmp_path / "students.csv"
    header = "student_id,given_name,school_id,grade_level,entered_on\n"
    path.write_text(header + "X1,Ada,10,Grade 9,2026-09-01\nX2,Ben,10,09,2026-09-01\nX3,Cleo,10,9,2026-09-01\n")
    bring_in(two_schools, path)
    with scope.entered(scope.of_institution(two_schools)):
        levels = Enrolment.objects.filter(student__external_id__startswith="X").values_list("grade_level", flat=True)
        assert set(levels) == {"9"}
