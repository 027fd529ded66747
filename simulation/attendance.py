"""Absences and late arrivals, day by day, each with the day on which the office heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from simulation.arrays import Flags, Floats, Ints, share_of_logit
from simulation.ledger import Ledger
from simulation.roll import NOT_THIS_YEAR, Path, Roll

ABSENT: Final = 0
TARDY: Final = 1

# Set so that a little over a quarter of students miss a tenth of their days: nationally 27.8 % were chronically absent
# in 2022-23 (U.S. Department of Education, EDFacts).
ABSENCE_LOGIT: Final = -2.92
ABSENCE_PER_ENGAGEMENT: Final = -1.05
ABSENT_WHILE_FADING: Final = 0.6
TARDY_SHARE: Final = 0.03

# A day, the rows of the roll, their categories, and whether they were excused.
DayRecords: TypeAlias = tuple[int, Ints, Ints, Flags]

# Same day, next day, within the week, late slips: most registers are right the next morning, some never hurry.
LAG_SHARES: Final = (0.70, 0.22, 0.06, 0.02)


@dataclass(frozen=True)
class Register:
    """How one area keeps attendance this year.

    Attributes
    ----------
    school_effect : float array of shape (n_schools,)
        Added to the log-odds of an absence.
    silent_school : int
        The school that sent nothing on its silent days; -1 if every school reported.
    silent_days : bool array of shape (n_days,)
    """

    school_effect: Floats
    silent_school: int
    silent_days: Flags


def draw_register(*, rng: np.random.Generator, school_effect: Floats, n_days: int) -> Register:
    """Draw which school fails to report, and on which days: single days and one lost week."""
    silent = rng.random(n_days) < 0.04
    lost_week = int(rng.integers(0, n_days - 5))
    silent[lost_week : lost_week + 5] = True
    return Register(school_effect, int(rng.integers(len(school_effect))), silent)


def weekly_absence_share(roll: Roll, path: Path, *, week: int, register: Register, contract: Flags) -> Floats:
    """Return each student's probability of missing an average day of this week.

    Parameters
    ----------
    roll, path : Roll, Path
    week : int
    register : Register
    contract : bool array of shape (n_students,)
        Who is under an attendance contract; it takes about a sixth off the odds.

    Returns
    -------
    float32 array of shape (n_students,), in (0, 1)
    """
    logit = ABSENCE_LOGIT + ABSENCE_PER_ENGAGEMENT * roll.engagement + register.school_effect[roll.school]
    share = share_of_logit(logit - 0.18 * contract + 0.06 * (roll.grade - 10.5))
    fading = (path.fades_until != NOT_THIS_YEAR) & (week <= path.fades_until)
    return np.where(fading, np.maximum(share, ABSENT_WHILE_FADING), share).astype(np.float32)


def record_week(
    roll: Roll, path: Path, *, share: Floats, days: Ints, sick: Flags, rng: np.random.Generator
) -> list[DayRecords]:
    """Draw one week's absences and late arrivals, and count the absences into what the staff has seen.

    Parameters
    ----------
    roll, path : Roll, Path
        `path.recent_absences` is changed in place.
    share : float array of shape (n_students, n_days_of_week)
        Probability of missing each day.
    days : int array of shape (n_days_of_week,)
        Indexes of the school days.
    sick : bool array of shape (n_students,)
        Who is ill this week: absent most days, and nearly always excused.
    rng : Generator

    Returns
    -------
    list of (day, rows, category, excused), a day's records each
    """
    engagement = roll.engagement
    late_share = np.minimum(TARDY_SHARE * np.exp(-0.4 * engagement), 0.25).astype(np.float32)
    excused_share = np.where(sick, 0.92, share_of_logit(0.45 + 0.45 * engagement))
    path.recent_absences *= 0.8
    records: list[DayRecords] = []
    for column, day in enumerate(days):
        u = rng.random(len(roll), dtype=np.float32)
        here = path.enrolled_on(int(day))
        absent = here & (u < share[:, column])
        late = here & ~absent & (u > 1.0 - late_share)
        path.recent_absences += absent
        rows = np.flatnonzero(absent | late)
        category = np.where(absent[rows], ABSENT, TARDY).astype(np.int8)
        excuse = np.where(absent[rows], excused_share[rows], 0.25)
        records.append((int(day), rows, category, rng.random(rows.size) < excuse))
    return records


def sick_this_week(n: int, *, winter: float, rng: np.random.Generator) -> Flags:
    """Draw who is ill: spells that have nothing to do with engagement, more of them in winter."""
    return rng.random(n, dtype=np.float32) < 0.012 * winter


def write_week(
    records: list[DayRecords],
    *,
    roll: Roll,
    path: Path,
    register: Register,
    day_numbers: Ints,
    rng: np.random.Generator,
    ledger: Ledger,
) -> None:
    """Write a week's records into the ledger, apart from those of a silent school."""
    for day, all_rows, all_categories, all_excused in records:
        school = path.school_on(day, roll, all_rows)
        reported = ~(register.silent_days[day] & (school == register.silent_school))
        rows = all_rows[reported]
        held_on = np.full(rows.size, day_numbers[day], np.int32)
        ledger.add(
            "attendance",
            student=roll.student[rows],
            school=school[reported],
            held_on=held_on,
            category=all_categories[reported],
            excused=all_excused[reported],
            known_on=held_on + _lag(rng, rows.size),
        )


def _lag(rng: np.random.Generator, n: int) -> Ints:
    u = rng.random(n, dtype=np.float32)
    step = np.searchsorted(np.cumsum(LAG_SHARES)[:-1], u)
    shortest = np.array([0, 1, 2, 6])[step]
    width = np.array([1, 1, 4, 15])[step]
    lag: Ints = (shortest + rng.random(n, dtype=np.float32) * width).astype(np.int32)
    return lag
