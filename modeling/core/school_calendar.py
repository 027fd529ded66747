"""The calendar of an institution up to a day: its sessions in order, and where each school year begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from modeling.core import term_names
from modeling.core.texts import numbers

Days = npt.NDArray[np.datetime64]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
# A column of features: numbers, or the codes of a category.
Values = FloatArray | npt.NDArray[np.object_]

# Where no terms are recorded a school year is taken to begin on this month's first day.
FIRST_MONTH = 8


def days(dates: Any) -> Days:
    """Return dates as an array of datetime64[D]."""
    return np.asarray(dates, dtype="datetime64[D]")


@dataclass(frozen=True, kw_only=True)
class SchoolCalendar:
    """Sessions held up to a day, addressed by position, so that windows count school days and not weekends.

    Attributes
    ----------
    sessions : array of datetime64[D], shape (n_sessions,)
        Sorted, each day once, none after the day asked for.
    year_starts : array of datetime64[D], shape (n_years,)
        First day of each school year that has begun, sorted; the last is the current one.
    terms : DataFrame
        ``school_year``, ``term``, ``starts_on`` and ``ends_on`` of the terms that have begun.
    """

    sessions: Days
    year_starts: Days
    terms: pd.DataFrame

    @classmethod
    def until(cls, as_of: np.datetime64, *, school_days: pd.DataFrame, terms: pd.DataFrame) -> SchoolCalendar:
        """Build the calendar as far as it had run on a day."""
        held = np.unique(days(school_days["held_on"]))
        begun = terms.loc[days(terms["starts_on"]) <= as_of]
        starts_on, school_year = days(begun["starts_on"]), begun["school_year"].to_numpy()
        year_starts = np.sort(days([starts_on[school_year == year].min() for year in np.unique(school_year)]))
        if not year_starts.size:
            this_year = _conventional_start(as_of)
            year_starts = days([_conventional_start(this_year - 1), this_year])
        return cls(sessions=held[held <= as_of], year_starts=year_starts, terms=begun)

    @property
    def n_sessions(self) -> int:
        """Return how many sessions were held so far."""
        return int(self.sessions.size)

    @property
    def year_start(self) -> np.datetime64:
        """Return the first day of the current school year, or of the last one during the holidays."""
        start: np.datetime64 = self.year_starts[-1]
        return start

    @property
    def school_year(self) -> int:
        """Return the year in which the current school year ends, as terms and grades are counted."""
        if len(self.terms):
            return int(self.terms["school_year"].to_numpy()[days(self.terms["starts_on"]).argmax()])
        return int(_school_year(self.year_start))

    def position(self, dates: Any) -> IntArray:
        """Return how many sessions were held before each date; NaT lies after all of them."""
        return np.searchsorted(self.sessions, days(dates), side="left")

    def this_year(self) -> tuple[int, int]:
        """Return the sessions of the current school year as positions, first and past-the-last."""
        return int(self.position(self.year_start)), self.n_sessions

    def last_year(self) -> tuple[int, int]:
        """Return the sessions of the school year before, as positions; an empty range if unknown."""
        stop = int(self.position(self.year_start))
        first = int(self.position(self.year_starts[-2])) if self.year_starts.size > 1 else stop
        return first, stop

    def last_sessions(self, n: int) -> tuple[int, int]:
        """Return the last `n` sessions as positions, first and past-the-last."""
        return max(self.n_sessions - n, 0), self.n_sessions

    def terms_of(self, awarded_on: Days, term: IntArray, names: Sequence[str]) -> tuple[IntArray, Days]:
        """Return the school year and the first day of the term each grade belongs to.

        A report card may come after the next term has begun, so a grade of term "1" belongs to the newest
        term "1" that had begun when it was awarded. Where no such term is recorded, the school year is the
        conventional one and terms are ordered by their number. Names are compared as `term_names.short_name` reads
        them, so that "Semester 1" is the "S1" of the calendar.

        Parameters
        ----------
        awarded_on : array of datetime64[D], shape (n_grades,)
        term : array of int, shape (n_grades,)
            Position of the term's name in `names`, -1 where it is missing.
        names : sequence of str

        Returns
        -------
        school_year : array of int, shape (n_grades,)
            The year it ends in.
        starts_on : array of datetime64[D], shape (n_grades,)
        """
        year_began = _conventional_start(awarded_on)
        said = np.nan_to_num(numbers(names), nan=0, posinf=0, neginf=0).astype(np.int64)
        places = np.array([term_names.place(str(name)) for name in names], dtype=np.int64)
        number = np.append(np.where(said == 0, places, said), 0)
        school_year = _school_year(year_began)
        starts_on = year_began + number[term]
        for position, name in enumerate(names):
            starts, years = self._begun(name)
            newest = np.searchsorted(starts, awarded_on, side="right") - 1
            found = (term == position) & (newest >= 0)
            school_year[found] = years[newest[found]]
            starts_on[found] = starts[newest[found]]
        return school_year, starts_on

    def term_ends(self, starts_on: Days, terms: Any) -> Days:
        """Return the last day of the term of each grade, by its first day and its name; NaT where it is not recorded.

        Parameters
        ----------
        starts_on : array of datetime64[D], shape (n_grades,)
            From `terms_of`.
        terms : array of str, shape (n_grades,)
        """
        ends_on = np.full(starts_on.size, np.datetime64("NaT"), dtype="datetime64[D]")
        starts, ends = days(self.terms["starts_on"]), days(self.terms["ends_on"])
        names = np.asarray(terms, dtype=object)
        for name in pd.unique(pd.Series(names)):
            of_name = names == name
            for first, last in zip(starts[self._named(str(name))], ends[self._named(str(name))], strict=True):
                ends_on[of_name & (starts_on == first)] = last
        return ends_on

    def _begun(self, name: str) -> tuple[Days, IntArray]:
        """Return the first day and the school year of the terms of one name, in the order in which they began."""
        named = self._named(str(name))
        starts_on, years = days(self.terms["starts_on"])[named], self.terms["school_year"].to_numpy()[named]
        order = np.argsort(starts_on, kind="stable")
        return starts_on[order], years[order]

    def _named(self, name: str) -> npt.NDArray[np.bool_]:
        known = [str(term) for term in self.terms["term"]]
        # "Fall 2024" is that of 2024 where the calendar names years as well, whenever its grade came.
        if term_names.has_year(name) and name in known:
            return np.array([term == name for term in known], dtype=np.bool_)
        short = term_names.short_name(name)
        return np.array([term_names.short_name(term) == short for term in known], dtype=np.bool_)


def _conventional_start(dates: Any) -> Any:
    """Return the first day of the conventional school year around each date."""
    # Shifting by whole months makes the calendar year end where the school year does.
    months = np.asarray(dates, dtype="datetime64[M]")
    year = (months - (FIRST_MONTH - 1)).astype("datetime64[Y]")
    return (year.astype("datetime64[M]") + (FIRST_MONTH - 1)).astype("datetime64[D]")


def _school_year(year_began: Any) -> Any:
    """Return the year in which a school year that began on a day ends."""
    return year_began.astype("datetime64[Y]").astype(np.int64) + 1970 + 1
