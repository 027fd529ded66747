"""Minutes and hours of absence are shares of a day; grades of two scales in one file are told apart by a person."""

import datetime as dt

import pytest

from accounts import scope
from students.importing import questions
from students.models import GradeRecord, Upload
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.two_schools import days, two_schools

__all__ = ["days", "two_schools"]

Stage = Upload.Stage
MINUTES = {"attendance.unit": {"is": "minutes", "a_day": 400}}


def absences(tmp_path, *rows, head="student_id,held_on,category,minutes"):
    path = tmp_path / "absences.csv"
    path.write_text("\n".join((head, *rows)) + "\n")
    return path


def test_minutes_are_asked_about_before_they_count(two_schools, days, tmp_path):
    upload = bring_in(two_schools, absences(tmp_path, "0004711,2026-09-08,absent,45", "0004712,2026-09-08,absent,390"))

    (question,) = upload.questions
    assert (upload.stage, question["name"]) == (Stage.ASKING, "attendance.unit")
    assert question["proposal"] == {"is": "minutes", "a_day": 390}
    assert days() == []


def test_minutes_of_a_day_add_up_to_at_most_that_day(two_schools, days, tmp_path):
    rows = ("0004711,2026-09-08,absent,45", "0004711,2026-09-08,absent,55", "0004712,2026-09-08,absent,900")
    bring_in(two_schools, absences(tmp_path, *rows, "0004713,2026-09-08,absent,"), answers=MINUTES)

    assert days() == [
        ("0004711", "2026-09-08", 0.25, False, None),
        ("0004712", "2026-09-08", 1.0, False, None),
        ("0004713", "2026-09-08", 1.0, False, None),
    ]


def test_hours_are_minutes(two_schools, days, tmp_path):
    path = absences(tmp_path, "0004711;2026-09-08;absent;2,5", head="student_id;held_on;category;hours missed")

    bring_in(two_schools, path, answers=MINUTES)

    assert days() == [("0004711", "2026-09-08", 0.375, False, None)]


def test_how_late_somebody_came_is_no_absence_and_no_question(two_schools, days, tmp_path):
    upload = bring_in(two_schools, absences(tmp_path, "0004711,2026-09-08,tardy,12", "0004712,2026-09-08,absent,"))

    assert (upload.stage, upload.questions) == (Stage.DONE, [])
    assert days() == [("0004712", "2026-09-08", 1.0, False, None)]


def test_a_file_that_counts_its_days_is_believed_whatever_its_minutes(two_schools, days, tmp_path):
    head = "student_id,held_on,category,minutes,n_sessions"
    upload = bring_in(two_schools, absences(tmp_path, "0004711,2026-09-08,absent,45,0.5", head=head))

    assert upload.questions == []
    assert days() == [("0004711", "2026-09-08", 0.5, False, None)]


def test_the_page_takes_minutes(two_schools, ines, tmp_path):
    upload = bring_in(two_schools, absences(tmp_path, "0004711,2026-09-08,absent,45"))
    browser, address = signed_in(ines), f"/records/{upload.public_id}/answers/"

    refused = browser.post(address, {"unit": "minutes", "a_day": ""})
    too_short = browser.post(address, {"unit": "minutes", "a_day": "7"})
    too_many = browser.post(address, {"unit": "period", "a_day": "45"})
    browser.post(address, {"unit": "minutes", "a_day": "380"})

    assert "Say how many periods or minutes a school day has." in refused.content.decode()
    assert "A school day has 60 to 1440 minutes." in too_short.content.decode()
    assert "A school day has 1 to 24 periods." in too_many.content.decode()
    with scope.entered(scope.of_institution(two_schools)):
        answers = Upload.objects.get(public_id=upload.public_id).answers
    assert answers == {"attendance.unit": {"is": "minutes", "a_day": 380}}


OF_100, OF_4 = (55, 61, 70, 72, 75, 78, 80, 82, 85, 88, 91, 94), (2, 3, 3.5, 4, 1, 0)


@pytest.fixture
def graded(two_schools, tmp_path):
    path = tmp_path / "grades.csv"

    def bring(*values, answers=None):
        rows = [f"00047{11 + n % 12},2026-10-01,Art {n // 12},{value}" for n, value in enumerate(values)]
        path.write_text("student_id,awarded_on,course,value\n" + "\n".join(rows) + "\n")
        return bring_in(two_schools, path, answers=answers)

    return bring


def scales(institution):
    with scope.entered(scope.of_institution(institution)):
        rows = GradeRecord.objects.filter(course__startswith="Art").order_by("pk")
        return list(rows.values_list("value", "scale_max"))


def test_two_scales_in_one_file_are_asked_about(two_schools, graded):
    upload = graded(*OF_100, *OF_4)

    (question,) = upload.questions
    assert (upload.stage, question["name"], question["proposal"]) == (Stage.ASKING, "grades.mixed", {"up_to": 4})
    assert "Of 18 grades in grades.csv 5 are at most 4" in question["sentence"]
    assert scales(two_schools) == []


def test_grades_of_the_lower_scale_are_of_its_best(two_schools, graded):
    upload = graded(*OF_100, *OF_4, answers={"grades.mixed": {"up_to": 4}})

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert {scale for value, scale in scales(two_schools) if value > 4} == {100}
    assert {scale for value, scale in scales(two_schools) if value <= 4} == {4}


def test_low_grades_may_be_low(two_schools, graded):
    graded(*OF_100, *OF_4, answers={"grades.mixed": {"up_to": "one_scale"}})

    assert {scale for _value, scale in scales(two_schools)} == {100}


@pytest.mark.parametrize(
    "values",
    [
        (*OF_100, 4, 3),
        (*OF_100, 0, 0, 0, 0, 0, 0),
        (*OF_100, 3, 8, 13, 17, 22, 26, 29, 33, 36, 39),
        (*OF_100, 2, 3, 3, 4, 4, 6, 9, 12, 15, 18, 22, 25, 30, 35),
        tuple(range(5, 100, 5)),
    ],
    ids=["two_slips", "not_handed_in", "a_weak_class", "a_very_weak_class", "evenly"],
)
def test_grades_of_one_scale_ask_nothing(graded, values):
    assert graded(*values).questions == []


def test_the_page_asks_for_the_second_scale(two_schools, ines, graded):
    upload = graded(*OF_100, *OF_4)
    browser, address = signed_in(ines), f"/records/{upload.public_id}/answers/"
    assert "Up to 4 they are of 4, the others of 100" in browser.get(address).content.decode()

    browser.post(address, {"mixed": "4"})

    with scope.entered(scope.of_institution(two_schools)):
        assert Upload.objects.get(public_id=upload.public_id).answers == {"grades.mixed": {"up_to": 4.0}}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"attendance.unit": {"is": "minutes"}}, "how many minutes a school day has, 60 to 1440"),
        ({"attendance.unit": {"is": "minutes", "a_day": 7}}, "how many minutes a school day has, 60 to 1440"),
        ({"grades.mixed": {"up_to": 0}}, "the best grade of the lower scale, or one_scale"),
        ({"grades.mixed": {}}, "the best grade of the lower scale, or one_scale"),
    ],
)
def test_an_answer_that_cannot_be_is_named(answers, sentence):
    (problem,) = questions.problems(answers)

    assert sentence in problem


MONDAY = dt.date(2026, 1, 12)
WEEKS = [MONDAY + dt.timedelta(day) for day in range(28) if day % 7 < 5]


@pytest.mark.parametrize(("shift", "answer"), [(1, "day_before"), (-1, "day_after")])
def test_days_that_are_one_off_the_week_are_asked_about_and_moved(two_schools, days, tmp_path, shift, answer):
    told = [f"0004711,{day + dt.timedelta(shift)},absent" for day in WEEKS]
    path = absences(tmp_path, *told, head="student_id,held_on,category")
    (question,) = bring_in(two_schools, path).questions
    assert (question["name"], question["proposal"]) == ("attendance.days", {"is": answer})

    bring_in(two_schools, path, answers={"attendance.days": {"is": answer}})

    found = [dt.date.fromisoformat(day) for _student, day, *_rest in days(since=MONDAY)]
    assert set(found) >= set(WEEKS)


def test_days_on_which_school_is_held_ask_nothing(two_schools, tmp_path):
    told = [f"0004712,{day},absent" for day in WEEKS]

    assert bring_in(two_schools, absences(tmp_path, *told, head="student_id,held_on,category")).questions == []
