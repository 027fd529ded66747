"""What a file leaves open is asked before anything counts, and kept for the next file of its source."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from accounts import scope
from accounts.models import Institution
from modeling import facts
from modeling.core import attendance, eligibility
from modeling.core.snapshot_day import SnapshotDay
from students.models import AttendanceRecord, DisciplineIncident, Enrolment, GradeRecord, Source, Student, Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import BASE, case

PERIODS = {"attendance.unit": {"is": "period", "a_day": 7}}
Stage = Upload.Stage


@pytest.fixture
def two_schools(riverside, tmp_path):
    """An institution of two schools and twelve students, with the records of a year."""
    roster = tmp_path / "students.csv"
    roster.write_bytes(case("case_05_roster_first.csv").read_bytes())
    named = {name: tmp_path / f"{name}.csv" for name in BASE}
    for name, path in named.items():
        path.write_bytes(case(f"base_{name}.csv").read_bytes())
    for path in (named["schools"], named["terms"], named["school_days"], roster, *list(named.values())[3:]):
        upload = bring_in(riverside, path)
        assert (upload.stage, upload.questions) == (Stage.DONE, []), path
    return riverside


@pytest.fixture
def days(two_schools):
    """Return what is missed by student and day, and how much of it was excused."""

    def missed(since=dt.date(2026, 9, 1), category="absent"):
        with scope.entered(scope.of_institution(two_schools)):
            rows = AttendanceRecord.objects.filter(held_on__gte=since, category=category).order_by("pk")
            return sorted(
                (row.student.external_id, row.held_on.isoformat(), round(row.n_sessions, 4), row.excused, row.n_excused)
                for row in rows.select_related("student")
            )

    return missed


@pytest.fixture
def known(two_schools):
    """Return every fact of the institution, as the model reads them."""

    def frames():
        with scope.entered(scope.of_institution(two_schools)):
            return facts.frames()

    return frames


@pytest.fixture
def roll(known):
    """Return who is on the roll on a day."""
    return lambda day: eligibility.eligible_students(known().known_by(day), as_of=day)


@pytest.fixture
def sessions(two_schools, known):
    """Return how many sessions of the year a student was on the roll for, and the share missed; None if not on it."""

    def of(number, day):
        with scope.entered(scope.of_institution(two_schools)):
            student = Student.objects.get(external_id=number).pk
        seen = SnapshotDay.of(known(), as_of=day)
        if student not in seen.students:
            return None
        place = seen.students.get_loc(student)
        first, stop = seen.calendar.this_year()
        return seen.sessions(first, stop)[place], attendance.attendance_features(seen)["absence_rate_year"][place]

    return of


def test_periods_are_asked_about_before_they_count(two_schools, days):
    upload = bring_in(two_schools, case("case_01_period_attendance.csv"))
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert question["name"] == "attendance.unit"
    assert question["proposal"] == {"is": "period", "a_day": 7}
    assert days() == []


def test_one_class_cut_is_a_seventh_of_a_day(two_schools, days, tmp_path):
    upload = bring_in(two_schools, case("case_01_period_attendance.csv"), answers=PERIODS, tmp_path=tmp_path)
    assert (upload.stage, upload.n_bad_rows, upload.warnings) == (Stage.DONE, 0, [])
    found = days()
    of_one = [share for student, _day, share, *_rest in found if student == "0004711"]
    assert (len(of_one), round(sum(of_one), 1)) == (20, 2.9)
    assert [row[1:3] for row in found if row[0] == "0004712"] == [("2026-09-01", 1.0), ("2026-09-02", 1.0)]
    assert upload.difference["kinds"]["attendance"] == {
        **{"rows": 22, "new": 22, "changed": 0, "gone": 0},
        **{"unchanged": 0, "bad": 0},
    }


def test_the_next_file_of_a_source_is_not_asked_about(two_schools, days, tmp_path):
    bring_in(two_schools, case("case_01_period_attendance.csv"), answers=PERIODS, tmp_path=tmp_path)
    later = tmp_path / "case_01_period_attendance.csv"
    header = case("case_01_period_attendance.csv").read_text().splitlines()[0]
    later.write_text(f"{header}\n0004713,2026-09-03,4,A,Art 1\n0004713,2026-09-03,5,A,Art 2\n")
    assert bring_in(two_schools, later).stage == Stage.DONE
    assert ("0004713", "2026-09-03", round(2 / 7, 4), False, None) in days()


def test_a_period_told_twice_is_one_period(two_schools, days, tmp_path):
    path = tmp_path / "periods.csv"
    path.write_text("student_id,held_on,period,category\n" + "0004713,2026-09-03,4,absent\n" * 2)
    bring_in(two_schools, path, answers=PERIODS)
    assert days() == [("0004713", "2026-09-03", round(1 / 7, 4), False, None)]


def test_two_halves_make_a_day_and_half_an_excuse(two_schools, days):
    upload = bring_in(two_schools, case("case_02_half_days_am_pm.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert days() == [
        ("0004711", "2026-09-08", 1.0, False, None),
        ("0004712", "2026-09-08", 0.5, False, None),
        ("0004713", "2026-09-08", 1.0, False, 0.5),
    ]


def test_halves_need_no_number(two_schools, days, tmp_path):
    path = tmp_path / "halves.csv"
    path.write_text("student_id,held_on,half,category\n0004711,2026-09-08,AM,absent\n0004712,2026-09-08,PM,absent\n")
    assert bring_in(two_schools, path).stage == Stage.DONE
    assert {share for _student, _day, share, *_rest in days()} == {0.5}


def test_many_rows_of_a_day_are_asked_about_without_a_column_of_periods(two_schools, tmp_path):
    path = tmp_path / "attendance.csv"
    rows = [f"00047{number},2026-09-0{day},absent" for number in range(11, 23) for day in (1, 2)] * 6
    path.write_text("student_id,held_on,category\n" + "\n".join(rows))
    upload = bring_in(two_schools, path)
    assert [question["name"] for question in upload.questions] == ["attendance.unit"]
    assert "24 of 24 days" in upload.questions[0]["sentence"]


def test_codes_of_a_district_are_asked_once(two_schools, days, tmp_path):
    path = tmp_path / "attendance.csv"
    path.write_bytes(case("case_11_attendance_codes_of_a_district.csv").read_bytes())
    upload = bring_in(two_schools, path)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert {value["value"] for value in question["values"]} >= {"HD", "Half Day", "AM", "UNHD", "S", "ISS", "FT", "V"}
    meanings = {value["value"]: question["proposal"].get(value["value"], "absent") for value in question["values"]}
    assert bring_in(two_schools, path, answers={"attendance.codes": meanings}).stage == Stage.DONE
    shares = {student: (share, excused) for student, _day, share, excused, _part in days()}
    assert {shares[f"00047{number}"] for number in (11, 12, 13, 14)} == {(0.5, False)}
    assert shares["0004721"] == (1.0, True)
    assert shares["0004715"] == (1.0, False)
    assert [row[0] for row in days(category="tardy")] == ["0004722"]
    assert "0004717" not in shares  # an in-school suspension is no absence


def test_a_new_code_in_a_later_file_is_one_question(two_schools, tmp_path):
    known = {"attendance.codes": {"QT": "absent"}}
    for name, code in (("first", "QT"), ("second", "ZZ")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "attendance.csv").write_text(f"student_id,held_on,category\n0004711,2026-09-08,{code}\n")
    assert bring_in(two_schools, tmp_path / "first" / "attendance.csv", answers=known).stage == Stage.DONE
    upload = bring_in(two_schools, tmp_path / "second" / "attendance.csv")
    assert [value["value"] for question in upload.questions for value in question["values"]] == ["ZZ"]


def test_the_scale_of_grades_is_asked(two_schools, tmp_path):
    path = tmp_path / "grades.csv"
    path.write_bytes(case("case_03_grades_one_to_four_no_scale.csv").read_bytes())
    upload = bring_in(two_schools, path)
    assert upload.stage == Stage.ASKING
    assert upload.questions[0]["sentence"] == (
        "grades.csv has 36 grades, and the highest is 4. What is the best possible grade?"
    )
    assert bring_in(two_schools, path, answers={"grades.scale": {"best": 4}}).stage == Stage.DONE
    with scope.entered(scope.of_institution(two_schools)):
        grades = GradeRecord.objects.filter(awarded_on=dt.date(2026, 10, 30)).select_related("student")
        of_student: dict[str, list[float]] = {}
        for grade in grades:
            of_student.setdefault(grade.student.external_id, []).append(grade.value / grade.scale_max)
    averages = sorted(round(sum(shares) / len(shares), 2) for shares in of_student.values())
    assert (len(averages), averages[0], averages[-1]) == (12, 0.5, 0.92)


@pytest.mark.parametrize(
    ("scale", "kept"), [({"best": 1, "worst": 6}, (5.0, 5.0)), ({"best": 6, "worst": 1}, (0.0, 5.0))]
)
def test_a_scale_may_run_either_way(two_schools, tmp_path, scale, kept):
    path = tmp_path / "grades.csv"
    rows = "".join(f"0004711,2026-10-{day:02},Art {day},{day % 6 + 1}\n" for day in range(6, 12))
    path.write_text("student_id,awarded_on,course,grade\n" + rows)
    assert bring_in(two_schools, path, answers={"grades.scale": scale}).stage == Stage.DONE
    with scope.entered(scope.of_institution(two_schools)):
        grade = GradeRecord.objects.get(course="Art 6")
    assert (grade.value, grade.scale_max) == kept


def test_an_open_question_fails_the_command_and_says_how_to_answer(two_schools):
    path = case("case_01_period_attendance.csv")
    with pytest.raises(CommandError, match=r"--answers FILE:\nattendance.unit:\n  \"is\": period|--answers FILE"):
        call_command("import_records", str(path), "--institution", two_schools.slug)


def test_answers_are_forgotten_with_their_source(two_schools, tmp_path):
    bring_in(two_schools, case("case_01_period_attendance.csv"), answers=PERIODS, tmp_path=tmp_path)
    with scope.entered(scope.of_institution(two_schools)):
        assert [source.answers for source in Source.objects.all() if source.answers] == [PERIODS]


@pytest.fixture
def enrolments(two_schools):
    """Return the enrolments that hold, by the student's number."""

    def of_each():
        with scope.entered(scope.of_institution(two_schools)):
            return {row.student.external_id: row for row in Enrolment.objects.select_related("student")}

    return of_each


def test_a_last_day_that_lies_ahead_is_planned(two_schools, enrolments, roll):
    upload = bring_in(two_schools, case("case_07_planned_exit_in_future.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert {(row.exited_on, row.planned_exit_on) for row in enrolments().values()} == {(None, dt.date(2027, 6, 11))}
    assert len(roll(dt.date(2026, 11, 30))) == 12
    again = bring_in(two_schools, case("case_07_planned_exit_in_future.csv"), "--again")
    assert again.difference["kinds"]["enrolments"]["unchanged"] == 12


def test_a_last_day_far_ahead_is_no_plan(two_schools, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("student_id,given_name,school_id,entered_on,exit_date\nX1,Ada,10,2026-09-01,2099-12-31\n")
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


def test_a_moment_is_a_day_of_the_institution(two_schools, days):
    Institution.objects.filter(pk=two_schools.pk).update(time_zone="Europe/Berlin")
    upload = bring_in(two_schools, case("case_12_utc_midnight.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert [day for _student, day, *_rest in days()][0] == "2026-09-07"
    assert {dt.date.fromisoformat(day).weekday() for _student, day, *_rest in days()} == {0}


def test_midnight_in_utc_is_a_day_that_was_written_as_a_moment(two_schools, days, tmp_path):
    Institution.objects.filter(pk=two_schools.pk).update(time_zone="America/New_York")
    path = tmp_path / "attendance.csv"
    path.write_text("student_id,held_on,category\n0004711,2026-09-07T00:00:00Z,absent\n")
    bring_in(two_schools, path)
    assert [day for _student, day, *_rest in days()] == ["2026-09-07"]


def test_school_years_are_read_as_people_write_them(two_schools):
    upload = bring_in(two_schools, case("case_15_school_year_2025-26.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert upload.difference["kinds"]["terms"] == {
        **{"rows": 3, "new": 0, "changed": 0, "gone": 0},
        **{"unchanged": 3, "bad": 0},
    }


STATUSES = {
    "PreRegNew": "not_yet",
    "Not Attending": "left_other",
    "DropOut-36": "left_dropped_out",
    "Withdrawal-24": "left_other",
    "SummerWithdrawal-20": "left_other",
}


@pytest.fixture
def two_empty_schools(riverside):
    """An institution of two schools and no student."""
    for name in ("schools", "terms", "school_days"):
        bring_in(riverside, case(f"base_{name}.csv"))
    return riverside


@pytest.fixture
def here(two_empty_schools):
    """Return the numbers of the students on the roll on a day."""

    def on(day):
        with scope.entered(scope.of_institution(two_empty_schools)):
            ids = eligibility.eligible_students(facts.frames().known_by(day), as_of=day)
            return sorted(Student.objects.filter(pk__in=list(ids)).values_list("external_id", flat=True))

    return on


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


def test_two_flags_are_two_records(two_schools, days):
    upload = bring_in(two_schools, case("case_10_absence_and_tardy_as_flags.csv"))
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert [(row[0], row[3]) for row in days()] == [("0004711", False), ("0004713", True)]
    assert [(row[0], row[3]) for row in days(category="tardy")] == [("0004712", False), ("0004713", True)]


def test_codes_of_attendance_are_no_incidents(two_schools, tmp_path):
    named, unnamed = case("case_11_attendance_codes_of_a_district.csv"), tmp_path / "export.csv"
    unnamed.write_bytes(named.read_bytes())
    for path in (named, unnamed):
        upload = bring_in(two_schools, path)
        assert [question["name"] for question in upload.questions] == ["attendance.codes"]
    with scope.entered(scope.of_institution(two_schools)):
        assert DisciplineIncident.objects.filter(happened_on__year=2026, happened_on__month=9).count() == 0


def test_words_of_incidents_are_incidents(two_schools, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("student_id,date,code\n0004711,2026-09-08,Fighting\n0004712,2026-09-08,Disruption\n")
    assert bring_in(two_schools, path).difference["kinds"]["discipline"]["new"] == 2


def test_codes_that_may_be_anything_are_asked_about(two_schools, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("student_id,date,code\n0004711,2026-09-08,17\n0004712,2026-09-08,23\n")
    assert bring_in(two_schools, path).stage == Stage.MAPPING


@pytest.fixture
def numbers(riverside):
    """Return the numbers of the students on record, with their first names."""

    def of_each():
        with scope.entered(scope.of_institution(riverside)):
            return dict(Student.objects.order_by("external_id").values_list("external_id", "given_name"))

    return of_each


@pytest.fixture
def days_of_all(two_empty_schools):
    """Return who missed which day."""

    def missed():
        with scope.entered(scope.of_institution(two_empty_schools)):
            rows = AttendanceRecord.objects.values_list("student__external_id", "held_on")
            return sorted((number, day.isoformat()) for number, day in rows)

    return missed


def test_numbers_that_lost_their_zeros_are_asked_about(two_schools, numbers, days, tmp_path):
    lost = case("case_05_roster_without_leading_zeros.csv")
    upload = bring_in(two_schools, lost)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert question["name"] == "students.numbers"
    assert [(value["value"], value["n"]) for value in question["values"]] == [("zeros", 12)]
    assert "4711 = 0004711" in question["values"][0]["words"]
    same = {"students.numbers": {"zeros": "same"}}
    assert bring_in(two_schools, lost, answers=same, tmp_path=tmp_path).stage == Stage.DONE
    assert (len(numbers()), "4711" in numbers()) == (12, False)


def test_absences_of_numbers_that_lost_their_zeros_are_asked_about(two_schools, days, tmp_path):
    path = tmp_path / "attendance.csv"
    path.write_text("student_id,held_on,category\n" + "".join(f"{n},2026-09-08,absent\n" for n in range(4711, 4716)))
    upload = bring_in(two_schools, path)
    assert [question["name"] for question in upload.questions] == ["students.numbers"]
    assert bring_in(two_schools, path, answers={"students.numbers": {"zeros": "same"}}).stage == Stage.DONE
    assert [row[0] for row in days()] == [f"000{n}" for n in range(4711, 4716)]


def test_a_child_under_another_number_is_asked_about(two_schools, numbers, tmp_path):
    path = tmp_path / "students.csv"
    header = "student_id,given_name,family_name,birth_on,school_id,entered_on\n"
    path.write_text(header + "9001,ADA,Berg,2010-01-11,20,2026-11-02\n9002,Zoe,New,2010-01-11,20,2026-11-02\n")
    (question,) = bring_in(two_schools, path).questions
    (value,) = question["values"]
    assert (value["value"], value["known"], value["words"]) == ("9001", "0004711", "ADA Berg, 2010-01-11")
    same = {"students.numbers": {"9001": "0004711"}}
    assert bring_in(two_schools, path, answers=same).stage == Stage.DONE
    assert (len(numbers()), "9001" in numbers(), "9002" in numbers()) == (13, False, True)


@pytest.mark.parametrize(
    ("meaning", "kept"),
    [
        ("by_school", {"1001": "Ada", "1001@20": "Hal", "1002": "Ben", "2002@20": "Ida"}),
        ("corrected", {"1001": "Hal", "1002": "Ben", "2002": "Ida"}),
        ("leave_out", {"1001": "Ada", "1002": "Ben", "2002": "Ida"}),
    ],
)
def test_one_number_of_two_children_is_asked_about(two_empty_schools, numbers, tmp_path, meaning, kept):
    bring_in(two_empty_schools, case("case_06_north_first.csv"))
    south = tmp_path / "students.csv"
    south.write_bytes(case("case_06_south_second_same_number.csv").read_bytes())
    upload = bring_in(two_empty_schools, south)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert [value["words"] for value in question["values"]] == ["Ada Berg, 2010-01-11 → Hal Ives, 2009-03-02"]
    said = {"students.reused": {"1001": meaning}}
    assert bring_in(two_empty_schools, south, answers=said).stage == Stage.DONE
    assert numbers() == kept


def test_absences_go_to_the_child_of_their_school(two_empty_schools, days_of_all, tmp_path):
    bring_in(two_empty_schools, case("case_06_north_first.csv"))
    south = tmp_path / "students.csv"
    south.write_bytes(case("case_06_south_second_same_number.csv").read_bytes())
    bring_in(two_empty_schools, south, answers={"students.reused": {"1001": "by_school"}})
    told, silent = tmp_path / "attendance.csv", tmp_path / "absences.csv"
    told.write_text("student_id,held_on,category,school_id\n1001,2026-09-08,absent,10\n1001,2026-09-09,absent,20\n")
    silent.write_text("student_id,held_on,category\n1001,2026-09-10,absent\n1002,2026-09-10,absent\n")
    for path in (told, silent):
        upload = bring_in(two_empty_schools, path)
        assert upload.stage == Stage.DONE
    assert days_of_all() == [("1001", "2026-09-08"), ("1001@20", "2026-09-09"), ("1002", "2026-09-10")]
    assert upload.summary["notes"] == [
        "Rows left out, as schools share their numbers and the file does not say which is meant: 1."
    ]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("absent,1", "tardy,1", [("tardy", 1.0)]),
        ("tardy,1", "absent,1", [("absent", 1.0)]),
        ("absent,0.5", "tardy,1", [("absent", 0.5), ("tardy", 1.0)]),
        ("tardy,1", "absent,0.5", [("absent", 0.5), ("tardy", 1.0)]),
        ("absent,5", "tardy,1", [("absent", 5.0), ("tardy", 1.0)]),
    ],
)
def test_a_day_told_otherwise_does_not_stand_twice(two_schools, tmp_path, before, after, kept):
    path = tmp_path / "attendance.csv"
    for told in (before, after):
        path.write_text(f"student_id,held_on,category,n_sessions\n0004711,2026-09-08,{told}\n")
        upload = bring_in(two_schools, path)
    with scope.entered(scope.of_institution(two_schools)):
        rows = AttendanceRecord.objects.filter(held_on=dt.date(2026, 9, 8)).order_by("category")
        assert list(rows.values_list("category", "n_sessions")) == kept
    assert upload.difference["kinds"]["attendance"]["gone"] == 2 - len(kept)


def test_codes_and_periods_are_asked_about_at_once(two_schools, tmp_path):
    path = tmp_path / "attendance.csv"
    path.write_text("student_id,held_on,period,category\n0004711,2026-09-08,1,QQ\n0004711,2026-09-08,2,QQ\n")
    upload = bring_in(two_schools, path)
    assert [question["name"] for question in upload.questions] == ["attendance.codes", "attendance.unit"]


def test_a_grade_level_is_the_same_in_whatever_words(two_schools, tmp_path):
    path = tmp_path / "students.csv"
    header = "student_id,given_name,school_id,grade_level,entered_on\n"
    path.write_text(header + "X1,Ada,10,Grade 9,2026-09-01\nX2,Ben,10,09,2026-09-01\nX3,Cleo,10,9,2026-09-01\n")
    bring_in(two_schools, path)
    with scope.entered(scope.of_institution(two_schools)):
        levels = Enrolment.objects.filter(student__external_id__startswith="X").values_list("grade_level", flat=True)
        assert set(levels) == {"9"}


def test_the_command_says_what_the_page_says(two_schools, tmp_path, capsys):
    bring_in(two_schools, case("case_17_left_students.csv"))
    path = tmp_path / "attendance.csv"
    path.write_text("student_id,held_on,category,bus,ssn\n0004711,2026-11-02,absent,7,123-45-6789\n")
    call_command("import_records", str(path), "--institution", two_schools.slug)
    told = capsys.readouterr().out
    assert "Worth a look: 1 record lies after the student's last day" in told
    assert "(line 2 · held_on: 2026-11-02)" in told
    assert "Not needed, attendance.csv: bus" in told
    assert "Never read, attendance.csv: ssn" in told
