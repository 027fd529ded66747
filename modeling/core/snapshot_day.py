"""One day as the features see it: who is on the roll, what is known, which sessions were held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from modeling.core.eligibility import SessionsOnRoll, eligible_students
from modeling.core.facts_frames import HAPPENED_ON, FactFrames, is_known
from modeling.core.places import Places
from modeling.core.returns import came_back_on
from modeling.core.school_calendar import Days, FloatArray, IntArray, SchoolCalendar, days
from modeling.core.stays import Stays


@dataclass(frozen=True, kw_only=True)
class SnapshotDay:
    """What every family of features works from; totals are taken by position, without a group-by.

    Attributes
    ----------
    as_of : datetime64[D]
    recorded : FactFrames
        What is recorded, later facts included.
    facts : FactFrames
        Known by `as_of`.
    students : Index of int, shape (n_students,)
        On the roll at `as_of`, sorted.
    calendar : SchoolCalendar
        Up to `as_of`.
    ever_on_roll : SessionsOnRoll
        Also of the time before a return.
    """

    as_of: np.datetime64
    recorded: FactFrames
    facts: FactFrames
    students: pd.Index
    calendar: SchoolCalendar
    ever_on_roll: SessionsOnRoll

    @classmethod
    def of(cls, facts: FactFrames, *, as_of: date) -> SnapshotDay:
        """Look at the facts as they were known on a day."""
        known = facts.known_by(as_of)
        day = np.datetime64(as_of)
        calendar = SchoolCalendar.until(day, school_days=known.school_days, terms=known.terms)
        students = eligible_students(known, as_of=as_of)
        return cls(
            as_of=day,
            recorded=facts,
            facts=known,
            students=students,
            calendar=calendar,
            ever_on_roll=SessionsOnRoll.of(known.enrolments, students=students, calendar=calendar),
        )

    def records(self, name: str) -> Iterator[tuple[pd.DataFrame, IntArray, npt.NDArray[np.bool_]]]:
        """Yield attendance, grades or incidents part by part: rows, whose they are, and which of them count.

        Only rows of students on the roll that were known by `as_of` count, and of who came back only what happened
        since. Cutting the others out here would copy every column, also those that nobody looks at.
        """
        for rows in self.recorded.parts(name):
            at = self.at(rows["student_id"])
            counted = (at >= 0) & is_known(rows, pd.Timestamp(self.as_of))
            yield rows, at, self._since_return(counted, at, rows[HAPPENED_ON[name]])

    def known_records(self, name: str) -> pd.DataFrame:
        """Return those of `records` that count, as one frame, however much that takes."""
        parts = [rows.loc[counted] for rows, _at, counted in self.records(name)]
        return parts[0] if len(parts) == 1 else pd.concat(parts)

    def _since_return(
        self, counted: npt.NDArray[np.bool_], at: IntArray, happened_on: pd.Series
    ) -> npt.NDArray[np.bool_]:
        if self.came_back is None:
            return counted
        of_returned = np.flatnonzero(counted & ~np.isnat(self.came_back)[at])
        counted[of_returned] = days(happened_on.iloc[of_returned]) >= self.came_back[at[of_returned]]
        return counted

    def at(self, student_id: pd.Series) -> IntArray:
        """Return the position of each row's student among `students`, -1 where not on the roll."""
        return self._places.at(student_id.to_numpy(dtype=np.int64))

    @cached_property
    def _places(self) -> Places:
        return Places.of(self.students)

    @cached_property
    def stays(self) -> Stays:
        """Return the known enrolments of the students."""
        return Stays.of(self.facts.enrolments, places=self._places)

    @cached_property
    def current_stay(self) -> IntArray:
        """Return which of `stays` each student entered last, up to `as_of`; -1 where none."""
        return self.stays.newest(until=self.as_of)

    def totals(self, at: npt.NDArray[np.integer[Any]], weights: FloatArray | None = None) -> FloatArray:
        """Return per student how many rows they have, or the sum of the rows' weights.

        Parameters
        ----------
        at : array of int, shape (n_rows,)
            Positions from `at`; negative ones are left out.
        weights : array of float, shape (n_rows,), optional

        Returns
        -------
        array of float, shape (n_students,)
        """
        counted = at >= 0
        if not counted.all():
            at, weights = at[counted], None if weights is None else weights[counted]
        return np.bincount(at, weights=weights, minlength=len(self.students)).astype(np.float64)

    @cached_property
    def came_back(self) -> Days | None:
        """Return the day on which who left before finishing came back, NaT of others; None where nobody did."""
        return came_back_on(self.facts, places=self._places, as_of=self.as_of)

    @cached_property
    def on_roll(self) -> SessionsOnRoll:
        """Return the stretches on the roll, of who came back only those since."""
        if self.came_back is None:
            return self.ever_on_roll
        # NaT lies after all sessions.
        return self.ever_on_roll.since(np.where(np.isnat(self.came_back), 0, self.calendar.position(self.came_back)))

    def sessions(self, first: int, stop: int) -> FloatArray:
        """Return per student the sessions of a window they were on the roll for, since their return if they left."""
        return self.on_roll.within(first, stop)

    def within(self, dates: pd.Series | Days, *, window_days: int) -> npt.NDArray[np.bool_]:
        """Return which dates lie in the calendar days up to and including `as_of`."""
        when = days(dates)
        inside: npt.NDArray[np.bool_] = (when <= self.as_of) & (when > self.as_of - np.timedelta64(window_days, "D"))
        return inside

    def seen(self) -> npt.NDArray[np.bool_]:
        """Return which students have had a session: of the others nobody could have recorded anything."""
        had_one: npt.NDArray[np.bool_] = self.sessions(0, self.calendar.n_sessions) > 0
        return had_one

    def missing(self) -> FloatArray:
        """Return NaN for every student."""
        return np.full(len(self.students), np.nan)
