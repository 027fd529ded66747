"""Who came back after leaving before finishing, and since when: a new enrolment starts a new history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modeling.core.eligibility import TERMINAL
from modeling.core.facts_frames import FactFrames
from modeling.core.labels import POSITIVE, current_outcomes
from modeling.core.places import Places
from modeling.core.school_calendar import Days, IntArray, days

# What else can become of a student for good. Said after the leaving and before the entry, it stands in its place.
OTHERWISE = tuple(kind for kind in TERMINAL if kind not in POSITIVE)
# Days lie between the years -767 and 10183, so that one number holds a student and a day, in that order.
_BEFORE_ALL, _SPAN = 1_000_000, 4_000_000


def came_back_on(known: FactFrames, *, places: Places, as_of: np.datetime64) -> Days | None:
    """Return the day of each student's last return: of the first entry after they left before finishing.

    Parameters
    ----------
    known : FactFrames
        Facts known by `as_of`: a return that became known later is none yet, and neither is one from a leaving that
        was corrected to another kind by then.
    places : Places
        Of the students asked about.
    as_of : datetime64[D]

    Returns
    -------
    array of datetime64[D], shape (n_students,), or None
        NaT where a student never came back; None where nobody did. A new school year and a change of school are no
        return, as nobody left before them; nor is an entry since which the record says that the student had finished,
        moved to another school or died after leaving.
    """
    said = known.outcomes
    # Most who left are not on the roll: then nothing else is looked at.
    if (places.at(said["student_id"].to_numpy(dtype=np.int64)[said["kind"].isin(POSITIVE).to_numpy()]) < 0).all():
        return None
    standing = current_outcomes(said)
    left = _numbered(standing.loc[standing["kind"].isin(POSITIVE)], "happened_on", places, as_of)
    otherwise = np.sort(_numbered(standing.loc[standing["kind"].isin(OTHERWISE)], "happened_on", places, as_of))
    entries = np.sort(_numbered(known.enrolments, "entered_on", places, as_of))
    if not left.size or not entries.size:
        return None
    place = np.searchsorted(entries, left, side="right")
    entry = entries[np.minimum(place, entries.size - 1)]
    is_back = (entry > left) & (entry // _SPAN == left // _SPAN)
    is_back &= np.searchsorted(otherwise, left) == np.searchsorted(otherwise, entry)
    if not is_back.any():
        return None
    found = np.full(len(places.ids), np.datetime64("NaT"), dtype="datetime64[D]")
    # Sorted, so that of several returns of a student the last one stays.
    back = np.sort(entry[is_back])
    found[back // _SPAN] = (back % _SPAN - _BEFORE_ALL).astype("datetime64[D]")
    return found


def _numbered(rows: pd.DataFrame, day: str, places: Places, as_of: np.datetime64) -> IntArray:
    """Return rows of the students up to a day, each as one number of student and day."""
    at, on = places.at(rows["student_id"].to_numpy(dtype=np.int64)), days(rows[day])
    chosen = (at >= 0) & (on <= as_of)
    numbers: IntArray = at[chosen] * _SPAN + on[chosen].astype(np.int64) + _BEFORE_ALL
    return numbers
