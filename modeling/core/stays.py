"""The enrolments of students as arrays in the order in which each student entered: one sort for all who ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from modeling.core.places import Places
from modeling.core.school_calendar import Days, IntArray, days
from modeling.core.texts import codes


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Stays of students in a snapshot, by student, day of entry, school and grade level.

    Attributes
    ----------
    at : array of int, shape (n_stays,)
        Position of the student, rising.
    entered_on : array of datetime64[D], shape (n_stays,)
    school_id : array of int, shape (n_stays,)
    grade : array of int, shape (n_stays,)
        Position among `grade_levels`, -1 where missing.
    grade_levels : tuple of str
        Sorted; an empty text is one of them.
    n_students : int
    """

    at: IntArray
    entered_on: Days
    school_id: IntArray
    grade: IntArray
    grade_levels: tuple[str, ...]
    n_students: int

    @classmethod
    def of(cls, enrolments: pd.DataFrame, *, places: Places) -> Self:
        """Sort the known enrolments of the students of a snapshot; those of others are left out."""
        at = places.at(enrolments["student_id"].to_numpy(dtype=np.int64))
        rows, at = (enrolments, at) if (at >= 0).all() else (enrolments.loc[at >= 0], at[at >= 0])
        found, levels = codes(rows["grade_level"])
        order = sorted(range(len(levels)), key=levels.__getitem__)
        rank = np.full(len(levels) + 1, -1)
        rank[order] = np.arange(len(levels))
        grade = rank[found]
        entered_on, school_id = days(rows["entered_on"]), rows["school_id"].to_numpy(dtype=np.int64)
        # Missing grade levels come last.
        sorted_by = np.lexsort((np.where(grade < 0, len(levels), grade), school_id, entered_on, at))
        return cls(
            at=at[sorted_by],
            entered_on=entered_on[sorted_by],
            school_id=school_id[sorted_by],
            grade=grade[sorted_by],
            grade_levels=tuple(levels[position] for position in order),
            n_students=len(places.ids),
        )

    def newest(self, *, until: np.datetime64) -> IntArray:
        """Return which stay each student entered last, up to a day; -1 where none, shape (n_students,)."""
        entered = np.flatnonzero(self.entered_on <= until)
        of_student = self.at[entered]
        newest = np.full(self.n_students, -1, dtype=np.int64)
        # Of several that go to one place the last stays.
        newest[of_student] = entered
        return newest
