"""Who is too little known for a rank, and how the list is as it is shown: without them, beside everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import evaluation

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# A student is also too little known while all that is on file are a few days of this school year.
DAYS_ON_ROLL, EARLIER_RECORDS = "days_enrolled", ("course_average", "absence_rate_last_year")


def too_few_days(frame: pd.DataFrame, *, minimum_sessions: int) -> BoolArray:
    """Tell who has been on the roll for a few days only, and has no record from before.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    if DAYS_ON_ROLL not in frame:
        return np.zeros(len(frame), dtype=np.bool_)
    few_days = (frame[DAYS_ON_ROLL] < minimum_sessions).to_numpy(dtype=np.bool_)
    earlier = frame.reindex(columns=list(EARLIER_RECORDS)).notna().any(axis=1).to_numpy(dtype=np.bool_)
    return few_days & ~earlier


def too_little_known(frame: pd.DataFrame, missing_share: FloatArray, *, limits: Mapping[str, Any]) -> BoolArray:
    """Tell who gets no rank: too few days here, or too much of what is looked at is not there.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
    missing_share : ndarray of shape (n,)
        Counted by parts (`modeling.core.recorded_together`).
    limits : mapping
        ``minimum_sessions`` and ``maximum_missing_share``, as `insufficient_data` of the configuration.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    few = too_few_days(frame, minimum_sessions=limits["minimum_sessions"])
    found: BoolArray = few | (missing_share > limits["maximum_missing_share"])
    return found


def as_shown(
    y: FloatArray, risks: FloatArray, unranked: BoolArray, *, threshold: float, capacity_share: float
) -> dict[str, Any]:
    """Return how good a list is as it is shown, beside the same list of everybody tested.

    Parameters
    ----------
    y : ndarray of shape (n,), 0 or 1
    risks : ndarray of shape (n,), in [0, 1]
    unranked : ndarray of bool, shape (n,)
        Who is too little known, and so never on the list.
    threshold : float
    capacity_share : float
        Share of all students that the team can see: of those ranked as many places are filled.

    Returns
    -------
    dict, plain JSON types
        ``n``, ``n_ranked``, ``n_left_ranked`` and ``n_left_unranked``, students; and ``ranked``, the measures of
        `evaluation.metrics` among those ranked ({} where they cannot be measured), with ``found_of_all``: the share
        of all who left, ranked or not, who stand above the line.
    """
    ranked = ~unranked
    found: dict[str, Any] = {
        "n": len(y),
        "n_ranked": int(ranked.sum()),
        "n_left_ranked": int(y[ranked].sum()),
        "n_left_unranked": int(y[unranked].sum()),
        "ranked": {},
    }
    capacity = min(max(1, round(capacity_share * len(y))), found["n_ranked"])
    try:
        measured = evaluation.metrics(y[ranked], risks[ranked], threshold=threshold, capacity=capacity)
    except evaluation.NotMeasurable:
        return found
    listed = evaluation.listed(risks[ranked], capacity=capacity)
    return found | {"ranked": measured | {"found_of_all": float(listed @ y[ranked] / y.sum())}}
