"""The chart of a student's attendance: the help drawn on it, and what the page around it asks of the database."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from predictions import student_page
from predictions.models import CurrentRisk
from students.models import HelpEnd, Intervention, SchoolDay
from tests.people import signed_in


@pytest.fixture
def student(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        listed = CurrentRisk.objects.filter(school=northside, student__intervention=None).select_related("student")
        return listed.order_by("rank")[0].student


def shapes_of(student):
    page = student_page.page(student=student, sees_predictions=True, shows_estimates=False, today=timezone.localdate())
    return page["attendance_chart"]["figure"]["layout"]["shapes"]


def test_help_on_the_chart_ends_on_the_day_that_was_last_told(riverside, student):
    with scope.entered(scope.of_institution(riverside)):
        newest = SchoolDay.objects.order_by("-held_on")[0].held_on
        begun, ended = newest - dt.timedelta(days=60), newest - dt.timedelta(days=30)
        known = {"institution": riverside, "student": student}
        given = Intervention.objects.create(**known, kind="mentor", owner="Amara", started_on=begun, known_on=begun)
        week = newest - dt.timedelta(days=newest.weekday())
        assert [(shape["x0"], shape["x1"]) for shape in shapes_of(student)] == [(str(begun), str(week))]
        for day in (ended - dt.timedelta(days=9), ended):
            HelpEnd.objects.create(**known, intervention=given, ended_on=day, happened="yes", at=timezone.now())
        assert [(shape["x0"], shape["x1"]) for shape in shapes_of(student)] == [(str(begun), str(ended))]


def test_a_student_with_more_on_record_asks_no_more_of_the_database(
    amara, riverside, student, django_assert_max_num_queries
):
    browser = signed_in(amara)
    address = f"/students/{student.public_id}/"
    browser.get(address)
    for n in range(3):
        with scope.entered(scope.of_institution(riverside)):
            Intervention.objects.create(
                institution=riverside,
                student=student,
                kind="mentor",
                owner=f"Mentor {n}",
                started_on=dt.date(2020, 1, 1),
                known_on=dt.date(2020, 1, 1),
            )
        # Four of them hold the test's own transaction.
        with django_assert_max_num_queries(35):
            assert browser.get(address).status_code == 200
