"""Incidents, what was done about them, and the days removed from school."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulation.arrays import lag_days
from simulation.ledger import Ledger
from simulation.roll import Path, Roll

CODES: Final = ("disruption", "insubordination", "tobacco or vaping", "harassment", "fighting", "drugs or alcohol")
CODE_SHARES: Final = (0.38, 0.27, 0.12, 0.07, 0.11, 0.05)
# Share of incidents of each code that end in a suspension. With the weekly rate below, about 7 % of students are
# suspended at least once in a year: 7.6 % of high-school students were in 2015-16, 4.7 % of all students (U.S.
# Department of Education, Civil Rights Data Collection).
SUSPENDED_SHARE: Final = (0.10, 0.15, 0.20, 0.40, 0.75, 0.85)
ACTIONS: Final = ("conference", "detention", "in-school suspension", "out-of-school suspension")
LOG_WEEKLY_RATE: Final = -5.45


def record_incidents(
    roll: Roll, path: Path, *, days: np.ndarray, day_numbers: np.ndarray, rng: np.random.Generator, ledger: Ledger
) -> None:
    """Draw one week's incidents and write them down.

    Parameters
    ----------
    roll, path : Roll, Path
    days : int array of shape (n_days_of_week,)
        Indexes of the week's school days.
    day_numbers : int array of shape (n_days_of_year,)
    rng : Generator
    ledger : Ledger
    """
    log_rate = LOG_WEEKLY_RATE - 0.55 * roll.engagement + 0.75 * roll.temper - 0.12 * (roll.grade - 10.5)
    rows = np.flatnonzero(rng.random(len(roll), dtype=np.float32) < np.exp(log_rate))
    day = rng.choice(days, rows.size)
    here = (path.enters[rows] <= day) & (day < path.exits[rows])
    here &= ~((path.leaves_school[rows] <= day) & (day < path.arrives[rows]))
    rows, day = rows[here], day[here]
    code = rng.choice(len(CODES), size=rows.size, p=CODE_SHARES).astype(np.int8)
    suspended = rng.random(rows.size) < np.array(SUSPENDED_SHARE)[code]
    milder = np.minimum(rng.integers(0, 4, rows.size), 2)
    days_removed = np.where(suspended, 1 + np.minimum(rng.poisson(1.2, rows.size), 9), 0)
    happened_on = day_numbers[day].astype(np.int32)
    ledger.add(
        "discipline",
        student=roll.student[rows],
        school=path.school_on(day, roll, rows),
        happened_on=happened_on,
        code=code,
        action=np.where(suspended, len(ACTIONS) - 1, milder).astype(np.int8),
        days_removed=days_removed.astype(np.int8),
        known_on=happened_on + lag_days(rng, rows.size, mean=1.2, longest=21),
    )
