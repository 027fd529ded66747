"""Who was on the roll of which school on the days that snapshots are made of, outcome or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from modeling.core.eligibility import eligible_students
from modeling.core.facts_frames import DAY, FactFrames


def on_roll(facts: FactFrames, *, dates: Sequence[date], school_names: Mapping[int, str]) -> pd.DataFrame:
    """Return everybody who could have been in a snapshot, and their school that day.

    Parameters
    ----------
    facts : FactFrames
        Later facts included: they are left out day by day.
    dates : sequence of date
    school_names : mapping of int to str

    Returns
    -------
    DataFrame
        ``student_id``, ``snapshot_on``, ``school`` (None where its name is not known), one row per student and day.
    """
    parts = []
    for day in dates:
        known = facts.known_by(day)
        students = eligible_students(known, as_of=day)
        rows = known.enrolments
        open_that_day = rows.loc[(rows["entered_on"] <= pd.Timestamp(day)) & rows["exited_on"].isna()]
        newest = open_that_day.sort_values(["entered_on", "school_id"]).drop_duplicates("student_id", keep="last")
        school_of = newest.set_index("student_id")["school_id"].reindex(students).map(school_names)
        parts.append(
            pd.DataFrame(
                {
                    "student_id": students,
                    "snapshot_on": pd.Timestamp(day),
                    "school": school_of.astype(object).to_numpy(),
                }
            )
        )
    if not parts:
        return pd.DataFrame(
            {
                name: pd.Series(dtype=kind)
                for name, kind in (("student_id", "int64"), ("snapshot_on", DAY), ("school", object))
            }
        )
    return pd.concat(parts, ignore_index=True)
