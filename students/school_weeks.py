"""The sessions that the students of each school missed, week by week, out of the columnar copy."""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from students import columnar

Numbers = Sequence[int] | NDArray[np.int64]
Missed = dict[int, dict[dt.date, float]]


def missed(*, students: Numbers, schools: Numbers, since: dt.date, until: dt.date) -> Missed:
    """Return by school, and by the Monday of a week, how many sessions its students missed in all.

    Absences alone, as they stand today, of both days and those between.

    :param students: keys of students of the institution in scope, each once
    :param schools: the school of each of them
    :raises ScopeMissing: in a scope of some schools only
    """
    import polars as pl  # not before there is a list to make

    at_school = pl.DataFrame(
        {"student_id": students, "school_id": schools},
        schema_overrides=dict.fromkeys(("student_id", "school_id"), pl.Int64),
    )
    weekly: Missed = defaultdict(dict)
    columns = ["student_id", "held_on", "category", "n_sessions", "replaced_on"]
    for file in columnar.taken("attendance").files:
        rows = pl.read_parquet(io.BytesIO(file), columns=columns).filter(
            pl.col("category") == "absent", pl.col("replaced_on").is_null(), pl.col("held_on").is_between(since, until)
        )
        counted = (
            rows.join(at_school, on="student_id")
            .group_by("school_id", pl.col("held_on").dt.truncate("1w").alias("week"))
            .agg(pl.col("n_sessions").sum())
        )
        for school, week, n in counted.iter_rows():
            weekly[school][week] = weekly[school].get(week, 0) + float(n)
    return dict(weekly)
