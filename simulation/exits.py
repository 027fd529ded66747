"""Leaving school and changing school: hazards by week, reasons in Ed-Fi's words, and the summer in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.arrays import Flags, Floats, Ints
from simulation.roll import NOT_THIS_YEAR, Path, Roll

# Ed-Fi ExitWithdrawType; the position is the code used in the arrays.
REASONS: Final = (
    "",
    "Dropout",
    "Withdrawn",
    "Expelled",
    "Reached maximum age",
    "Transferred",
    "Graduated",
    "Died",
    "No show",
    "Incarcerated",
    "Other",
    "End of school year",
)
DROPOUT, WITHDRAWN, EXPELLED, TOO_OLD, TRANSFERRED, GRADUATED = 1, 2, 3, 4, 5, 6
DIED, NO_SHOW, INCARCERATED, OTHER, YEAR_END = 7, 8, 9, 10, 11

KINDS: Final = ("dropped_out", "graduated", "continued", "transferred", "died", "unknown")
# The kind of each reason, by position; the first is never an outcome.
KIND_OF_REASON: Final = np.array([5, 0, 0, 0, 0, 3, 1, 4, 5, 5, 5, 2], dtype=np.int8)

# About 3.7 % of students leave for good in a year: between the 3.3 % that public schools reported for grades 9-12 (NCES
# 2014-391, school year 2011-12) and the 4.7 % that households report for grades 10-12 (NCES 2020-117, 2017).
LOG_WEEKLY_HAZARD: Final = -9.75
# Life events (work, pregnancy, a move, care for someone) fall on anybody; no record foretells them.
WEEKLY_LIFE_EVENTS: Final = 0.00008
SUMMER_WEEKS: Final = 6.0

WEEKLY_TRANSFERS: Final = 0.0008
WEEKLY_MOVES: Final = 0.00085
WEEKLY_DEATHS: Final = 0.000008
WEEKLY_OTHER: Final = 0.00006
SUMMER_TRANSFERS: Final = 0.035
SUMMER_SCHOOL_CHANGES: Final = 0.015
# No move begins later, so that everybody has arrived before the marks of the second term.
LAST_DAY_OF_MOVES: Final = 150


def dropout_hazard(roll: Roll, *, today: int, terms_done: int, school_effect: Floats) -> tuple[Floats, Floats]:
    """Return the weekly hazards of leaving school: from disengagement, and from life events.

    Parameters
    ----------
    roll : Roll
    today : int
        Day number, for the age: under 16 the law holds most students in school, over 18 little does.
    terms_done : int
        Terms finished this year, for the credits due.
    school_effect : float array of shape (n_schools,)
        Added to the log-hazard.

    Returns
    -------
    two float arrays of shape (n_students,), in [0, 0.15]
    """
    age = roll.age_on(today)
    by_age = np.select([age < 16.0, age < 17.0, age < 18.0, age < 19.0], [-0.9, 0.0, 0.35, 0.65], 1.2)
    behind = np.minimum(roll.credits_behind(terms_done), 8.0)
    log_hazard = LOG_WEEKLY_HAZARD - 2.5 * roll.engagement + 0.45 * behind + by_age
    log_hazard = log_hazard + 0.15 * roll.temper + school_effect[roll.school]
    drifting_away = np.minimum(np.exp(log_hazard) * roll.frailty, 0.15)
    return drifting_away, WEEKLY_LIFE_EVENTS * np.exp(0.5 * by_age) * roll.frailty


def leave_this_week(
    roll: Roll, path: Path, *, week: int, days: Ints, hazards: tuple[Floats, Floats], rng: np.random.Generator
) -> None:
    """Draw who turns away, who leaves, and on which day, and write it into the paths.

    A student who turns away from school fades for some weeks, absent most days, before the enrolment ends; one whom
    life calls away leaves at once, for the records out of the blue.
    """
    n = len(roll)
    drifting, life = hazards
    u = rng.random(n)
    staying = (path.fades_until == NOT_THIS_YEAR) & (path.exits == NOT_THIS_YEAR) & (path.enters <= days[0])
    turns_away = staying & (u < drifting)
    called_away = staying & ~turns_away & (u < drifting + life)
    leaving = np.flatnonzero(turns_away | called_away)
    fade = np.where(rng.random(leaving.size) < 0.4, 0, rng.integers(1, 7, leaving.size))
    path.fades_until[leaving] = week + np.where(turns_away[leaving], fade, 0)
    path.fades_with[leaving] = _dropout_reason(roll, leaving, rng)
    elsewhere = staying & ~turns_away & ~called_away
    _leave_otherwise(roll, path, who=elsewhere, week=week, rng=rng)
    _end_enrolments(path, due=path.fades_until <= week, days=days, rng=rng)


def move_this_week(
    roll: Roll, path: Path, *, days: Ints, n_schools: int, factor: float, rng: np.random.Generator
) -> None:
    """Draw who changes school inside the area this week; a few days between the schools are nobody's."""
    if n_schools == 1 or days[-1] > LAST_DAY_OF_MOVES:
        return
    staying = (path.fades_until == NOT_THIS_YEAR) & (path.exits == NOT_THIS_YEAR)
    staying &= (path.arrives == NOT_THIS_YEAR) & (path.enters < days[0])
    chance = WEEKLY_MOVES * factor * np.exp(-0.35 * roll.engagement)
    movers = np.flatnonzero(staying & (rng.random(len(roll)) < chance))
    path.leaves_school[movers] = rng.choice(days, movers.size)
    path.arrives[movers] = path.leaves_school[movers] + rng.integers(0, 6, movers.size)
    path.second_school[movers] = _another_school(roll.school[movers], n_schools, rng)


@dataclass(frozen=True)
class Summer:
    """What the summer brought, for the students of a year's roll; arrays of shape (n_students,).

    Attributes
    ----------
    stays : bool array
        Comes back on the first day of the next school year.
    exit_code : int8 array
        The reason of those who do not come back (and had not left before), else 0.
    """

    stays: Flags
    exit_code: Ints


def pass_summer(
    roll: Roll, path: Path, *, graduates: Flags, hazards: tuple[Floats, Floats], rng: np.random.Generator
) -> Summer:
    """Draw who does not come back after the summer, and why."""
    n = len(roll)
    waiting = (path.exit_code == 0) & ~graduates
    u = rng.random(n)
    lost = 1.0 - np.exp(-SUMMER_WEEKS * (hazards[0] + hazards[1]))
    drops = waiting & ((u < lost) | (path.fades_until != NOT_THIS_YEAR))
    moves_away = waiting & ~drops & (rng.random(n) < SUMMER_TRANSFERS)
    code = np.zeros(n, np.int8)
    dropping = np.flatnonzero(drops)
    announced = path.fades_with[dropping]
    code[dropping] = np.where(announced > 0, announced, _dropout_reason(roll, dropping, rng))
    code[moves_away] = TRANSFERRED
    # Some simply do not appear in the autumn, and nobody can say where they are.
    code[(code == DROPOUT) & (rng.random(n) < 0.12)] = NO_SHOW
    code[(code == TRANSFERRED) & (rng.random(n) < 0.06)] = NO_SHOW
    return Summer(stays=waiting & (code == 0), exit_code=code)


def change_schools_in_summer(roll: Roll, *, n_schools: int, rng: np.random.Generator) -> None:
    """Let a few students begin the next year at another school."""
    if n_schools > 1:
        movers = np.flatnonzero(rng.random(len(roll)) < SUMMER_SCHOOL_CHANGES)
        roll.school[movers] = _another_school(roll.school[movers], n_schools, rng)


def exit_lag(code: Ints, rng: np.random.Generator) -> Ints:
    """Return after how many days the office learns of each exit: a dropout is noticed weeks later, shape of `code`."""
    mean = np.array([0.0, 18.0, 8.0, 1.0, 2.0, 7.0, 0.0, 1.0, 6.0, 12.0, 12.0, 0.0])[code]
    shortest = np.array([0, 5, 1, 0, 0, 0, 0, 0, 15, 3, 3, 0])[code]
    lag: Ints = (shortest + np.minimum(rng.gamma(2.0, 0.5, code.size) * mean, 90.0)).astype(np.int32)
    return lag


def _leave_otherwise(roll: Roll, path: Path, *, who: Flags, week: int, rng: np.random.Generator) -> None:
    u = rng.random(len(roll))
    transfer = WEEKLY_TRANSFERS * np.exp(-0.25 * roll.engagement)
    bounds = np.stack([transfer, transfer + WEEKLY_DEATHS, transfer + WEEKLY_DEATHS + WEEKLY_OTHER])
    kind = (u[None, :] >= bounds).sum(axis=0)
    leaving = np.flatnonzero(who & (kind < 3))
    other = np.where(rng.random(leaving.size) < 0.5, INCARCERATED, OTHER)
    path.fades_until[leaving] = week
    path.fades_with[leaving] = np.select([kind[leaving] == 0, kind[leaving] == 1], [TRANSFERRED, DIED], other)


def _end_enrolments(path: Path, *, due: Flags, days: Ints, rng: np.random.Generator) -> None:
    rows = np.flatnonzero(due & (path.exits == NOT_THIS_YEAR))
    day = rng.choice(days, rows.size)
    moving = (path.leaves_school[rows] <= day) & (day <= path.arrives[rows])
    # Who came within the week, or is between two schools, goes next week.
    ready = ~moving & (day > path.enters[rows])
    path.exits[rows[ready]] = day[ready]
    path.exit_code[rows[ready]] = path.fades_with[rows[ready]]


def _dropout_reason(roll: Roll, rows: Ints, rng: np.random.Generator) -> Ints:
    u = rng.random(rows.size)
    expelled = u < np.clip(0.01 * np.exp(1.0 * roll.temper[rows]), 0.0, 0.15)
    withdrawn = ~expelled & (u > 0.78)
    too_old = roll.years_in[rows] >= 6
    return np.select([too_old, expelled, withdrawn], [TOO_OLD, EXPELLED, WITHDRAWN], DROPOUT).astype(np.int8)


def _another_school(school: Ints, n_schools: int, rng: np.random.Generator) -> Ints:
    return ((school + rng.integers(1, n_schools, school.size)) % n_schools).astype(np.int16)
