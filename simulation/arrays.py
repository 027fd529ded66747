"""The array types of the simulation and its two conventions: days are numbers, and a day that has not come is NEVER."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
Column = npt.NDArray[Any]

# Later than every end date, so that "what is known by the end date" leaves it out by itself.
NEVER: Final = int(np.iinfo(np.int32).max)

_EPOCH: Final = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return the number of days from 1970-01-01 to `day`."""
    return (day - _EPOCH).days


def share_of_logit(logit: Floats) -> Floats:
    """Return the probability that belongs to a log-odds.

    Parameters
    ----------
    logit : array of any shape

    Returns
    -------
    array of the same shape, in (0, 1)
    """
    share: Floats = 1.0 / (1.0 + np.exp(-logit))
    return share


def lag_days(rng: np.random.Generator, n: int, *, mean: float, shortest: int = 0, longest: int = 120) -> Ints:
    """Draw how many days later each of `n` facts became known.

    Parameters
    ----------
    rng : Generator
    n : int
    mean : float
        Mean of the exponential part, in days, on top of `shortest`.
    shortest, longest : int
        Bounds in days.

    Returns
    -------
    int32 array of shape (n,)
    """
    lag = shortest + rng.exponential(mean, n)
    return np.minimum(lag, longest).astype(np.int32)
