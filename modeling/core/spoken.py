"""Values as they are said: a share as days of its window or as so many of 100, a number with one decimal."""

from __future__ import annotations

from typing import Any

from modeling.core.feature import Feature

OF_100 = 100
TENTHS = 10


def said_of(feature: Feature, sessions: float | None = None) -> int:
    """Return of how many a share is said: of the days of its window, or of 100.

    Parameters
    ----------
    feature : Feature
    sessions : float, or None
        As `window_days` takes them.
    """
    return window_days(feature, sessions) if feature.said_in_days else OF_100


def window_days(feature: Feature, sessions: float | None = None) -> int:
    """Return how many school days a feature looks back over, 0 where it has no window of them.

    Parameters
    ----------
    feature : Feature
    sessions : float, or None
        The school days a new student has been on the roll for; a window does not speak of days before.
    """
    days = feature.window_sessions or 0
    return min(days, int(sessions)) if sessions else days


def spoken(feature: Feature, value: Any, *, of: int) -> Any:
    """Return a value as it is said, a share as so many `of`."""
    if feature.kind == "category":
        return str(value)
    return round(value * of) if feature.unit == "share" else round(float(value) * TENTHS) / TENTHS
