"""The students of one area during one school year: who they are, how they are doing, and their way through the year."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from simulation.arrays import Flags, Floats, Ints

# Later than any day or week of a school year.
NOT_THIS_YEAR = np.int16(30_000)


@dataclass
class Roll:
    """What is carried from one school year to the next; every array has shape (n_students,).

    Attributes
    ----------
    student : int32
        Running number in the area.
    school : int16
        School at the start of the year, counted within the area.
    grade : int8
        9 to 12.
    years_in : int8
        School years since the student first entered grade 9, 0 in the first.
    born : int32
        Day number of the birthday.
    base, drift : float32
        Engagement is `base`, a lasting level with mean near 0 and sd near 0.9, plus `drift`, which comes back to 0.
    ability, temper : float32
        Standard normal; ability moves grades, temper moves incidents. Neither is engagement.
    frailty : float32
        Multiplies the hazard of leaving; mean near 1. Nothing in the records shows it.
    response : float32
        What help does to this student's engagement; positive on average, negative for some.
    credits : float32
        Credits earned so far.
    failed_core : int8
        Core courses failed in the last finished term.
    """

    student: Ints
    school: Ints
    grade: Ints
    years_in: Ints
    born: Ints
    base: Floats
    drift: Floats
    ability: Floats
    temper: Floats
    frailty: Floats
    response: Floats
    credits: Floats
    failed_core: Ints

    def __len__(self) -> int:
        return len(self.student)

    @property
    def engagement(self) -> Floats:
        return self.base + self.drift

    def where(self, keep: Flags) -> Self:
        """Return the students for whom `keep` is true."""
        return type(self)(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    def with_(self, others: Self) -> Self:
        """Return these students followed by `others`."""
        return type(self)(
            **{
                field.name: np.concatenate([getattr(self, field.name), getattr(others, field.name)])
                for field in fields(self)
            }
        )

    def age_on(self, day: int) -> Floats:
        """Return the age in years on a day number."""
        return ((day - self.born) / 365.25).astype(np.float32)

    def credits_behind(self, terms_done: int) -> Floats:
        """Return how many credits are missing for graduating after four years; six a year keep a student on track."""
        due = np.minimum(6.0 * self.years_in + 3.0 * terms_done, 24.0)
        behind: Floats = np.maximum(due - self.credits, 0.0).astype(np.float32)
        return behind


@dataclass
class Path:
    """The way of each student of a roll through one school year; days and weeks are indexes into the year.

    A student is enrolled on the days in [enters, exits), apart from the gap [leaves_school, arrives) of a move.

    Attributes
    ----------
    enters, exits : int16
        First day enrolled; first day no longer enrolled.
    exit_code : int8
        Index into `exits.REASONS`; 0 while there is none.
    fades_until : int16
        Week in which a student who has turned away stops being enrolled.
    fades_with : int8
        The reason that will be given then.
    leaves_school, arrives : int16
        A move inside the district: first day no longer at the old school, first day at the new one.
    second_school : int16
    recent_absences : float32
        Absences of the last weeks, older ones fading: what the staff has seen.
    """

    enters: Ints
    exits: Ints
    exit_code: Ints
    fades_until: Ints
    fades_with: Ints
    leaves_school: Ints
    arrives: Ints
    second_school: Ints
    recent_absences: Floats

    @classmethod
    def of(cls, roll: Roll, *, enters: Ints) -> Self:
        """Return the path of students to whom nothing has happened yet."""
        n = len(roll)
        return cls(
            enters=enters.astype(np.int16),
            exits=np.full(n, NOT_THIS_YEAR),
            exit_code=np.zeros(n, np.int8),
            fades_until=np.full(n, NOT_THIS_YEAR),
            fades_with=np.zeros(n, np.int8),
            leaves_school=np.full(n, NOT_THIS_YEAR),
            arrives=np.full(n, NOT_THIS_YEAR),
            second_school=roll.school.copy(),
            recent_absences=np.zeros(n, np.float32),
        )

    def enrolled_on(self, day: int) -> Flags:
        """Return who is enrolled on a day of the year, shape (n_students,)."""
        between_schools = (self.leaves_school <= day) & (day < self.arrives)
        return (self.enters <= day) & (day < self.exits) & ~between_schools

    def school_on(self, day: int | Ints, roll: Roll, rows: Ints) -> Ints:
        """Return the school of some students on a day, shape of `rows`."""
        moved = self.arrives[rows] <= day
        return np.where(moved, self.second_school[rows], roll.school[rows]).astype(np.int16)
