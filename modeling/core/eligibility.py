"""Who belongs into a snapshot, and how many sessions each student was on the roll for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from modeling.core.facts_frames import FactFrames
from modeling.core.labels import current_outcomes
from modeling.core.school_calendar import Days, FloatArray, IntArray, SchoolCalendar, days

TERMINAL = ("dropped_out", "graduated", "transferred", "died")


def eligible_students(known: FactFrames, *, as_of: date) -> pd.Index:
    """Return the ids of the students on the roll on a day, sorted.

    Parameters
    ----------
    known : FactFrames
        Facts known by `as_of`.
    as_of : date

    Returns
    -------
    Index of int, name ``student_id``
        Entered by `as_of`, no known exit by then, and no terminal outcome known by then since entering: a
        list that kept students who had already left would look far better than it is. A student who left
        and has come back is on the roll again.
    """
    ids, entered_on = _last_entries(known.enrolments, as_of=np.datetime64(as_of))
    outcomes = current_outcomes(known.outcomes)
    terminal = outcomes["kind"].isin(TERMINAL).to_numpy()
    at = pd.Index(ids).get_indexer(pd.Index(outcomes["student_id"]))
    since_entering = days(outcomes["happened_on"]) >= np.append(entered_on, np.datetime64("NaT"))[at]
    return pd.Index(np.delete(ids, at[terminal & since_entering]), name="student_id")


def _last_entries(enrolments: pd.DataFrame, *, as_of: np.datetime64) -> tuple[IntArray, Days]:
    """Return who is on the roll by their stays, sorted, and the day each entered last."""
    entered_on = days(enrolments["entered_on"])
    is_open = (entered_on <= as_of) & np.isnat(days(enrolments["exited_on"]))
    student_id, entered_on = enrolments["student_id"].to_numpy(dtype=np.int64)[is_open], entered_on[is_open]
    order = np.lexsort((entered_on, student_id))
    student_id, entered_on = student_id[order], entered_on[order]
    is_last = np.append(student_id[1:] != student_id[:-1], True)[: student_id.size]
    return student_id[is_last], entered_on[is_last]


@dataclass(frozen=True, kw_only=True)
class SessionsOnRoll:
    """The stretches of sessions during which each student was on the roll, none overlapping for one student.

    Attributes
    ----------
    at : array of int, shape (n_stretches,)
        Position of the student.
    first, stop : arrays of int, shape (n_stretches,)
        Positions in the calendar, `stop` excluded.
    n_students : int
    """

    at: IntArray
    first: IntArray
    stop: IntArray
    n_students: int

    @classmethod
    def of(cls, enrolments: pd.DataFrame, *, students: pd.Index, calendar: SchoolCalendar) -> SessionsOnRoll:
        """Build the stretches from enrolments known by the calendar's last day; `exited_on` is NaT while open."""
        at = students.get_indexer(pd.Index(enrolments["student_id"]))
        first = calendar.position(enrolments["entered_on"])
        # The last day is attended: the roll stops before the day after it.
        stop = calendar.position(enrolments["exited_on"] + pd.Timedelta(1, "D"))
        order = np.lexsort((stop, first, at))
        order = order[at[order] >= 0]
        at, first, stop = at[order], first[order], stop[order]
        # A day on two rolls counts once: each stretch begins where all earlier ones of the student have
        # stopped. Offsets part the students, so one running maximum serves them all.
        offset = at * (calendar.n_sessions + 1)
        reached = np.maximum.accumulate(np.append(0, stop + offset))[:-1] if at.size else stop
        return cls(at=at, first=np.maximum(first, reached - offset), stop=stop, n_students=len(students))

    def since(self, first: IntArray) -> SessionsOnRoll:
        """Return what of the stretches lies at or after a position of each student, shape (n_students,)."""
        return replace(self, first=np.maximum(self.first, first[self.at]))

    def within(self, first: int, stop: int) -> FloatArray:
        """Return how many sessions of a window each student was on the roll for, shape (n_students,)."""
        shared = np.maximum(np.minimum(self.stop, stop) - np.maximum(self.first, first), 0)
        return np.bincount(self.at, weights=shared, minlength=self.n_students).astype(np.float64)


def n_sessions(facts: FactFrames, *, as_of: date, student_ids: Collection[int]) -> pd.Series:
    """Return how many sessions each student has been on the roll for, up to a day.

    Parameters
    ----------
    facts : FactFrames
    as_of : date
    student_ids : collection of int

    Returns
    -------
    Series of float, index ``student_id`` in the order given
        NaN for everyone where the institution has no calendar of school days.
    """
    known = facts.known_by(as_of)
    calendar = SchoolCalendar.until(np.datetime64(as_of), school_days=known.school_days, terms=known.terms)
    students = pd.Index(list(student_ids), name="student_id", dtype="int64")
    on_roll = SessionsOnRoll.of(known.enrolments, students=students, calendar=calendar)
    held = calendar.n_sessions
    return pd.Series(on_roll.within(0, held) if held else np.nan, index=students, name="n_sessions")
