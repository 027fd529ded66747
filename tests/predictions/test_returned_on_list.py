"""Who left and is freshly back: the list, the page and the API say alike that of the new time too little is known."""

import datetime as dt
from urllib.parse import quote

import pytest

from accounts import scope
from accounts.models import Institution
from predictions import demo_example, student_page
from predictions.models import CurrentRisk
from students.models import AttendanceRecord, Enrolment, Outcome, SchoolDay, Student
from tests import rows
from tests.district_in_database import LIST_ON, score
from tests.people import signed_in
from tests.predictions.pages import row_of, text_of, values

LEFT, BACK = dt.date(2026, 2, 6), dt.date(2026, 3, 2)
TOO_LITTLE = "We don't know this student well enough yet."


@pytest.fixture
def first(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        address = demo_example.of_first_student(northside)["student_path"]
        return Student.objects.get(public_id=address.rstrip("/").rpartition("/")[2])


@pytest.fixture
def comes_back(first, riverside):
    """Put a student's leaving and return on record, as files would, and make the list anew."""

    def record(kind="dropped_out", back_on=BACK, known_on=LEFT):
        with scope.entered(scope.of_institution(riverside)):
            stay = Enrolment.objects.filter(student=first, exited_on=None).get()
            Enrolment.objects.filter(pk=stay.pk).update(exited_on=LEFT, exit_known_on=LEFT)
            of = {"institution": riverside, "student": first}
            stay = {"school": stay.school, "grade_level": stay.grade_level}
            rows.sound(Enrolment, **of, **stay, entered_on=back_on, known_on=back_on)
            rows.sound(Outcome, **of, kind=kind, happened_on=LEFT, known_on=known_on)
        score(riverside, as_of=LIST_ON)
        return first

    return record


def read(person, path):
    return signed_in(person).get(path).content.decode()


def is_too_little_known(student, ines, district_client):
    """Tell what the current list, the student's row, their page and the API say, in that order."""
    page = read(ines, f"/students/{student.public_id}/?estimates=1")
    answer = district_client.get(f"/api/students/{student.public_id}/risk").json()
    row = row_of(read(ines, f"/students/?estimates=1&whose=everybody&q={quote(student.name)}"), student.name)
    with scope.entered(scope.of_institution(student.institution)):
        unranked = CurrentRisk.objects.get(student=student).rank is None
    assert answer["insufficient_data"] == (answer["tier"] is None)
    return unranked, not values(row), TOO_LITTLE in text_of(page) and not values(page), answer["insufficient_data"]


@pytest.mark.parametrize(("kind", "too_little"), [("dropped_out", True), ("transferred", False)])
def test_list_page_and_api_agree_on_whether_too_little_is_known(comes_back, ines, district_client, kind, too_little):
    student = comes_back(kind)

    assert is_too_little_known(student, ines, district_client) == (too_little,) * 4


def test_the_page_says_since_when_and_keeps_the_older_records(comes_back, ines, riverside):
    said = "Back at school since 2 March 2026. The list looks at attendance, grades and incidents since then."
    student = comes_back()
    with scope.entered(scope.of_institution(riverside)):
        older = student.graderecord_set.filter(awarded_on__lt=BACK).order_by("-awarded_on")[0]

    page = text_of(read(ines, f"/students/{student.public_id}/"))

    assert said in page
    assert older.course in page
    assert page.count("Left before finishing") > 0


def test_who_moved_and_came_back_reads_nothing_of_a_return(comes_back, ines):
    student = comes_back("transferred")

    assert "Back at school" not in text_of(read(ines, f"/students/{student.public_id}/"))


def chart_of(student):
    with scope.entered(scope.of_institution(student.institution)):
        page = student_page.page(student=student, sees_predictions=True, shows_estimates=False, today=LIST_ON)
    return page["attendance_chart"]


def test_the_chart_draws_no_attendance_of_the_days_away_and_mixes_no_old_week_into_a_new_one(comes_back):
    before = {row[0]: row[1] for row in chart_of(comes_back("transferred"))["rows"]}
    assert "23 Feb 2026" not in before
    with scope.entered(scope.of_institution(Institution.objects.get(slug="riverside"))):
        student = Student.objects.get(outcome__happened_on=LEFT, outcome__kind="transferred")
        moved = Outcome.objects.get(student=student, happened_on=LEFT)
        of = {"institution": student.institution, "student": student}
        rows.sound(Outcome, **of, corrects=moved, kind="dropped_out", happened_on=LEFT, known_on=LEFT)
        absent = AttendanceRecord.objects.filter(student=student, category="absent", held_on__range=(BACK, LIST_ON))
        held = SchoolDay.objects.filter(held_on__range=(BACK, BACK + dt.timedelta(days=4))).count()
        missed = sum(each.n_sessions for each in absent if each.held_on < BACK + dt.timedelta(days=7))

    chart = chart_of(student)

    rows_since = {row[0]: row[1] for row in chart["rows"]}
    assert rows_since["2 Mar 2026"] == f"{1 - missed / held:.0%}"
    assert chart["title"] == "Back at school since 2 Mar 2026"
    marks = [shape for shape in chart["figure"]["layout"]["shapes"] if shape["type"] == "line"]
    assert [mark["x0"] for mark in marks] == ["2026-03-02"]
    assert "back at school" in [note["text"] for note in chart["figure"]["layout"]["annotations"]]
    own = chart["figure"]["data"][-1]
    assert own["y"][own["x"].index("2026-03-02") - 1] is None
