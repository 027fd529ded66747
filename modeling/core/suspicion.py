"""Finds leakage: a single feature that separates those who left from the others too well to be true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_auc_score

from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# What gives the outcome away does so in a part of the rows as well.
MOST_ROWS = 100_000
# A number with so few values may be a code, whose order says nothing.
MOST_CODES = 20
N_FOLDS = 5
# A value seen this often counts as much for itself as the share of everybody does (Micci-Barreca, 2001).
SHRUNK_BY = 10.0


def suspicious_features(
    frame: pd.DataFrame,
    y: FloatArray,
    *,
    groups: ArrayLike,
    features: Sequence[Feature],
    at_least: float,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the features that tell the outcome alone, the most suspicious first.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The training rows.
    y : ndarray of shape (n,), 0 or 1, both present
    groups : array-like of shape (n,)
        The student of each row.
    features : sequence of Feature
    at_least : float
        From which area under the curve on a feature is named.
    seed : int

    Returns
    -------
    list of dict
        ``feature`` and ``roc_auc``.
    """
    _, student = np.unique(np.asarray(groups), return_inverse=True)
    random = np.random.default_rng(seed)
    fold = random.integers(N_FOLDS, size=student.max() + 1)[student]
    kept = random.permutation(len(y))[:MOST_ROWS]
    labels, fold = y[kept], fold[kept]
    if len(np.unique(labels)) < 2:
        return []
    found = []
    for feature in features:
        if feature.name in frame:
            area = single_feature_auc(frame[feature.name].iloc[kept], labels, fold=fold, kind=feature.kind)
            if area >= at_least:
                found.append({"feature": feature.name, "roc_auc": round(area, 4)})
    return sorted(found, key=lambda one: (-float(one["roc_auc"]), str(one["feature"])))


def single_feature_auc(values: pd.Series, y: FloatArray, *, fold: NDArray[np.intp], kind: str) -> float:
    """Return how well one feature alone ranks those who left before those who stayed.

    Parameters
    ----------
    values : Series of shape (n,)
        Missing counts as a value of its own: that something was never written down can be the outcome too.
    y : ndarray of shape (n,), 0 or 1, both present
    fold : ndarray of shape (n,)
        Categories are read as the share of those who left with the same one in the other folds: by its own label
        every rare category would look perfect.
    kind : "number", "flag" or "category"

    Returns
    -------
    float in [0, 1]
    """
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    areas = []
    if kind != "category":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        for missing in (-np.inf, np.inf):
            ranks = pd.Series(np.where(np.isnan(numbers), missing, numbers)).rank().to_numpy()
            area = float(roc_auc_score(y, ranks))
            areas.append(max(area, 1 - area))
    if kind == "category" or len(distinct) <= MOST_CODES:
        areas.append(float(roc_auc_score(y, _share_in_other_folds(codes, y, fold))))
    return max(areas)


def _share_in_other_folds(codes: NDArray[np.intp], y: FloatArray, fold: NDArray[np.intp]) -> FloatArray:
    read = np.empty(len(y))
    for number in range(N_FOLDS):
        here = fold == number
        n = np.bincount(codes[~here], minlength=codes.max() + 1)
        left = np.bincount(codes[~here], weights=y[~here], minlength=codes.max() + 1)
        # The share of everybody is that of all rows: were it of the other folds, it would betray its own.
        read[here] = ((left + SHRUNK_BY * y.mean()) / (n + SHRUNK_BY))[codes[here]]
    return read
