"""The line of a school beside a student's own: what its students missed, as of the list's day, and no further."""

import datetime as dt
from collections import Counter

import pytest
from django.db.models import Sum

from accounts import scope
from predictions import runs, school_attendance
from predictions.models import CurrentRisk, SchoolAttendance
from students.models import AttendanceRecord, SchoolDay
from students.records import school_weeks
from tests.people import signed_in


def monday(day):
    return day - dt.timedelta(days=day.weekday())


@pytest.fixture
def here(riverside):
    with scope.entered(scope.of_institution(riverside)):
        yield riverside


@pytest.fixture
def held(here):
    days = SchoolDay.objects.filter(institution_id=here.pk, held_on__gt=dt.date(2025, 9, 1))
    return Counter(monday(day) for day in days.values_list("held_on", flat=True))


def counted_by_table(school, *, until):
    """Count the hard way, out of the table."""
    listed = CurrentRisk.objects.filter(school=school).values("student_id")
    absences = AttendanceRecord.objects.filter(category="absent", student__in=listed, held_on__lte=until)
    found = Counter()
    for day, n in absences.values_list("held_on").annotate(n=Sum("n_sessions")):
        found[monday(day)] += n
    return found


def test_what_is_kept_is_what_the_table_holds_up_to_the_lists_day(here, northside, harbor):
    as_of = runs.shown_run().as_of

    for school in (northside, harbor):
        kept = SchoolAttendance.objects.get(school=school)
        expected = counted_by_table(school, until=as_of)
        since = as_of - school_attendance.LOOKS_BACK
        assert (kept.until, kept.n_students) == (as_of, CurrentRisk.objects.filter(school=school).count())
        found = {dt.date.fromisoformat(week): n for week, n in kept.missed.items()}
        inside = {week: n for week, n in found.items() if week > since}
        assert inside == {week: n for week, n in expected.items() if week > since}


def test_replaced_and_tardy_records_and_students_of_nobody_do_not_count(here, northside):
    student = CurrentRisk.objects.filter(school=northside).first().student_id
    day = (
        SchoolDay.objects.filter(institution_id=here.pk, held_on__lte=runs.shown_run().as_of).latest("held_on").held_on
    )

    with_one = school_weeks.missed(students=[student], schools=[northside.pk], since=dt.date(2020, 1, 1), until=day)
    own = AttendanceRecord.objects.filter(student=student, category="absent", held_on__lte=day)
    assert sum(with_one[northside.pk].values()) == own.aggregate(n=Sum("n_sessions"))["n"]
    assert set(with_one) == {northside.pk}
    assert school_weeks.missed(students=[], schools=[], since=dt.date(2020, 1, 1), until=day) == {}


def test_weeks_after_the_list_or_before_what_was_added_up_have_no_line(here, northside, held):
    kept = SchoolAttendance.objects.get(school=northside)
    newest = max(held) + dt.timedelta(days=4)

    first = min(held)
    shown = school_attendance.by_week(northside.pk, held, since=first + dt.timedelta(days=1), until=newest)

    assert newest > kept.until
    # Nor has the first week, of which a day is missing.
    assert min(shown) > first
    assert max(shown) == max(week for week in held if week + dt.timedelta(days=4) <= kept.until)
    old = Counter({monday(kept.until - dt.timedelta(weeks=60)): 5})
    assert school_attendance.by_week(northside.pk, old, since=min(old), until=newest) == {}


def test_a_week_that_nothing_followed_is_shown_whole(here, northside, held):
    kept = SchoolAttendance.objects.get(school=northside)
    until = Counter({week: n for week, n in held.items() if week <= kept.until})

    shown = school_attendance.by_week(northside.pk, until, since=min(until), until=kept.until)
    assert max(shown) == max(until)


def test_without_a_list_the_page_draws_the_students_line_alone(amara, northside, riverside):
    with scope.entered(scope.of_institution(riverside)):
        SchoolAttendance.objects.all().delete()
        student = CurrentRisk.objects.filter(school=northside).first().student

    page = signed_in(amara).get(f"/students/{student.public_id}/").content.decode()

    assert "attendance-chart" in page
    assert "Northside, everyone" not in page
