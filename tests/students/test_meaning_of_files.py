"""What a file leaves open is asked before anything counts, and kept for the next file of its source."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from accounts import scope
from accounts.models import Institution
from students.models import AttendanceRecord, DisciplineIncident, GradeRecord, Source, Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import case
from tests.students.two_schools import days, known, two_schools

__all__ = ["days", "known", "two_schools"]

PERIODS = {"attendance.unit": {"is": "period", "a_day": 7}}
Stage = Upload.Stage


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


def test_more_periods_than_a_day_has_are_a_day(two_schools, days, tmp_path):
    path = tmp_path / "periods.csv"
    rows = "".join(f"0004713,2026-09-03,{period},absent\n" for period in range(9))
    path.write_text("student_id,held_on,period,category\n" + rows)
    bring_in(two_schools, path, answers=PERIODS)
    assert days() == [("0004713", "2026-09-03", 1.0, False, None)]


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


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("fees.csv", "student_id,date,type,amount", "0004711,2026-09-08,Lunch,3"),
        ("export.csv", "student_id,date,P1,P2,P3", "0004711,2026-09-08,A,,A"),
        ("visits.csv", "student_id,date,room", "0004711,2026-09-08,12"),
        ("absences.csv", "student_id,date,reason", "0004711,2026-09-08,sick"),
        ("grades.csv", "student_id,date,course,S1,S2", "0004711,2026-09-08,Art,88,90"),
    ],
)
def test_a_file_without_what_makes_a_kind_is_of_none_until_told(two_schools, tmp_path, name, head, row):
    path = tmp_path / name
    path.write_text(f"{head}\n{row}\n")

    upload = bring_in(two_schools, path)

    assert (upload.stage, upload.summary.get("counts", {})) == (Stage.MAPPING, {})
