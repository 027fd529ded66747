"""Grades as the features see them: what is known of those who are on the roll, as narrow arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from modeling.core.school_calendar import Days, FloatArray, IntArray, days
from modeling.core.snapshot_day import SnapshotDay
from modeling.core.texts import codes

# Where a grade carries no credits: below 60 of 100 is the usual failing grade in the United States.
PASSING_SHARE = 0.60
NEVER = np.iinfo(np.int32).min


@dataclass(frozen=True, kw_only=True)
class Grades:
    """Known grades of students on the roll.

    Attributes
    ----------
    at : array of int, shape (n_grades,)
        Position of the student.
    term : array of int, shape (n_grades,)
        The day the term began, as a number of days.
    school_year : array of int, shape (n_grades,)
        The year it ends in.
    share : array of float, shape (n_grades,)
        The grade by the most its scale allows; NaN without a grade.
    attempted, earned : arrays of float, shape (n_grades,)
        Credits; NaN where none are recorded.
    core, failed : arrays of bool, shape (n_grades,)
    """

    at: npt.NDArray[np.int32]
    term: npt.NDArray[np.int32]
    school_year: npt.NDArray[np.int32]
    share: FloatArray
    attempted: FloatArray
    earned: FloatArray
    core: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    @classmethod
    def known(cls, day: SnapshotDay) -> Self:
        """Take what the features look at out of the records, in their order."""
        parts = [_narrowed(day, *records) for records in day.records("grades")]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        attempted, earned = joined["attempted"], joined["earned"]
        # The school's own credit decides where there is one; the pass mark differs from place to place.
        failed = np.where((attempted > 0) & ~np.isnan(earned), earned <= 0, joined["share"] < PASSING_SHARE)
        return cls(**joined, failed=failed)

    def chosen(self, which: npt.NDArray[np.bool_]) -> Grades:
        """Return some of the grades."""
        return Grades(**{name: values[which] for name, values in vars(self).items()})

    def latest_year(self, *, n_students: int) -> npt.NDArray[np.int32]:
        """Return each student's latest school year with grades, NEVER where there is none."""
        latest = np.full(n_students, NEVER, dtype=np.int32)
        np.maximum.at(latest, self.at, self.school_year)
        return latest


def _narrowed(
    day: SnapshotDay, rows: pd.DataFrame, at: IntArray, counted: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    awarded_on = days(rows["awarded_on"])
    counted = counted & (awarded_on <= day.as_of)
    school_year, starts_on = _terms(day, awarded_on[counted], rows["term"].loc[counted])
    if day.came_back is not None:
        over = _over_before_return(day, at[counted], starts_on, rows["term"].loc[counted])
        counted[np.flatnonzero(counted)[over]] = False
        school_year, starts_on = school_year[~over], starts_on[~over]
    value, scale_max, attempted, earned = (
        rows[name].to_numpy(dtype=np.float64)[counted]
        for name in ("value", "scale_max", "credits_attempted", "credits_earned")
    )
    # A scale that ends at 0 is no reason to stop: nothing by nothing is missing.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = value / scale_max
    return {
        "at": at[counted].astype(np.int32),
        "term": starts_on.astype(np.int64).astype(np.int32),
        "school_year": school_year.astype(np.int32),
        "share": share,
        "attempted": attempted,
        "earned": earned,
        "core": rows["core"].to_numpy(dtype=np.bool_)[counted],
    }


def _over_before_return(day: SnapshotDay, at: IntArray, starts_on: Days, terms: pd.Series) -> npt.NDArray[np.bool_]:
    """Return which grades are of a term that was over when the student came back, though they were given later."""
    over = np.zeros(at.size, dtype=np.bool_)
    back_on = np.full(at.size, np.datetime64("NaT")) if day.came_back is None else day.came_back[at]
    of_returned = np.flatnonzero(~np.isnat(back_on))
    ends_on = day.calendar.term_ends(starts_on[of_returned], terms.iloc[of_returned])
    # A term that the calendar does not hold is over at no time.
    over[of_returned] = ends_on < back_on[of_returned]
    return over


def _terms(day: SnapshotDay, awarded_on: Days, terms: pd.Series) -> tuple[IntArray, Days]:
    """Return the school year and the first day of the term of each grade.

    Report cards come on a few days a year, so each day and term is looked up once.
    """
    term, names = codes(terms)
    if not term.size:
        return day.calendar.terms_of(awarded_on, term, names)
    first = awarded_on.min()
    pair = (awarded_on - first).astype(np.int64) * (len(names) + 1) + term + 1
    is_there = np.zeros(int(pair.max()) + 1, dtype=np.bool_)
    is_there[pair] = True
    pairs = np.flatnonzero(is_there)
    school_year, starts_on = day.calendar.terms_of(
        first + pairs // (len(names) + 1), pairs % (len(names) + 1) - 1, names
    )
    at = np.cumsum(is_there)[pair] - 1
    return school_year[at], starts_on[at]
