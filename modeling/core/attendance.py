"""Features of attendance: how much was missed, in which windows, and in what runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modeling.core.school_calendar import FloatArray, IntArray
from modeling.core.snapshot_day import SnapshotDay

# Missing a tenth of the days enrolled is chronic absence, counted from ten days enrolled on
# (US Department of Education, EDFacts file specification 195).
CHRONIC_SHARE = 0.10
CHRONIC_FROM_SESSIONS = 10

RUN_WINDOW = 90
# Half a session missed is a session missed when runs are counted.
MISSED = 0.5


@dataclass(frozen=True, kw_only=True)
class _Absences:
    """Absences as arrays: whose, at which session, how many sessions, without an excuse or not."""

    at: IntArray
    position: IntArray
    missed: FloatArray
    unexcused: npt.NDArray[np.bool_]


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
    absences = _absences(day)
    calendar = day.calendar
    unexcused = np.where(absences.unexcused, absences.missed, 0.0)
    last_30, last_90 = calendar.last_sessions(30), calendar.last_sessions(90)
    rate_30 = _share_missed(day, absences, absences.missed, last_30)
    rate_90 = _share_missed(day, absences, absences.missed, last_90)
    rate_year = _share_missed(day, absences, absences.missed, calendar.this_year())
    longest, current = _runs(day, absences)
    enrolled_year = day.sessions(*calendar.this_year())
    chronic = np.where(enrolled_year >= CHRONIC_FROM_SESSIONS, _at_least(rate_year, CHRONIC_SHARE), np.nan)
    return {
        "absence_rate_10d": _share_missed(day, absences, absences.missed, calendar.last_sessions(10)),
        "absence_rate_30d": rate_30,
        "absence_rate_90d": rate_90,
        "absence_rate_year": rate_year,
        "absence_rate_last_year": _share_missed(day, absences, absences.missed, calendar.last_year()),
        "absence_trend": rate_30 - rate_90,
        "unexcused_share_90d": _share_missed(day, absences, unexcused, last_90),
        "tardies_30d": _tardies(day, last_30),
        "longest_absence_run_90d": longest,
        "days_since_last_present": current,
        "chronic_absence": chronic,
    }


def _absences(day: SnapshotDay) -> _Absences:
    rows = day.facts.attendance
    rows = rows.loc[rows["category"] == "absent"]
    return _Absences(
        at=day.at(rows["student_id"]),
        position=day.calendar.position(rows["held_on"]),
        missed=rows["n_sessions"].to_numpy(dtype=np.float64),
        unexcused=~rows["excused"].to_numpy(dtype=np.bool_),
    )


def _share_missed(day: SnapshotDay, absences: _Absences, missed: FloatArray, window: tuple[int, int]) -> FloatArray:
    first, stop = window
    inside = (absences.position >= first) & (absences.position < stop)
    n_missed = day.totals(absences.at[inside], missed[inside])
    held = day.sessions(first, stop)
    # A day entered twice must not make more absences than sessions.
    return np.divide(np.minimum(n_missed, held), held, out=day.missing(), where=held > 0)


def _tardies(day: SnapshotDay, window: tuple[int, int]) -> FloatArray:
    rows = day.facts.attendance
    rows = rows.loc[rows["category"] == "tardy"]
    first, stop = window
    position = day.calendar.position(rows["held_on"])
    inside = (position >= first) & (position < stop)
    return np.where(day.sessions(first, stop) > 0, day.totals(day.at(rows["student_id"])[inside]), np.nan)


def _runs(day: SnapshotDay, absences: _Absences) -> tuple[FloatArray, FloatArray]:
    """Return the longest run of missed sessions in the window, and the run that still goes on."""
    first, stop = day.calendar.last_sessions(RUN_WINDOW)
    counted = (
        (absences.at >= 0) & (absences.position >= first) & (absences.position < stop) & (absences.missed >= MISSED)
    )
    # One number per student and session, with a gap between students, so that a run is a stretch of
    # consecutive numbers.
    width = stop + 1
    days_missed = np.unique(absences.at[counted] * width + absences.position[counted])
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
