"""Engagement, which nobody records: it drifts from week to week, takes blows, and sometimes recovers.

Everything that the records show hangs on it in part. It is an AR(1) process around a level of each student's own;
a shock (a break-up, an illness at home, a bad class) either fades with the process or moves the level for good.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simulation.arrays import Floats
from simulation.roll import Roll

# Half of a drift is gone after about eight weeks; its stationary sd is 0.11 / sqrt(1 - 0.92 ** 2) = 0.28.
PERSISTENCE: Final = 0.92
WEEKLY_SD: Final = 0.11
SHOCKS_PER_WEEK: Final = 0.003
SHARE_THAT_RECOVERS: Final = 0.6


def drift_one_week(roll: Roll, *, rng: np.random.Generator, lift: Floats | float = 0.0) -> None:
    """Move everybody's engagement on by one week.

    Parameters
    ----------
    roll : Roll
        Changed in place.
    rng : Generator
    lift : float array of shape (n_students,) or float
        Where help pulls the drift to, in units of engagement.
    """
    n = len(roll)
    noise = WEEKLY_SD * rng.standard_normal(n, dtype=np.float32)
    roll.drift = (PERSISTENCE * roll.drift + (1.0 - PERSISTENCE) * lift + noise).astype(np.float32)
    struck = np.flatnonzero(rng.random(n, dtype=np.float32) < SHOCKS_PER_WEEK)
    blow = (0.4 + rng.exponential(0.8, struck.size)).astype(np.float32)
    lasting = rng.random(struck.size) >= SHARE_THAT_RECOVERS
    roll.drift[struck[~lasting]] -= blow[~lasting]
    roll.base[struck[lasting]] -= 0.6 * blow[lasting]


def pass_summer(roll: Roll, *, rng: np.random.Generator) -> None:
    """Move everybody's engagement on by a summer: most of the drift is forgotten, the level moves a little.

    The level is pulled back a little, so that lasting shocks do not pile up over the years.
    """
    n = len(roll)
    roll.drift = (0.45 * roll.drift + rng.normal(0.0, 0.25, n)).astype(np.float32)
    roll.base = (0.97 * roll.base + 0.04 + rng.normal(0.0, 0.1, n)).astype(np.float32)
