"""School years as United States districts keep them: 180 days from late August to mid June, in two terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from simulation.arrays import Floats, Ints, day_number

# Most states ask for 180 days of instruction (NCES, State Education Practices, table 5.14).
DAYS_IN_YEAR: Final = 180
DAYS_IN_TERM: Final = 90


@dataclass(frozen=True)
class SchoolYear:
    """One school year of the district.

    Attributes
    ----------
    ends_in : int
        The calendar year in which it ends, its usual name.
    days : int32 array of shape (180,)
        Day numbers of the days on which school is held, ascending.
    week_of : int16 array of shape (180,)
        Week of each day, counted from the week of the first day.
    next_starts_on : int
        Day number of the first day of the school year after this one.
    """

    ends_in: int
    days: Ints
    week_of: Ints
    next_starts_on: int

    @property
    def n_weeks(self) -> int:
        return int(self.week_of[-1]) + 1

    def days_in(self, week: int) -> Ints:
        """Return the indexes into `days` of a week's school days, none in a week of holidays."""
        return np.flatnonzero(self.week_of == week)

    def absence_factor(self) -> Floats:
        """Return how much likelier an absence is on each school day than on an average one, shape (180,).

        Mondays and Fridays, the winter's illnesses and the last weeks before the summer see more absences.
        """
        weekday = (self.days + 3) % 7
        by_weekday = np.array([1.10, 0.93, 0.92, 0.97, 1.16, 1.0, 1.0])[weekday]
        since_january = (self.days - day_number(date(self.ends_in, 1, 25))) / 365.25
        winter = 1.0 + 0.15 * np.cos(2.0 * np.pi * since_january)
        last_weeks = 1.0 + 0.25 * (np.arange(DAYS_IN_YEAR) >= DAYS_IN_YEAR - 20)
        factor = by_weekday * winter * last_weeks
        relative: Floats = (factor / factor.mean()).astype(np.float32)
        return relative


def school_years(*, n_years: int, ends_on: date) -> list[SchoolYear]:
    """Return the `n_years` school years of which the last has begun by `ends_on`, oldest first."""
    started_this_year = ends_on >= _starts_on(ends_on.year + 1)
    newest = ends_on.year + 1 if started_this_year else ends_on.year
    return [_school_year(ends_in) for ends_in in range(newest - n_years + 1, newest + 1)]


def _school_year(ends_in: int) -> SchoolYear:
    first = _starts_on(ends_in)
    holidays = _holidays(ends_in)
    weekdays = (day for day in (first + timedelta(days=k) for k in range(320)) if day.weekday() < 5)
    held = [day_number(day) for day in weekdays if day not in holidays][:DAYS_IN_YEAR]
    days = np.array(held, dtype=np.int32)
    week_of = ((days - days[0]) // 7).astype(np.int16)
    return SchoolYear(ends_in, days, week_of, day_number(_starts_on(ends_in + 1)))


def _starts_on(ends_in: int) -> date:
    return _weekday_from(date(ends_in - 1, 8, 23), weekday=0)


def _weekday_from(day: date, *, weekday: int) -> date:
    """Return the first such weekday (Monday is 0) on or after `day`."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _holidays(ends_in: int) -> set[date]:
    autumn, spring = ends_in - 1, ends_in
    thanksgiving = _weekday_from(date(autumn, 11, 22), weekday=3)
    winter_break = _weekday_from(date(autumn, 12, 21), weekday=0)
    winter_recess = _weekday_from(date(spring, 2, 15), weekday=0)
    spring_break = _weekday_from(date(spring, 4, 8), weekday=0)
    single = {
        _weekday_from(date(autumn, 9, 1), weekday=0),
        _weekday_from(date(autumn, 10, 8), weekday=0),
        date(autumn, 11, 11),
        _weekday_from(date(spring, 1, 15), weekday=0),
        _weekday_from(date(spring, 5, 25), weekday=0),
    }
    training = {_weekday_from(date(autumn, 11, 3), weekday=1), _weekday_from(date(spring, 3, 8), weekday=4)}
    return (
        single
        | training
        | _span(thanksgiving, 2)
        | _span(winter_break, 14)
        | _span(winter_recess, 5)
        | _span(spring_break, 5)
    )


def _span(first: date, n_days: int) -> set[date]:
    return {first + timedelta(days=k) for k in range(n_days)}
