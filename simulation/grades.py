"""Marks and credits, by course and term: ability and engagement both count, courses differ, teachers are late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.arrays import Flags, Floats, Ints, lag_days
from simulation.ledger import Ledger
from simulation.roll import Path, Roll


@dataclass(frozen=True)
class Course:
    """A course: its names in grades 9 to 12, how many marks harder than the average it is, whether it is core."""

    names: tuple[str, str, str, str]
    difficulty: float
    core: bool


CORE_COURSES: Final = (
    Course(("English 9", "English 10", "English 11", "English 12"), 1.0, True),
    Course(("Algebra 1", "Geometry", "Algebra 2", "Statistics"), 5.0, True),
    Course(("Biology", "Chemistry", "Physics", "Environmental science"), 3.0, True),
    Course(("World history", "Modern history", "US history", "Government"), 0.5, True),
)
ELECTIVES: Final = (
    Course(("Physical education",) * 4, -6.0, False),
    Course(("Visual art",) * 4, -4.0, False),
    Course(("Music",) * 4, -4.5, False),
    Course(("Spanish",) * 4, 1.0, False),
    Course(("Computing",) * 4, -1.0, False),
    Course(("Health",) * 4, -4.0, False),
)
COURSES: Final = CORE_COURSES + ELECTIVES
COURSE_NAMES: Final = tuple(name for course in COURSES for name in course.names)

PASS_MARK: Final = 60.0
CREDITS_PER_COURSE: Final = 0.5
# A student who came in the last five weeks of a term gets no mark for it.
DAYS_FOR_A_MARK: Final = 25
MISSING_ROWS: Final = 0.015
MISSING_VALUES: Final = 0.004


@dataclass(frozen=True)
class TermSeen:
    """What a term's marks are given for.

    Attributes
    ----------
    engagement : float array of shape (n_students,)
        Mean over the term.
    tutored : bool array of shape (n_students,)
    strictness : float array of shape (n_schools,)
        Marks that a school gives less than the others.
    """

    engagement: Floats
    tutored: Flags
    strictness: Floats


def give_marks(
    roll: Roll,
    path: Path,
    *,
    term: int,
    last_day: int,
    day_number: int,
    seen: TermSeen,
    rng: np.random.Generator,
) -> list[dict[str, np.ndarray]]:
    """Mark everybody who was there, course by course, and book credits and core failures on the roll.

    Parameters
    ----------
    roll, path : Roll, Path
        `roll.credits` and `roll.failed_core` are changed in place.
    term : int
        0 or 1.
    last_day : int
        Index of the term's last day in the year; `day_number` is the same day as a number.
    seen : TermSeen
    rng : Generator

    Returns
    -------
    list of column sets, one a course, ready for the ledger's table ``grades``
    """
    marked = np.flatnonzero(path.enrolled_on(last_day) & (path.enters <= last_day - DAYS_FOR_A_MARK))
    school = path.school_on(last_day, roll, marked)
    level = 80.0 + 5.5 * roll.ability[marked] + 7.0 * seen.engagement[marked] + 3.0 * seen.tutored[marked]
    level -= seen.strictness[school]
    electives = len(CORE_COURSES) + rng.integers(0, len(ELECTIVES), (2, marked.size))
    # Nobody takes an elective twice: the first of the list instead, or the second of who has the first already.
    other = len(CORE_COURSES) + (electives[0] == len(CORE_COURSES))
    electives[1] = np.where(electives[1] == electives[0], other, electives[1])
    roll.failed_core[marked] = 0
    rows = []
    for slot in range(len(CORE_COURSES) + 2):
        is_core = slot < len(CORE_COURSES)
        course = np.full(marked.size, slot) if is_core else electives[slot - len(CORE_COURSES)]
        value = _mark(level, course, rng)
        passed = value >= PASS_MARK
        roll.credits[marked] += CREDITS_PER_COURSE * passed
        roll.failed_core[marked] += (~passed) & is_core
        kept = rng.random(marked.size) >= MISSING_ROWS
        value = np.where(rng.random(marked.size) < MISSING_VALUES, np.nan, value)
        n = int(kept.sum())
        rows.append(
            {
                "student": roll.student[marked][kept],
                "school": school[kept],
                "awarded_on": np.full(n, day_number, np.int32),
                "course": (4 * course + roll.grade[marked] - 9)[kept].astype(np.int8),
                "term": np.full(n, term, np.int8),
                "value": value[kept].astype(np.float32),
                "passed": passed[kept],
                "core": np.full(n, is_core),
                "known_on": day_number + _lag(rng, n),
            }
        )
    return rows


def write_marks(rows: list[dict[str, np.ndarray]], ledger: Ledger) -> None:
    """Write a term's marks into the ledger."""
    for columns in rows:
        ledger.add("grades", **columns)


def _mark(level: Floats, course: Ints, rng: np.random.Generator) -> Floats:
    difficulty = np.array([each.difficulty for each in COURSES])[course]
    mark: Floats = np.clip(np.rint(level - difficulty + rng.normal(0.0, 6.5, level.size)), 0.0, 100.0)
    return mark


def _lag(rng: np.random.Generator, n: int) -> Ints:
    # Whole classes come late together, so most of the delay is shared by the course.
    return int(rng.integers(2, 9)) + lag_days(rng, n, mean=1.5, longest=12)
