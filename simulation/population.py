"""Who comes to school: new students, their background, and the groups that only the fairness audit may read.

Groups differ mildly in background, and background moves the starting engagement and ability a little. No group
enters any other equation: what the records show about a group comes through background alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.arrays import Floats, Ints
from simulation.ledger import Ledger
from simulation.names import draw_names
from simulation.roll import Roll


@dataclass(frozen=True)
class Group:
    """A protected attribute: its values, their shares, and how far each shifts the background (in sd)."""

    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...]
    shifts: tuple[float, ...]


# Shares are rounded from the national picture of public schools (NCES, Condition of Education 2024: enrolment by
# race/ethnicity, 10 % English learners, 15 % served under IDEA, about half eligible for free or reduced lunch).
GROUPS: Final = (
    Group("gender", ("female", "male", "nonbinary"), (0.487, 0.503, 0.01), (0.0, 0.0, 0.0)),
    Group(
        "ethnicity",
        (
            "White",
            "Hispanic or Latino",
            "Black or African American",
            "Asian",
            "Two or more races",
            "American Indian or Alaska Native",
        ),
        (0.44, 0.29, 0.15, 0.06, 0.05, 0.01),
        (0.08, -0.08, -0.10, 0.15, 0.0, -0.15),
    ),
    Group("home_language", ("English", "Spanish", "other"), (0.77, 0.16, 0.07), (0.03, -0.12, -0.05)),
    Group("disability", ("no", "yes"), (0.85, 0.15), (0.05, -0.28)),
    Group("income_status", ("paid lunch", "reduced lunch", "free lunch"), (0.50, 0.07, 0.43), (0.40, -0.15, -0.44)),
)

# Share of answers that the office never got.
NOT_RECORDED: Final = 0.02


class Intake:
    """Makes new students of one area and writes them into the ledger."""

    def __init__(self, *, n_schools: int, rng: np.random.Generator, ledger: Ledger) -> None:
        self._rng = rng
        self._ledger = ledger
        self._school_background = rng.normal(0.0, 0.35, n_schools)
        self._school_share = rng.dirichlet(np.full(n_schools, 25.0))
        self.n_students = 0

    def new_students(self, *, grades: Ints, ends_in_year_start: Ints, entered_on: Ints) -> Roll:
        """Return students who come into the area, written down under their first day.

        Parameters
        ----------
        grades : int8 array of shape (n,)
        ends_in_year_start : int32 array of shape (n,)
            Day number of the first day of the school year, from which the age for a grade is counted.
        entered_on : int32 array of shape (n,)
            Day number of the first day enrolled.

        Returns
        -------
        Roll of n students
        """
        rng, n = self._rng, len(grades)
        student = np.arange(self.n_students, self.n_students + n, dtype=np.int32)
        self.n_students += n
        background = self._background(student, entered_on)
        school = rng.choice(len(self._school_share), size=n, p=self._school_share).astype(np.int16)
        background = 0.9 * background + self._school_background[school]
        # A year lost before high school: more likely from a poorer start.
        held_back = rng.random(n) < 0.06 * np.exp(-0.35 * background)
        years_in = _years_in(rng, grades)
        school_years_of_life = 14.0 + years_in + held_back + rng.random(n)
        born = (ends_in_year_start - school_years_of_life * 365.25).astype(np.int32)
        given, family = draw_names(rng, n)
        self._ledger.add(
            "students", student=student, given=given, family=family, born=born, known_on=entered_on.astype(np.int32)
        )
        return self._roll(student, school, grades, years_in, born, background)

    def _background(self, student: Ints, entered_on: Ints) -> Floats:
        rng, n = self._rng, len(student)
        background = rng.normal(0.0, 0.9, n)
        known_on = (entered_on + rng.integers(0, 15, n)).astype(np.int32)
        for number, group in enumerate(GROUPS):
            value = rng.choice(len(group.values), size=n, p=group.shares).astype(np.int8)
            background += np.array(group.shifts)[value]
            answered = rng.random(n) >= NOT_RECORDED
            self._ledger.add(
                "protected",
                student=student[answered],
                name=np.full(int(answered.sum()), number, np.int8),
                value=value[answered],
                known_on=known_on[answered],
            )
        return background

    def _roll(self, student: Ints, school: Ints, grades: Ints, years_in: Ints, born: Ints, background: Floats) -> Roll:
        rng, n = self._rng, len(student)
        # Those who got this far are those who stayed: the least engaged of their year have left already.
        base = 0.30 * background + rng.normal(0.0, 0.9, n) + 0.09 * (grades - 9)
        ability = 0.35 * background + rng.normal(0.0, 0.93, n)
        # Who came before the records begin has failed courses already, and more so with little engagement.
        lost = rng.poisson(0.45 * years_in * np.exp(-0.7 * base - 0.4 * ability)) * 0.5
        return Roll(
            student=student,
            school=school,
            grade=grades.astype(np.int8),
            years_in=years_in,
            born=born,
            base=base.astype(np.float32),
            drift=rng.normal(0.0, 0.3, n).astype(np.float32),
            ability=ability.astype(np.float32),
            temper=rng.standard_normal(n, dtype=np.float32),
            frailty=np.exp(rng.normal(-0.08, 0.4, n)).astype(np.float32),
            response=rng.normal(0.28, 0.3, n).astype(np.float32),
            credits=np.maximum(6.0 * years_in - np.minimum(lost, 2.5 * years_in), 0.0).astype(np.float32),
            failed_core=np.zeros(n, np.int8),
        )


def _years_in(rng: np.random.Generator, grades: Ints) -> Ints:
    """Return the years since grade 9 began: one more than the grade says for a few who repeated one."""
    repeated = (rng.random(len(grades)) < 0.04) & (grades > 9)
    return (grades - 9 + repeated).astype(np.int8)
