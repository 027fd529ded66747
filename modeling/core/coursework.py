"""Features of coursework: averages, failures and credits, each student's latest term against the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modeling.core.school_calendar import FloatArray, IntArray, days
from modeling.core.snapshot_day import SnapshotDay

# Where a grade carries no credits: below 60 of 100 is the usual failing grade in the United States.
PASSING_SHARE = 0.60


@dataclass(frozen=True, kw_only=True)
class _Grades:
    """Grades of students on the roll as arrays; `term` is the day the term began, as a number of days."""

    at: IntArray
    term: IntArray
    school_year: IntArray
    share: FloatArray
    attempted: FloatArray
    earned: FloatArray
    core: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]


def coursework_features(day: SnapshotDay) -> dict[str, FloatArray]:
    """Return every feature of grades and credits as of a day.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float, shape (n_students,)
        The latest term is the student's own latest one with grades. NaN where there is no such grade, no
        core course, no earlier term or no credit on record.
    """
    grades = _grades(day)
    latest, before = _latest_terms(grades, n=len(day.students))
    in_latest = grades.term == latest[grades.at]
    average = _mean(day, grades, in_latest)
    return {
        "course_average": average,
        "course_average_change": average - _mean(day, grades, grades.term == before[grades.at]),
        "lowest_course": _lowest(day, grades, in_latest),
        "core_failures_term": _core_failures(day, grades, in_latest),
        "core_failures_year": _core_failures(day, grades, _in_latest_year(grades, n=len(day.students))),
        **_credits(day, grades),
    }


def _grades(day: SnapshotDay) -> _Grades:
    rows = day.facts.grades
    at = day.at(rows["student_id"])
    counted = (at >= 0) & (days(rows["awarded_on"]) <= day.as_of)
    rows, at = rows.loc[counted], at[counted]
    school_year, starts_on = day.calendar.terms_of(days(rows["awarded_on"]), rows["term"])
    share = (rows["value"] / rows["scale_max"]).to_numpy(dtype=np.float64)
    attempted = rows["credits_attempted"].to_numpy(dtype=np.float64)
    earned = rows["credits_earned"].to_numpy(dtype=np.float64)
    return _Grades(
        at=at,
        term=starts_on.astype(np.int64),
        school_year=school_year,
        share=share,
        attempted=attempted,
        earned=earned,
        core=rows["core"].to_numpy(dtype=np.bool_),
        # The school's own credit decides where there is one; the pass mark differs from place to place.
        failed=np.where((attempted > 0) & ~np.isnan(earned), earned <= 0, share < PASSING_SHARE),
    )


def _latest_terms(grades: _Grades, *, n: int) -> tuple[IntArray, IntArray]:
    """Return the day each student's latest term with grades began, and that of the term before it."""
    never = np.iinfo(np.int64).min
    latest = np.full(n, never)
    np.maximum.at(latest, grades.at, grades.term)
    before = np.full(n, never)
    earlier = grades.term < latest[grades.at]
    np.maximum.at(before, grades.at[earlier], grades.term[earlier])
    return latest, before


def _in_latest_year(grades: _Grades, *, n: int) -> npt.NDArray[np.bool_]:
    latest = np.full(n, np.iinfo(np.int64).min)
    np.maximum.at(latest, grades.at, grades.school_year)
    inside: npt.NDArray[np.bool_] = grades.school_year == latest[grades.at]
    return inside


def _mean(day: SnapshotDay, grades: _Grades, chosen: npt.NDArray[np.bool_]) -> FloatArray:
    chosen = chosen & ~np.isnan(grades.share)
    n = day.totals(grades.at[chosen])
    return np.divide(day.totals(grades.at[chosen], grades.share[chosen]), n, out=day.missing(), where=n > 0)


def _lowest(day: SnapshotDay, grades: _Grades, chosen: npt.NDArray[np.bool_]) -> FloatArray:
    lowest = day.missing()
    # fmin takes a number over NaN, so a student without grades stays missing.
    np.fmin.at(lowest, grades.at[chosen], grades.share[chosen])
    return lowest


def _core_failures(day: SnapshotDay, grades: _Grades, chosen: npt.NDArray[np.bool_]) -> FloatArray:
    core = chosen & grades.core
    n_failed = day.totals(grades.at[core & grades.failed])
    return np.where(day.totals(grades.at[core]) > 0, n_failed, np.nan)


def _credits(day: SnapshotDay, grades: _Grades) -> dict[str, FloatArray]:
    known = ~np.isnan(grades.attempted) & ~np.isnan(grades.earned)
    attempted = day.totals(grades.at[known], grades.attempted[known])
    earned = day.totals(grades.at[known], grades.earned[known])
    tried = attempted > 0
    return {
        # Credits transferred in may exceed those tried; that is not a negative debt.
        "credits_behind": np.where(tried, np.maximum(attempted - earned, 0.0), np.nan),
        "credits_earned_share": np.divide(np.minimum(earned, attempted), attempted, out=day.missing(), where=tried),
    }
