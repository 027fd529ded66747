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
    rows = day.facts.discipline
    at = day.at(rows["student_id"])
    removed = rows["days_removed"].fillna(0.0).to_numpy(dtype=np.float64)
    happened = {window_days: day.within(rows["happened_on"], window_days=window_days) for window_days in (30, 90, 365)}
    counts = {f"incidents_{window_days}d": day.totals(at[inside]) for window_days, inside in happened.items()}
    counts["days_removed_365d"] = day.totals(at[happened[365]], removed[happened[365]])
    seen = day.seen()
    return {name: np.where(seen, values, np.nan) for name, values in counts.items()}
