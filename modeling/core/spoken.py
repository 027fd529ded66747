"""Values as they are said: a share as days of its window or as so many of 100, a number with one decimal."""

from __future__ import annotations

from typing import Any

from modeling.core.feature import Feature

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
