"""Features of conduct: incidents and days removed from class, over calendar days."""

from __future__ import annotations

import numpy as np

from modeling.core.school_calendar import FloatArray
from modeling.core.snapshot_day import SnapshotDay


def conduct_features(day: SnapshotDay) -> dict[str, FloatArray]:
    """Return every feature of incidents as of a day.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float, shape (n_students,)
        Counts and days. A student who has had sessions and no incident has 0, one without sessions NaN.
    """
    windows = (30, 90, 365)
    counts = {name: np.zeros(len(day.students)) for name in _names(windows)}
    for rows, at, counted in day.records("discipline"):
        removed = np.nan_to_num(rows["days_removed"].to_numpy(dtype=np.float64), nan=0.0)
        for window_days in windows:
            inside = counted & day.within(rows["happened_on"], window_days=window_days)
            np.add.at(counts[f"incidents_{window_days}d"], at[inside], 1.0)
            np.add.at(counts[f"days_removed_{window_days}d"], at[inside], removed[inside])
    seen = day.seen()
    return {name: np.where(seen, values, np.nan) for name, values in counts.items()}


def _names(windows: tuple[int, ...]) -> list[str]:
    return [f"{what}_{window_days}d" for what in ("incidents", "days_removed") for window_days in windows]
