"""Help: given mostly to those whom the staff has seen struggling, and worth a little on average.

Because the same absences and failures that bring help also bring dropout, helped students leave more often than
others although the help does some good. Whoever compares the two groups as they stand will be wrong, as in life.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simulation.arrays import NEVER, Column, Flags, Floats, Ints, lag_days
from simulation.ledger import Ledger
from simulation.roll import Path, Roll

KINDS: Final = ("mentor", "tutoring", "family_meeting", "attendance_contract")
MENTOR, TUTORING, FAMILY_MEETING, CONTRACT = 0, 1, 2, 3
RESULTS: Final = ("", "improved", "no change", "declined", "stopped early")
OPEN, IMPROVED, NO_CHANGE, DECLINED, STOPPED = 0, 1, 2, 3, 4

# How much of a student's own response each kind brings about: a mentor most, a single meeting least.
STRENGTH: Final = np.array([1.6, 0.7, 0.6, 0.9])
SHORTEST_WEEKS: Final = np.array([10, 6, 1, 4])
LONGEST_WEEKS: Final = np.array([22, 14, 3, 10])

FIRST_WEEK: Final = 5
EVERY_WEEKS: Final = 3
COUNSELLORS_PER_SCHOOL: Final = 2


class Help:
    """The help under way in one school year, one at a time for each student of the roll."""

    def __init__(self, roll: Roll) -> None:
        n = len(roll)
        self._kind = np.full(n, -1, np.int8)
        self._until = np.full(n, -1, np.int16)
        self._started = np.full(n, -1, np.int16)
        self._engagement_at_start = np.zeros(n, np.float32)
        self._owner = np.zeros(n, np.int8)

    def lift(self, roll: Roll) -> Floats:
        """Return where the help pulls each student's engagement, shape (n_students,), 0 without help."""
        strength = np.where(self._kind >= 0, STRENGTH[self._kind], 0.0)
        return (strength * roll.response).astype(np.float32)

    def under(self, kind: int) -> Flags:
        """Return who gets this kind of help now, shape (n_students,)."""
        under: Flags = self._kind == kind
        return under

    def offer(self, roll: Roll, path: Path, *, week: int, days: Ints, rng: np.random.Generator) -> None:
        """Start help for some students on the last school day of this week, every third week."""
        if week < FIRST_WEEK or week % EVERY_WEEKS:
            return
        day = int(days[-1])
        chance = _chance_of_help(roll, path, rng)
        free = path.enrolled_on(day) & (path.enters < day - 15) & (self._kind < 0)
        rows = np.flatnonzero(free & (rng.random(len(roll)) < chance))
        kind = _kind_of_help(roll, path, rows, rng)
        self._kind[rows] = kind
        self._started[rows] = day
        self._until[rows] = week + rng.integers(SHORTEST_WEEKS[kind], LONGEST_WEEKS[kind] + 1)
        self._engagement_at_start[rows] = roll.engagement[rows]
        self._owner[rows] = rng.integers(0, COUNSELLORS_PER_SCHOOL, rows.size)

    def close(
        self, roll: Roll, path: Path, *, week: int, days: Ints, day_numbers: Ints, rng: np.random.Generator
    ) -> dict[str, Column]:
        """End the help that is due, or whose student has gone, and return its rows for ``interventions``.

        Parameters
        ----------
        roll, path : Roll, Path
            Help seen through to its end moves `roll.base`: half of what it did stays.
        week : int
            A week after the last one ends everything.
        days : int array of shape (n_days_of_week,)
        day_numbers : int array of shape (n_days_of_year,)
        rng : Generator
        """
        last = int(days[-1])
        gone = path.exits <= last
        rows = np.flatnonzero((self._kind >= 0) & (gone | (self._until <= week)))
        ended = np.where(gone[rows], np.maximum(path.exits[rows], self._started[rows]), last)
        started_on = day_numbers[self._started[rows]].astype(np.int32)
        change = roll.engagement[rows] - self._engagement_at_start[rows] + rng.normal(0.0, 0.35, rows.size)
        result = np.select([gone[rows], change > 0.2, change < -0.35], [STOPPED, IMPROVED, DECLINED], NO_CHANGE)
        columns: dict[str, Column] = {
            "student": roll.student[rows],
            "school": path.school_on(self._started[rows], roll, rows),
            "kind": self._kind[rows].copy(),
            "started_on": started_on,
            "ended_on": day_numbers[ended].astype(np.int32),
            "owner": self._owner[rows].copy(),
            "result": result.astype(np.int8),
            "known_on": started_on + lag_days(rng, rows.size, mean=1.0, longest=14),
        }
        finished = rows[~gone[rows]]
        roll.base[finished] += 0.5 * self.lift(roll)[finished]
        self._kind[rows] = -1
        return columns


def hide_after(columns: dict[str, Column], *, ends_on: int) -> dict[str, Column]:
    """Return interventions as they stand on `ends_on`: what ends later is still open and has no result."""
    running = columns["ended_on"] > ends_on
    return columns | {
        "ended_on": np.where(running, NEVER, columns["ended_on"]),
        "result": np.where(running, OPEN, columns["result"]),
    }


def write_help(columns: dict[str, Column], ledger: Ledger) -> None:
    """Write closed interventions into the ledger."""
    ledger.add("interventions", **columns)


def _chance_of_help(roll: Roll, path: Path, rng: np.random.Generator) -> Floats:
    """Return each student's chance of being offered help now, from what can be seen and from a hunch.

    The hunch is the part that no record explains: teachers notice disengagement before the register does.
    """
    hunch = 0.35 * (rng.normal(0.0, 1.0, len(roll)) - roll.engagement)
    logit = -6.2 + 0.38 * np.minimum(path.recent_absences, 8.0) + 0.55 * np.minimum(roll.failed_core, 3) + hunch
    return np.exp(np.minimum(logit, -0.7)).astype(np.float32)


def _kind_of_help(roll: Roll, path: Path, rows: Ints, rng: np.random.Generator) -> Ints:
    failing = roll.failed_core[rows] >= 1
    absent = path.recent_absences[rows] >= 3.0
    u = rng.random(rows.size)
    for_failing = np.where(u < 0.6, TUTORING, MENTOR)
    for_absent = np.where(u < 0.45, CONTRACT, np.where(u < 0.8, FAMILY_MEETING, MENTOR))
    otherwise = np.where(u < 0.5, MENTOR, np.where(u < 0.8, FAMILY_MEETING, TUTORING))
    both = rng.random(rows.size) < 0.5
    return np.select([failing & (both | ~absent), absent], [for_failing, for_absent], otherwise).astype(np.int8)
