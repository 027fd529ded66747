"""Days of a file that all lie on weekends, or a day beside the school week, are counted for whoever asks about them."""

import datetime as dt

import pytest

from students.changes.staging import Context, Staging
from students.import_sql import odd_days
from students.models import SchoolDay
from tests.students.staged import NOW, absent, bring, roster, student, typed

MONDAY = dt.date(2025, 1, 6)
WEEKDAYS = [MONDAY + dt.timedelta(days=7 * week + day) for week in range(4) for day in range(5)]
SUNDAYS = [MONDAY + dt.timedelta(days=6 + 7 * week) for week in range(10)]


@pytest.fixture
def calendar(riverside, northside, harbor, at_riverside):
    """Give the institution a calendar of four weeks, Monday to Friday."""
    SchoolDay.objects.bulk_create(SchoolDay(institution=riverside, held_on=day) for day in WEEKDAYS)


@pytest.fixture
def looked(riverside, northside, at_riverside):
    """Stage absences on some days, and school days, and look at them."""

    def look(days, school_days=()):
        context = Context(institution=riverside, upload=None, by=None, now=NOW)
        with Staging() as staging:
            staging.add(typed("attendance", *[absent(one, day) for day in days for one in ("s1", "s2")]))
            if school_days:
                staging.add(typed("school_days", *[{"held_on": day} for day in school_days]))
            return odd_days.look("attendance", context)

    return look


def test_days_are_counted_once_however_many_are_absent(calendar, looked):
    odd = looked([*WEEKDAYS[:7], *SUNDAYS[:2]])

    assert (odd.by_weekday, odd.known_by_weekday) == ((2, 2, 1, 1, 1, 0, 2), (4, 4, 4, 4, 4, 0, 0))
    assert (odd.n_days, odd.n_weekend, odd.n_known) == (9, 2, 20)
    assert odd.weekend_share == pytest.approx(2 / 9)


@pytest.mark.parametrize(
    ("days", "are"),
    [
        (SUNDAYS, True),
        (SUNDAYS[:9], False),
        ([*SUNDAYS[:9], WEEKDAYS[0]], True),
        ([*SUNDAYS[:8], *WEEKDAYS[:2]], False),
        (WEEKDAYS, False),
    ],
)
def test_nearly_all_on_weekends_is_told_from_ten_days_on(calendar, looked, days, are):
    assert looked(days).are_on_weekends is are


def test_a_school_of_sundays_is_believed(looked, northside):
    odd = looked(SUNDAYS, school_days=SUNDAYS)

    assert (odd.known_weekend_share, odd.are_on_weekends) == (1.0, False)


def test_without_a_calendar_the_absences_on_record_are_what_is_known(riverside, looked):
    bring(riverside, *roster("s1"), typed("attendance", *[absent("s1", day) for day in WEEKDAYS]))

    odd = looked(SUNDAYS)

    assert (odd.n_known, odd.are_on_weekends) == (20, True)


def test_where_nothing_is_known_weekends_are_odd_and_no_shift_is_named(looked):
    odd = looked(SUNDAYS)

    assert (odd.n_known, odd.are_on_weekends, odd.shifted_by) == (0, True, 0)


@pytest.mark.parametrize("shift", [1, -1, 0])
def test_a_week_moved_by_a_day_is_told_with_its_direction(calendar, looked, shift):
    odd = looked([day + dt.timedelta(days=shift) for day in WEEKDAYS])

    assert odd.shifted_by == shift
    assert odd.are_on_weekends is False


def test_school_on_some_saturdays_is_no_shift(calendar, looked):
    assert looked([*WEEKDAYS, dt.date(2025, 1, 11)]).shifted_by == 0


def test_no_absence_on_a_monday_is_no_shift(calendar, looked):
    assert looked([day for day in WEEKDAYS if day.isoweekday() > 1]).shifted_by == 0


def test_a_kind_without_a_day_of_its_own_cannot_be_looked_at(riverside, at_riverside):
    context = Context(institution=riverside, upload=None, by=None, now=NOW)
    with Staging() as staging:
        staging.add(typed("students", student("s1")))
        with pytest.raises(ValueError, match="happen on no day"):
            odd_days.look("students", context)
