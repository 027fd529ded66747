"""Features of coursework: averages, failures and credits, each student's latest term against the one before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from modeling.core.grades import NEVER, Grades
from modeling.core.on_track import on_track
from modeling.core.school_calendar import FloatArray
from modeling.core.snapshot_day import SnapshotDay


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
    n = len(day.students)
    grades = Grades.known(day)
    latest, before = _latest_terms(grades, n=n)
    earlier = grades.term == before[grades.at]
    average_before = _mean(day, grades.at[earlier], grades.share[earlier])
    in_year = grades.school_year == grades.latest_year(n_students=n)[grades.at]
    # Each selection is a copy, let go before the next is made.
    of_term = _of_term(day, grades.chosen(grades.term == latest[grades.at]))
    return {
        **of_term,
        "course_average_change": of_term["course_average"] - average_before,
        **_of_year(day, grades.chosen(in_year)),
        **_credits(day, grades),
    }


def _of_term(day: SnapshotDay, grades: Grades) -> dict[str, FloatArray]:
    return {
        "course_average": _mean(day, grades.at, grades.share),
        "lowest_course": _lowest(day, grades),
        "core_failures_term": _core_failures(day, grades),
    }


def _of_year(day: SnapshotDay, grades: Grades) -> dict[str, FloatArray]:
    return {"core_failures_year": _core_failures(day, grades), "on_track": on_track(day, grades)}


def _latest_terms(grades: Grades, *, n: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the day each student's latest term with grades began, and that of the term before it."""
    latest = np.full(n, NEVER, dtype=np.int32)
    np.maximum.at(latest, grades.at, grades.term)
    before = np.full(n, NEVER, dtype=np.int32)
    earlier = grades.term < latest[grades.at]
    np.maximum.at(before, grades.at[earlier], grades.term[earlier])
    return latest, before


def _mean(day: SnapshotDay, at: npt.NDArray[np.int32], share: FloatArray) -> FloatArray:
    is_graded = ~np.isnan(share)
    at, share = at[is_graded], share[is_graded]
    n = day.totals(at)
    return np.divide(day.totals(at, share), n, out=day.missing(), where=n > 0)


def _lowest(day: SnapshotDay, grades: Grades) -> FloatArray:
    lowest = day.missing()
    # fmin takes a number over NaN, so a student without grades stays missing.
    np.fmin.at(lowest, grades.at, grades.share)
    return lowest


def _core_failures(day: SnapshotDay, grades: Grades) -> FloatArray:
    n_failed = day.totals(grades.at[grades.core & grades.failed])
    return np.where(day.totals(grades.at[grades.core]) > 0, n_failed, np.nan)


def _credits(day: SnapshotDay, grades: Grades) -> dict[str, FloatArray]:
    known = ~np.isnan(grades.attempted) & ~np.isnan(grades.earned)
    attempted = day.totals(grades.at[known], grades.attempted[known])
    earned = day.totals(grades.at[known], grades.earned[known])
    tried = attempted > 0
    return {
        # Credits transferred in may exceed those tried; that is not a negative debt.
        "credits_behind": np.where(tried, np.maximum(attempted - earned, 0.0), np.nan),
        "credits_earned_share": np.divide(np.minimum(earned, attempted), attempted, out=day.missing(), where=tried),
    }
