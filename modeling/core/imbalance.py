"""Far more students stay than leave: what is done about it, on training rows alone, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Method = Literal["none", "class_weights", "smote"]

# As in the paper that introduced it (Chawla et al., 2002); fewer where the class has fewer rows.
NEIGHBOURS = 5
# Stands for "not known" among category numbers, which begin at 0.
NO_CATEGORY = -1.0


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """Training rows after the method.

    Attributes
    ----------
    X : ndarray of shape (n_after, n_features), NaN where missing
    y : ndarray of shape (n_after,), 0 or 1
    weight : ndarray of shape (n_after,), or None
    log_odds_shift : float
        By how much the method raises the log-odds of a model that fits the rows it makes. Subtracting it undoes the
        change of base rate (King & Zeng, 2001, equation 7).
    """

    X: FloatArray
    y: FloatArray
    weight: FloatArray | None
    log_odds_shift: float


def balance(X: FloatArray, y: FloatArray, *, method: Method, categories: Sequence[int] = (), seed: int = 0) -> Balanced:
    """Return training rows with both outcomes of equal weight, or as they are.

    Give the rows of one training fold only: everything learned here (weights, medians, spreads, neighbours) is learned
    from the rows given.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), NaN where missing
    y : ndarray of shape (n,), 0 or 1
    method : "none", "class_weights" or "smote"
        "class_weights" gives every row n / (2 n_class). "smote" adds rows of the rarer outcome between neighbours
        until there are as many of it; SMOTENC where columns hold categories or flags (Chawla et al., 2002).
    categories : sequence of int
        Columns that hold category numbers.
    seed : int

    Returns
    -------
    Balanced
        With "smote" the rows given come first and unchanged, missing values and all. Synthetic rows have none where a
        neighbour could be measured: for them, and for the distances, the medians of the rows given were put in.
    """
    n_positive = int(y.sum())
    if method == "none" or n_positive in (0, len(y)):
        return Balanced(X=X, y=y, weight=None, log_odds_shift=0.0)
    shift = float(np.log((len(y) - n_positive) / n_positive))
    if method == "class_weights":
        per_class = len(y) / (2.0 * np.array([len(y) - n_positive, n_positive]))
        return Balanced(X=X, y=y, weight=per_class[y.astype(np.intp)], log_odds_shift=shift)
    synthetic, label = _smote(X, y, categories=categories, seed=seed)
    return Balanced(
        X=np.vstack([X, synthetic]),
        y=np.concatenate([y, np.full(len(synthetic), label)]),
        weight=None,
        log_odds_shift=shift,
    )


def class_balance(method: Method, y: FloatArray, balanced: Balanced) -> dict[str, Any]:
    """Return how many rows of either outcome there were, and what the booster was given instead.

    Parameters
    ----------
    method : "none", "class_weights" or "smote"
    y : ndarray of shape (n,), 0 or 1
    balanced : Balanced

    Returns
    -------
    dict
        ``method``, ``before`` and ``after``, each of the last two with ``left`` and ``stayed``: rows, or with class
        weights the sum of their weights.
    """
    weight = np.ones(len(balanced.y)) if balanced.weight is None else balanced.weight
    return {
        "method": method,
        "before": {"left": int(y.sum()), "stayed": int(len(y) - y.sum())},
        "after": {
            "left": round(float(weight[balanced.y == 1].sum()), 3),
            "stayed": round(float(weight[balanced.y == 0].sum()), 3),
        },
    }


def _smote(X: FloatArray, y: FloatArray, *, categories: Sequence[int], seed: int) -> tuple[FloatArray, float]:
    """Return the synthetic rows and their label."""
    # Loads scikit-learn's neighbours and half of its ensembles; who does without SMOTE does without them.
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    known = ~np.isnan(X)
    has_any: NDArray[np.bool_] = np.asarray(known.any(axis=0))
    nominal = _nominal(X, known, categories)
    filled, median, spread = _measurable(X, nominal=nominal, has_any=has_any)
    n_rarer = int(min(y.sum(), len(y) - y.sum()))
    if n_rarer < 2:
        return X[:0], 1.0
    how: dict[str, Any] = {"k_neighbors": min(NEIGHBOURS, n_rarer - 1), "random_state": seed}
    if not nominal.any():
        sampler = SMOTE(**how)
    elif nominal.all():
        sampler = SMOTEN(**how)
    else:
        sampler = SMOTENC(categorical_features=np.flatnonzero(nominal).tolist(), **how)
    resampled, labels = sampler.fit_resample(filled, y)
    made = np.asarray(resampled, dtype=np.float64)[len(X) :]
    made[:, ~nominal] = made[:, ~nominal] * spread + median
    made[:, nominal] = np.where(made[:, nominal] == NO_CATEGORY, np.nan, made[:, nominal])
    made[:, ~has_any] = np.nan
    return made, float(labels[-1])


def _nominal(X: FloatArray, known: NDArray[np.bool_], categories: Sequence[int]) -> NDArray[np.bool_]:
    """Return which columns have no values between: categories, and flags, of which half a one is nothing."""
    nominal = np.zeros(X.shape[1], dtype=bool)
    nominal[list(categories)] = True
    for position in np.flatnonzero(~nominal):
        nominal[position] = np.isin(X[known[:, position], position], (0.0, 1.0)).all() and known[:, position].any()
    return nominal


def _measurable(
    X: FloatArray, *, nominal: NDArray[np.bool_], has_any: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the matrix without gaps and on one scale, and the medians and spreads of its numbers."""
    filled = np.where(np.isnan(X), NO_CATEGORY, X)
    numbers = np.where(has_any[~nominal], X[:, ~nominal], 0.0)
    median = np.nanmedian(numbers, axis=0) if numbers.size else np.zeros(numbers.shape[1])
    numbers = np.where(np.isnan(numbers), median, numbers)
    # Unscaled, the column with the largest unit would decide alone who is a neighbour.
    spread = numbers.std(axis=0)
    spread[spread == 0] = 1.0
    filled[:, ~nominal] = (numbers - median) / spread
    return filled, median, spread
