"""The curves of a contender as few points: ROC, precision over recall, and calibration with its intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn import metrics as sklearn_metrics

from modeling.core import evaluation

FloatArray = NDArray[np.float64]

# More points than a chart has pixels to show apart are of no use to anybody.
MOST_POINTS = 101


def curves(y: FloatArray, p: FloatArray, *, smallest_bin: int) -> dict[str, Any]:
    """Return the curves of one contender.

    Parameters
    ----------
    y : ndarray of shape (n,), 0 or 1, both present
    p : ndarray of shape (n,), in [0, 1]
    smallest_bin : int
        Bins of the calibration with fewer rows are merged with their neighbours.

    Returns
    -------
    dict
        ``roc`` and ``precision_recall`` with lists ``x`` and ``y`` of at most 101 points, ``calibration`` as
        `calibration_curve` returns it.
    """
    false_alarm_share, found_share, _ = sklearn_metrics.roc_curve(y, p)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(y, p)
    return {
        "roc": _few_points(false_alarm_share, found_share),
        # Of the nobody that a threshold above every risk lists, a precision of 1 is only a convention.
        "precision_recall": _few_points(recall[-2::-1], precision[-2::-1]),
        "calibration": calibration_curve(y, p, smallest_bin=smallest_bin),
    }


def calibration_curve(y: FloatArray, p: FloatArray, *, smallest_bin: int) -> list[dict[str, float]]:
    """Return of each bin its mean `risk`, its `case_share` with a 95 % interval from `low` to `high`, and `n`.

    Returns
    -------
    list of dict
        By rising risk. A bin below `smallest_bin` is merged with the next above, the last with the one before.
    """
    bins = _merged(evaluation.calibration_bins(y, p), smallest_bin)
    curve = []
    for one in bins:
        low, high = wilson(one["case_share"], one["n"])
        rounded = {name: round(one[name], 4) for name in ("risk", "case_share")}
        curve.append(rounded | {"n": one["n"], "low": low, "high": high})
    return curve


def wilson(share: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share among n (Wilson, 1927): right also near 0 and 1 and where n is small."""
    z = float(norm.ppf((1 + level) / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return round(max(0.0, middle - reach), 4), round(min(1.0, middle + reach), 4)


def _merged(bins: list[dict[str, float]], smallest: int) -> list[dict[str, float]]:
    merged: list[dict[str, float]] = []
    for one in bins:
        if merged and merged[-1]["n"] < smallest:
            merged[-1] = _together(merged[-1], one)
        else:
            merged.append(one)
    if len(merged) > 1 and merged[-1]["n"] < smallest:
        merged[-2:] = [_together(merged[-2], merged[-1])]
    return [one for one in merged if one["n"] >= smallest]


def _together(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    n = one["n"] + other["n"]
    means = {name: (one["n"] * one[name] + other["n"] * other[name]) / n for name in ("risk", "case_share")}
    return means | {"n": n}


def _few_points(x: FloatArray, y: FloatArray) -> dict[str, list[float]]:
    """Thin a curve to points evenly spaced along it, so that its steep part keeps as many as its flat one."""
    if len(x) > MOST_POINTS:
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        wanted = np.linspace(0, along[-1], MOST_POINTS)
        kept = np.unique(np.minimum(np.searchsorted(along, wanted), len(x) - 1))
        x, y = x[kept], y[kept]
    return {"x": np.round(x, 4).tolist(), "y": np.round(y, 4).tolist()}
