"""Warnings about the records stand on every list made from them, with what to do, and cost no more as they grow."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scope
from predictions.models import CurrentRisk
from students.models import SchoolDay
from tests import rows
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import records_history as history

OLD = "Attendance is 6 days old."


def within(institution):
    return scope.entered(scope.of_institution(institution))


@pytest.fixture
def nora(northside):
    with within(northside.institution):
        return rows.student(northside, given_name="Nora", family_name="Quillfeather")


@pytest.fixture
def six_days_old(riverside, nora):
    """Hold school every day of the last two weeks, and let the newest absence at Riverside lie six days back."""
    today = timezone.localdate(timezone=dt.UTC)
    with within(riverside), timezone.override(riverside.time_zone):
        today = timezone.localdate()
        days = [today - dt.timedelta(days=back) for back in range(14)]
        SchoolDay.objects.filter(institution=riverside, held_on__gte=days[-1]).delete()
        history.calendar(riverside, days)
        history.absences([nora], [days[6]])


@pytest.fixture
def read():
    def opened(person, address="/students/", **headers):
        return signed_in(person).get(address, headers=headers).content.decode()

    return opened


def test_the_list_says_that_attendance_is_old_and_what_to_do(read, amara, six_days_old):
    page = text_of(read(amara))

    assert OLD in page
    assert "Ask the school before you call a family about absences." in page
    assert "Look in Records" not in page


def test_whoever_brings_in_files_is_led_to_the_records(read, ines, six_days_old):
    page = read(ines)

    assert OLD in text_of(page)
    assert '<a href="/records/">Look in Records</a>' in page


def test_the_page_of_a_student_says_it_too(read, sam, nora, six_days_old):
    assert OLD in text_of(read(sam, f"/students/{nora.public_id}/"))


def test_a_school_that_is_up_to_date_is_not_warned(read, bo, riverside, harbor, six_days_old):
    with within(riverside), timezone.override(riverside.time_zone):
        history.absences([rows.student(harbor)], [timezone.localdate()])

    assert "Attendance" not in text_of(read(bo)).split("students are worth")[0]
    assert OLD not in text_of(read(bo))


def test_a_file_much_smaller_than_the_one_before_is_told_on_the_list(read, amara, riverside, six_days_old):
    with within(riverside):
        sis = history.source(riverside)
        for days_ago, n in ((8, 500), (1, 200)):
            day = timezone.localdate() - dt.timedelta(days=days_ago)
            history.merged(riverside, day, source=sis, rows={"grades": n})

    assert "The last grades file had 60% fewer rows than the one before." in text_of(read(amara))


def test_a_flat_cohort_is_never_old(otto, lakeside, read):
    otto.memberships.update(institution=lakeside)

    page = read(otto)

    assert 'class="person"' in page
    assert "What to know of the records" not in page


def test_the_table_alone_asks_nothing_about_the_records(read, amara, six_days_old):
    with CaptureQueriesContext(connection) as whole:
        read(amara)
    with CaptureQueriesContext(connection) as table:
        partial = read(amara, **{"HX-Request": "true"})

    assert OLD not in partial
    assert len(table) < len(whole)


def test_a_warned_list_stays_within_its_questions(read, amara, riverside, six_days_old):
    with within(riverside):
        for _number in range(5):
            history.merged(riverside, timezone.localdate(), source=history.source(riverside, expected_every_days=1))
        assert CurrentRisk.objects.exists()

    with CaptureQueriesContext(connection) as captured:
        read(amara)

    # Signing in asks some of them; two are settings, and names, schools and scores are looked up each by their keys.
    assert len(captured) < 44
