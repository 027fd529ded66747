"""Features of attendance: how much was missed, in which windows, and in what runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from modeling.core.catalogue import BY_NAME
from modeling.core.school_calendar import Days, FloatArray, IntArray, SchoolCalendar, days
from modeling.core.snapshot_day import SnapshotDay

# Missing a tenth of the days enrolled is chronic absence, counted from ten days enrolled on
# (US Department of Education, EDFacts file specification 195).
CHRONIC_SHARE = 0.10
CHRONIC_FROM_SESSIONS = 10

# Half a session missed is a session missed when runs are counted.
MISSED = 0.5
# Counted from Monday, which is 0; 1 January 1970 was a Thursday.
MONDAY, FRIDAY = 0, 4
FIRST_WEEKDAY = 3
MONDAY_FRIDAY = "monday_friday_absence_rate_90d"

Flags = npt.NDArray[np.bool_]


def attendance_features(day: SnapshotDay) -> dict[str, FloatArray]:
    """Return every feature of attendance as of a day.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float, shape (n_students,)
        Shares of sessions in [0, 1] and counts. NaN for a student who had no session in the window: a new
        student has no history, not a bad one. Without a calendar of school days everything is NaN.
    """
    recorded = _Recorded(day)
    for rows, at, counted in day.records("attendance"):
        recorded.add(rows, at, counted)
    shares = {
        name: _share(day, recorded.missed[name], day.sessions(*window)) for name, window in recorded.windows.items()
    }
    longest, current = _runs(day, recorded.days_missed())
    enrolled_year = day.sessions(*day.calendar.this_year())
    chronic = _at_least(shares["absence_rate_year"], CHRONIC_SHARE)
    return {
        **shares,
        "absence_trend": shares["absence_rate_30d"] - shares["absence_rate_90d"],
        "absence_trend_10d": shares["absence_rate_10d"] - shares["absence_rate_30d"],
        "unexcused_share_90d": _share(
            day, recorded.unexcused, day.sessions(*_window(day.calendar, "unexcused_share_90d"))
        ),
        MONDAY_FRIDAY: _share(day, recorded.on_monday_or_friday, _mondays_and_fridays(day)),
        "tardies_30d": np.where(day.sessions(*_window(day.calendar, "tardies_30d")) > 0, recorded.tardies, np.nan),
        "longest_absence_run_90d": longest,
        "days_since_last_present": current,
        "chronic_absence": np.where(enrolled_year >= CHRONIC_FROM_SESSIONS, chronic, np.nan),
    }


class _Recorded:
    """What the records add up to, part by part: nothing of a part is kept but its place in the sums.

    Rows are added in their order, so the sums are the same to the last bit however the rows come in parts.
    """

    def __init__(self, day: SnapshotDay) -> None:
        self.calendar = day.calendar
        self.windows = _windows(day.calendar)
        self.missed = {name: np.zeros(len(day.students)) for name in self.windows}
        self.unexcused = np.zeros(len(day.students))
        self.on_monday_or_friday = np.zeros(len(day.students))
        self.tardies = np.zeros(len(day.students))
        self._days_missed: list[IntArray] = []

    def add(self, rows: pd.DataFrame, at: IntArray, counted: Flags) -> None:
        """Add a part of the records: rows, whose they are, and which of them count."""
        position = self.calendar.position(rows["held_on"])
        tardy = counted & (rows["category"] == "tardy").to_numpy(dtype=np.bool_)
        tardy &= _inside(position, _window(self.calendar, "tardies_30d"))
        np.add.at(self.tardies, at[tardy], 1.0)
        absent = counted & (rows["category"] == "absent").to_numpy(dtype=np.bool_)
        excused = rows["excused"].to_numpy(dtype=np.bool_)[absent]
        of_them = rows["n_excused"].to_numpy(dtype=np.float64)[absent]
        at, position = at[absent], position[absent]
        missed = rows["n_sessions"].to_numpy(dtype=np.float64)[absent]
        for name, window in self.windows.items():
            inside = _inside(position, window)
            np.add.at(self.missed[name], at[inside], missed[inside])
        unexcused = np.where(excused, 0.0, missed - np.where(np.isnan(of_them), 0.0, of_them))
        inside = (unexcused > 0) & _inside(position, _window(self.calendar, "unexcused_share_90d"))
        np.add.at(self.unexcused, at[inside], unexcused[inside])
        inside = _inside(position, _window(self.calendar, MONDAY_FRIDAY))
        inside[inside] = _is_monday_or_friday(days(rows["held_on"].to_numpy()[absent][inside]))
        np.add.at(self.on_monday_or_friday, at[inside], missed[inside])
        inside = (missed >= MISSED) & _inside(position, _window(self.calendar, "longest_absence_run_90d"))
        # One number per student and session, with a gap between students.
        self._days_missed.append(at[inside] * (self.calendar.n_sessions + 1) + position[inside])

    def days_missed(self) -> IntArray:
        """Return the days missed as numbers, sorted, each once; a run is a stretch of consecutive numbers."""
        numbers = np.sort(np.concatenate(self._days_missed))
        once: IntArray = numbers[np.diff(numbers, prepend=-1) > 0]
        return once


def _windows(calendar: SchoolCalendar) -> dict[str, tuple[int, int]]:
    return {
        **{name: _window(calendar, name) for name in ("absence_rate_10d", "absence_rate_30d", "absence_rate_90d")},
        "absence_rate_year": calendar.this_year(),
        "absence_rate_last_year": calendar.last_year(),
    }


def _window(calendar: SchoolCalendar, name: str) -> tuple[int, int]:
    """Return the sessions a feature looks back over, as the catalogue says."""
    return calendar.last_sessions(BY_NAME[name].window_sessions or 0)


def _inside(position: IntArray, window: tuple[int, int]) -> Flags:
    first, stop = window
    inside: Flags = (position >= first) & (position < stop)
    return inside


def _is_monday_or_friday(dates: Days) -> Flags:
    weekday = (dates.astype(np.int64) + FIRST_WEEKDAY) % 7
    found: Flags = (weekday == MONDAY) | (weekday == FRIDAY)
    return found


def _mondays_and_fridays(day: SnapshotDay) -> FloatArray:
    """Return per student the Mondays and Fridays of the window that they were on the roll for."""
    window = _window(day.calendar, MONDAY_FRIDAY)
    before = np.append(0.0, np.cumsum(_is_monday_or_friday(day.calendar.sessions)))
    roll = day.on_roll
    held = before[np.clip(roll.stop, *window)] - before[np.clip(roll.first, *window)]
    # Of who came back a stretch may begin after it has stopped.
    return day.totals(roll.at, np.maximum(held, 0.0))


def _share(day: SnapshotDay, n_missed: FloatArray, held: FloatArray) -> FloatArray:
    # A day entered twice must not make more absences than sessions.
    return np.divide(np.minimum(n_missed, held), held, out=day.missing(), where=held > 0)


def _runs(day: SnapshotDay, days_missed: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the longest run of missed sessions in the window, and the run that still goes on."""
    first, stop = _window(day.calendar, "longest_absence_run_90d")
    width = stop + 1
    starts = np.flatnonzero(np.diff(days_missed, prepend=-2) != 1)
    ends = np.append(starts[1:], days_missed.size) if starts.size else starts
    length = (ends - starts).astype(np.float64)
    student = days_missed[starts] // width
    going_on = days_missed[ends - 1] % width == stop - 1
    longest = np.zeros(len(day.students))
    np.maximum.at(longest, student, length)
    current = np.zeros(len(day.students))
    current[student[going_on]] = length[going_on]
    seen = day.sessions(first, stop) > 0
    return np.where(seen, longest, np.nan), np.where(seen, current, np.nan)


def _at_least(share: FloatArray, threshold: float) -> FloatArray:
    # 9 of 90 days is a tenth, whatever the last bit of the division says.
    return np.where(np.isnan(share), np.nan, np.round(share, 9) >= threshold)
