"""A student at two schools at once has not moved; whether they are, a person says once."""

import datetime as dt

import pytest

from accounts import scope
from students.models import Enrolment, Student, Upload
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.two_schools import two_schools

__all__ = ["two_schools"]

Stage = Upload.Stage
BOTH = {"students.two_schools": {"is": "both"}}
MOVED = {"students.two_schools": {"is": "moved"}}
HEAD = "student_id,school_id,entered_on,exited_on"
AT_BOTH = ("0004711,10,2025-09-02,", "0004711,20,2026-01-12,")


@pytest.fixture
def told(two_schools, tmp_path):
    def bring(*rows, answers=None, name="enrolments.csv"):
        path = tmp_path / name
        path.write_text("\n".join((HEAD, *rows)) + "\n")
        return bring_in(two_schools, path, answers=answers)

    return bring


@pytest.fixture
def stays(two_schools):
    """Return the home school of a student, and where they are or were until when."""

    def of(number):
        with scope.entered(scope.of_institution(two_schools)):
            home = Student.objects.get(external_id=number).school.external_id
            rows = Enrolment.objects.filter(student__external_id=number).order_by("entered_on", "school__external_id")
            return home, list(rows.values_list("school__external_id", "exited_on"))

    return of


def test_who_is_open_at_two_schools_is_asked_about(told, stays):
    upload = told(*AT_BOTH)

    (question,) = upload.questions
    assert (upload.stage, question["name"], question["arguments"]["n"]) == (Stage.ASKING, "students.two_schools", 1)
    assert "such as 0004711" in question["sentence"]
    assert stays("0004711") == ("10", [("10", None)])


def test_who_is_at_both_stays_where_they_were(told, stays):
    upload = told(*AT_BOTH, answers=BOTH)

    assert (upload.stage, upload.n_bad_rows, upload.difference["moved_school"]) == (Stage.DONE, 0, 0)
    assert stays("0004711") == ("10", [("10", None), ("20", None)])


def test_home_stays_where_it_was_though_the_other_began_earlier(told, stays):
    told("0004711,20,2026-01-12,")
    assert stays("0004711")[0] == "20"

    upload = told(*AT_BOTH, answers=BOTH)

    assert upload.difference["moved_school"] == 0
    assert stays("0004711")[0] == "20"


def test_who_moved_is_at_the_later_alone(told, stays):
    upload = told(*AT_BOTH, answers=MOVED)

    assert upload.difference["moved_school"] == 1
    assert stays("0004711") == ("20", [("10", dt.date(2026, 1, 12)), ("20", None)])


def test_both_from_the_same_day_are_both(told, stays):
    upload = told("0004711,10,2025-09-02,", "0004711,20,2025-09-02,", answers=BOTH)

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert stays("0004711") == ("10", [("10", None), ("20", None)])


def test_another_source_that_names_one_school_ends_nothing(told, stays):
    told(*AT_BOTH, answers=BOTH)

    for school in ("20", "10"):
        entered = "2026-01-12" if school == "20" else "2025-09-02"
        upload = told(f"0004711,{school},{entered},", name=f"roster_{school}.csv")
        assert (upload.questions, upload.difference["moved_school"]) == ([], 0)

    assert stays("0004711") == ("10", [("10", None), ("20", None)])


def test_the_end_of_one_leaves_the_other(told, stays):
    told(*AT_BOTH, answers=BOTH)

    told("0004711,10,2025-09-02,2026-06-30", "0004711,20,2026-01-12,")

    assert stays("0004711") == ("20", [("10", dt.date(2026, 6, 30)), ("20", None)])


def test_a_child_who_came_from_the_other_school_has_moved_without_a_question(told, stays):
    upload = told("0004711,20,2026-01-12,")

    assert (upload.stage, upload.questions, upload.difference["moved_school"]) == (Stage.DONE, [], 1)
    assert stays("0004711")[0] == "20"


def test_two_stays_at_one_school_are_no_two_schools(told):
    assert told("0004711,10,2025-09-02,2025-12-19", "0004711,10,2026-01-12,").questions == []


def test_whoever_is_asked_can_answer_on_the_page(told, two_schools, ines):
    upload = told(*AT_BOTH)
    browser, address = signed_in(ines), f"/records/{upload.public_id}/answers/"
    assert "They are at both schools" in browser.get(address).content.decode()

    browser.post(address, {"two_schools": "both"})

    with scope.entered(scope.of_institution(two_schools)):
        assert Upload.objects.get(public_id=upload.public_id).answers == BOTH


def test_a_day_on_two_rolls_is_one_day(told, two_schools):
    from modeling import facts
    from modeling.core import eligibility

    told(*AT_BOTH, answers=BOTH)
    with scope.entered(scope.of_institution(two_schools)):
        known, pk = facts.frames(), Student.objects.get(external_id="0004711").pk
        other = Student.objects.get(external_id="0004712").pk
    days = eligibility.n_sessions(known, as_of=dt.date(2026, 6, 1), student_ids=[pk, other])

    assert days[pk] == days[other] > 0
