"""The synthetic district: invented students whose engagement, unseen, shows in attendance, marks, conduct and exits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from simulation.arrays import Ints, day_number
from simulation.calendar import SchoolYear, school_years
from simulation.frames import AreaFrames, Numbering, calendar_frames, school_frame
from simulation.ledger import Ledger
from simulation.outcomes import with_corrections
from simulation.population import Intake
from simulation.roll import Path, Roll
from simulation.school_year import YearUnderWay, draw_schools

STUDENTS_PER_SCHOOL: Final = 700
# A larger district is made of areas that exchange no students, one after the other, so that memory stays bounded.
STUDENTS_PER_AREA: Final = 50_000

GRADE_SHARES: Final = (0.275, 0.255, 0.24, 0.23)
# Newcomers replace those who transfer out: together they make about a tenth of students mobile in a year.
ARRIVALS_IN_SUMMER: Final = 0.035
ARRIVALS_IN_YEAR: Final = 0.034
# A year begins a little above its average: more leave during the year than come.
START_OF_YEAR_SURPLUS: Final = 1.01


@dataclass(frozen=True)
class District:
    """The frames of a district as its systems know it on the end date; columns as in ``frames.COLUMNS``."""

    schools: pd.DataFrame
    terms: pd.DataFrame
    school_days: pd.DataFrame
    students: pd.DataFrame
    enrolments: pd.DataFrame
    attendance: pd.DataFrame
    grades: pd.DataFrame
    discipline: pd.DataFrame
    interventions: pd.DataFrame
    outcomes: pd.DataFrame
    attributes: pd.DataFrame
    protected: pd.DataFrame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames by name, in the order in which a reader needs them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def simulate_district(*, n_students: int, n_years: int, seed: int, ends_on: date) -> District:
    """Simulate a district of high schools and return everything known about it on `ends_on`.

    Parameters
    ----------
    n_students : int
        Students enrolled at a typical moment, in grades 9 to 12; about 700 to a school.
    n_years : int
        School years, the last of which has begun by `ends_on` and may still be under way.
    seed : int
        The same arguments give the same frames. Moving `ends_on` within a school year reveals more of the same story.
    ends_on : date
        Nothing that became known later is in the frames.

    Returns
    -------
    District

    Raises
    ------
    ValueError
        If `n_students` or `n_years` is below 1, or `seed` below 0.
    """
    areas = [
        area.frames() for area in simulate_areas(n_students=n_students, n_years=n_years, seed=seed, ends_on=ends_on)
    ]
    if len(areas) == 1:
        return District(**areas[0])
    joined = {name: pd.concat([area[name] for area in areas], ignore_index=True) for name in areas[0]}
    return District(**joined)


def simulate_areas(*, n_students: int, n_years: int, seed: int, ends_on: date) -> Iterator[District]:
    """Yield the same district one area of up to 50,000 students at a time, for readers who cannot hold it all.

    Joined, the areas are what `simulate_district` returns; terms and school days come with the first area alone.

    Raises
    ------
    ValueError
        As `simulate_district`.
    """
    if n_students < 1 or n_years < 1 or seed < 0:
        msg = f"n_students and n_years must be at least 1 and seed at least 0, got {n_students}, {n_years} and {seed}."
        raise ValueError(msg)
    return _areas(n_students=n_students, n_years=n_years, seed=seed, ends_on=ends_on)


def _areas(*, n_students: int, n_years: int, seed: int, ends_on: date) -> Iterator[District]:
    years = school_years(n_years=n_years, ends_on=ends_on)
    n_areas = -(-n_students // STUDENTS_PER_AREA)
    sizes = np.diff(np.linspace(0, n_students, n_areas + 1).astype(int)).tolist()
    # A third of a district is new every year; the width of ids must not depend on how the simulation went.
    student_digits = max(6, len(str(n_students + n_students * n_years // 2)))
    school_digits = max(3, len(str(n_students // STUDENTS_PER_SCHOOL + n_areas)))
    calendar = calendar_frames(years)
    first_student, first_school, first_outcome = 1, 1, 1
    for number, size in enumerate(sizes):
        numbering = Numbering(first_student, first_school, student_digits, school_digits)
        area = _Area(n_students=size, years=years, rng=np.random.default_rng([seed, number]))
        area.live()
        yield District(**area.frames(numbering, first_outcome, day_number(ends_on)), **calendar)
        calendar = {name: frame.iloc[:0] for name, frame in calendar.items()}
        first_student += area.intake.n_students
        first_school += area.n_schools
        first_outcome += area.n_outcomes


class _Area:
    """Some schools and the students who go to them, and move between them, over all the years."""

    def __init__(self, *, n_students: int, years: list[SchoolYear], rng: np.random.Generator) -> None:
        self._size = n_students
        self._years = years
        self._rng = rng
        self._ledger = Ledger()
        self.n_schools = max(1, round(n_students / STUDENTS_PER_SCHOOL))
        self.n_outcomes = 0
        self._schools = draw_schools(self.n_schools, rng)
        self.intake = Intake(n_schools=self.n_schools, rng=rng, ledger=self._ledger)

    def live(self) -> None:
        """Simulate every school year, the last one to its end."""
        returning = None
        for year in self._years:
            roll, enters = self._begin(year, returning)
            path = Path.of(roll, enters=enters)
            returning = YearUnderWay(year, roll, path, self._schools, self._rng, self._ledger).run()

    def frames(self, numbering: Numbering, first_outcome: int, ends_on: int) -> dict[str, pd.DataFrame]:
        """Return the area's frames as known on the day number `ends_on`."""
        outcomes = with_corrections(self._ledger.take("outcomes"), first_id=first_outcome, rng=self._rng)
        self.n_outcomes = len(outcomes["student"])
        frames = AreaFrames(
            self._ledger,
            numbering=numbering,
            n_students=self.intake.n_students,
            n_schools=self.n_schools,
            ends_on=ends_on,
        )
        return {"schools": school_frame(numbering, self.n_schools)} | frames.build(outcomes)

    def _begin(self, year: SchoolYear, returning: Roll | None) -> tuple[Roll, Ints]:
        """Return the roll of a year and the day (index) on which each student enters."""
        rng = self._rng
        full = max(1, round(START_OF_YEAR_SURPLUS * self._size))
        if returning is None:
            starters = np.sort(9 + rng.choice(4, size=full, p=GRADE_SHARES)).astype(np.int8)
        else:
            older = 10 + rng.integers(0, 3, round(ARRIVALS_IN_SUMMER * self._size))
            freshmen = np.full(max(full - len(returning) - len(older), 0), 9)
            starters = np.concatenate([freshmen, older]).astype(np.int8)
        late = round(ARRIVALS_IN_YEAR * self._size)
        late_grades = (9 + rng.integers(0, 4, late)).astype(np.int8)
        late_enters = rng.integers(5, 155, late)
        enters = np.concatenate([np.zeros(len(starters), np.int64), late_enters])
        newcomers = self.intake.new_students(
            grades=np.concatenate([starters, late_grades]),
            ends_in_year_start=np.full(len(enters), year.days[0]),
            entered_on=year.days[enters],
        )
        if returning is None:
            return newcomers, enters
        return returning.with_(newcomers), np.concatenate([np.zeros(len(returning), np.int64), enters])
