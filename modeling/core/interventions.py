"""Features of help: what was given in the last year and what is running."""

from __future__ import annotations

from modeling.core.school_calendar import FloatArray, days
from modeling.core.snapshot_day import SnapshotDay


def help_features(day: SnapshotDay) -> dict[str, FloatArray]:
    """Return every feature of interventions as of a day.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float, shape (n_students,)
        Counts; an ending that lay or became known after the day does not count as one.
    """
    rows = day.facts.interventions
    at = day.at(rows["student_id"])
    started = days(rows["started_on"]) <= day.as_of
    return {
        "help_received_365d": day.totals(at[day.within(rows["started_on"], window_days=365)]),
        "help_open": day.totals(at[started & rows["ended_on"].isna().to_numpy()]),
    }
