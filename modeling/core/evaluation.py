"""How good a list of risks is: the same measures for the model, the logistic baseline and the school's rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics as sklearn_metrics

FloatArray = NDArray[np.float64]

SHARES = (0.05, 0.10, 0.20)
N_CALIBRATION_BINS = 10
MINIMUM_ROWS = 10


class NotMeasurable(ValueError):
    """The labels or risks do not allow a measure."""


def metrics(y: ArrayLike, p: ArrayLike, *, threshold: float, capacity: int | None = None) -> dict[str, float]:
    """Return every measure a version is judged by.

    Parameters
    ----------
    y : array-like of shape (n,), 0 or 1
    p : array-like of shape (n,), in [0, 1]
        Calibrated probability, or the score of a rule. Brier score and calibration error say nothing of a rule.
    threshold : float
        At or above it a student counts as predicted to drop out. Chosen on other rows than these.
    capacity : int, or None
        How many students the team can see.

    Returns
    -------
    dict of str to float
        ``n``, ``n_positive``, ``roc_auc``, ``average_precision``, ``brier``, ``ece``, ``f1``, ``precision``,
        ``recall``, ``threshold``, ``precision_at_5``, ``recall_at_5`` (per cent of the rows; also 10 and 20), and with
        a capacity ``capacity``, ``precision_at_capacity`` and ``recall_at_capacity``.

    Raises
    ------
    NotMeasurable
        If there are fewer than 10 rows, one class only, or a value that is no label or no share.
    """
    labels, risks = _checked(y, p)
    flagged = risks >= threshold
    measured = {
        "n": float(len(labels)),
        "n_positive": float(labels.sum()),
        "roc_auc": float(sklearn_metrics.roc_auc_score(labels, risks)),
        "average_precision": float(sklearn_metrics.average_precision_score(labels, risks)),
        "brier": float(np.mean((risks - labels) ** 2)),
        "ece": expected_calibration_error(labels, risks),
        "f1": float(sklearn_metrics.f1_score(labels, flagged, zero_division=0.0)),
        "precision": float(sklearn_metrics.precision_score(labels, flagged, zero_division=0.0)),
        "recall": float(sklearn_metrics.recall_score(labels, flagged, zero_division=0.0)),
        "threshold": float(threshold),
    }
    for share in SHARES:
        precision, recall = at_capacity(labels, risks, capacity=n_at(share, len(labels)))
        measured |= {f"precision_at_{share:.0%}"[:-1]: precision, f"recall_at_{share:.0%}"[:-1]: recall}
    if capacity is not None:
        precision, recall = at_capacity(labels, risks, capacity=capacity)
        measured |= {
            "capacity": float(capacity),
            "precision_at_capacity": precision,
            "recall_at_capacity": recall,
        }
    return measured


def n_at(share: float, n: int) -> int:
    """Return how many of n rows a share of the list is, at least one."""
    return max(1, round(share * n))


def at_capacity(y: ArrayLike, p: ArrayLike, *, capacity: int) -> tuple[float, float]:
    """Return precision and recall among the `capacity` highest risks.

    Rows that tie across the line count by their share, the mean over every order they could stand in: a rule with
    four scores is then neither lucky nor unlucky, and the order of rows changes nothing.
    """
    labels = np.asarray(y, dtype=np.float64)
    found = float(listed(p, capacity=capacity) @ labels)
    return found / min(capacity, len(labels)), found / float(labels.sum()) if labels.any() else 0.0


def listed(p: ArrayLike, *, capacity: int) -> FloatArray:
    """Return of each row how far it is on the list: 1 above the line, 0 below, its share of the last places at it.

    Parameters
    ----------
    p : array-like of shape (n,)
    capacity : int
        How many rows are listed, at least 1.

    Returns
    -------
    ndarray of shape (n,), in [0, 1]
        Adds up to `capacity`, or to n where that is less.
    """
    risks = np.asarray(p, dtype=np.float64)
    capacity = min(capacity, len(risks))
    if capacity < 1:
        raise NotMeasurable("Precision at capacity needs a capacity of at least one student.")
    line = np.partition(risks, len(risks) - capacity)[len(risks) - capacity]
    above, at = risks > line, risks == line
    rows: FloatArray = np.where(at, (capacity - above.sum()) / at.sum(), above.astype(np.float64))
    return rows


def expected_calibration_error(y: ArrayLike, p: ArrayLike) -> float:
    """Return the mean gap between risk and share of cases over ten bins of equal width (Naeini et al., 2015).

    Even a perfectly calibrated model does not reach 0: about .011 with 4,400 rows, from chance alone.
    """
    bins = calibration_bins(y, p)
    n = sum(row["n"] for row in bins)
    return float(sum(row["n"] / n * abs(row["risk"] - row["case_share"]) for row in bins))


def calibration_bins(y: ArrayLike, p: ArrayLike) -> list[dict[str, float]]:
    """Return the calibration curve: of each of ten equal-width bins that holds a row `n`, `risk` and `case_share`."""
    labels, risks = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    member = calibration_bin_of(risks)
    rows = []
    for number in np.unique(member):
        here = member == number
        rows.append(
            {"n": float(here.sum()), "risk": float(risks[here].mean()), "case_share": float(labels[here].mean())}
        )
    return rows


def calibration_bin_of(risks: FloatArray) -> NDArray[np.intp]:
    """Return which of the bins of equal width each risk lies in."""
    return np.minimum((risks * N_CALIBRATION_BINS).astype(np.intp), N_CALIBRATION_BINS - 1)


def f1_threshold(y: ArrayLike, p: ArrayLike) -> float:
    """Return the threshold with the highest F1 score, halfway between the two risks it parts.

    Parameters
    ----------
    y : array-like of shape (n,), 0 or 1, with at least one 1
    p : array-like of shape (n,)
        Out of fold: on its own training rows a model looks surer than it is.
    """
    labels, risks = _checked(y, p)
    order = np.argsort(-risks, kind="stable")
    risks, hits = risks[order], np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(risks) + 1) + hits[-1])
    last_of_its_value = np.append(risks[:-1] > risks[1:], True)  # a threshold cannot part equal risks
    best = int(np.argmax(np.where(last_of_its_value, f1, -1.0)))
    below = risks[best + 1] if best + 1 < len(risks) else 0.0
    return float((risks[best] + below) / 2)


def top_share_jaccard(risks: Sequence[ArrayLike], *, share: float = 0.05) -> float:
    """Return how alike the top of the list is across refits: the mean over pairs of shared over all names.

    Parameters
    ----------
    risks : sequence of at least two array-likes of shape (n,)
        The same students in the same order, each scored by another refit.
    share : float
        The part of the list that is compared.

    Returns
    -------
    float in [0, 1]
        1 where every refit names the same students.
    """
    if len(risks) < 2:
        raise NotMeasurable("Stability compares at least two refits.")
    scored = [np.asarray(each, dtype=np.float64) for each in risks]
    k = n_at(share, len(scored[0]))
    tops = [set(np.argsort(-each, kind="stable")[:k].tolist()) for each in scored]
    return float(np.mean([len(one & other) / len(one | other) for one, other in combinations(tops, 2)]))


def _checked(y: ArrayLike, p: ArrayLike) -> tuple[FloatArray, FloatArray]:
    labels, risks = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if len(labels) < MINIMUM_ROWS:
        raise NotMeasurable(f"Measures need at least {MINIMUM_ROWS} labelled students, got {len(labels)}.")
    if not np.isin(labels, (0.0, 1.0)).all():
        raise NotMeasurable("Labels must be 0 or 1; leave censored students out first.")
    if len(np.unique(labels)) < 2:
        only = "dropped out" if labels[0] == 1 else "stayed"
        raise NotMeasurable(f"All {len(labels)} labelled students {only}: a measure needs both outcomes.")
    if risks.shape != labels.shape or not ((risks >= 0) & (risks <= 1)).all():
        raise NotMeasurable("Risks must be one number between 0 and 1 for each label.")
    return labels, risks
