"""Values as they are said: a share as days of its window or as so many of 100, a number with one decimal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# School days behind each share, so that 0.3 is said as 9 of 30 days.
WINDOWS = {
    "absence_rate_10d": 10,
    "absence_rate_30d": 30,
    "absence_rate_90d": 90,
    "unexcused_share_90d": 90,
    "absence_trend": 30,
    "absence_trend_10d": 10,
}
OF_100 = 100
TENTHS = 10


def window_days(feature: Feature, sessions: float | None = None) -> int:
    """Return how many school days a share is said as, 100 where it has no window.

    Parameters
    ----------
    feature : Feature
    sessions : float, or None
        The school days a new student has been on the roll for; a window does not speak of days before.
    """
    days = WINDOWS.get(feature.name)
    if days is None:
        return OF_100
    return min(days, int(sessions)) if sessions else days


def spoken(feature: Feature, value: Any, *, days: int) -> Any:
    """Return a value as it is said, a share in days of its window."""
    if feature.kind == "category":
        return str(value)
    return round(value * days) if feature.unit == "share" else round(float(value) * TENTHS) / TENTHS


def steps(features: Sequence[Feature], sessions: FloatArray | None = None) -> FloatArray:
    """Return in how many steps one unit of each feature is said: values that round alike are said alike.

    Parameters
    ----------
    features : sequence of Feature
    sessions : ndarray of shape (n,), or None
        The school days each student has been on the roll for where a window may not speak of days before, else NaN.

    Returns
    -------
    ndarray of shape (n_features,), or (n, n_features) where sessions are given
        Days of the window for shares, 10 for other numbers, 1 for numbers of categories.
    """
    of_unit = {True: OF_100, False: TENTHS}
    usual = np.array(
        [
            1 if feature.kind == "category" else WINDOWS.get(feature.name, of_unit[feature.unit == "share"])
            for feature in features
        ],
        dtype=np.float64,
    )
    if sessions is None or np.isnan(sessions).all():
        return usual
    windowed = [feature.name in WINDOWS for feature in features]
    shorter = np.where(np.isfinite(sessions) & (sessions >= 1), np.floor(sessions), np.inf)[:, None]
    found: FloatArray = np.where(windowed, np.minimum(usual, shorter), usual)
    return found
