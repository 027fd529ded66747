"""Turns a booster's log-odds into a probability that means what it says, by a few stored numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression

FloatArray = NDArray[np.float64]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
CalibrationKind = Literal["identity", "sigmoid", "isotonic"]

# From the fewest numbers to the most: a later kind has to earn its place against an earlier one.
KINDS: tuple[CalibrationKind, ...] = get_args(CalibrationKind)


class UnreadableCalibration(ValueError):
    """A stored calibration does not describe a rising curve of finite numbers."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A strictly rising curve from log-odds to probability, so that it never changes who stands above whom.

    Attributes
    ----------
    kind : "identity", "sigmoid" or "isotonic"
    a, b : float
        Slope and shift of the log-odds; for isotonic 1 and 0.
    x, y : tuple of float
        Isotonic only: knots, raw and calibrated log-odds, both strictly rising. Between knots the curve is
        straight, outside them it goes on with slope 1: no student is ever given a probability of 0 or 1.
    """

    kind: CalibrationKind = "identity"
    a: float = 1.0
    b: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def probability(self, log_odds: FloatArray) -> FloatArray:
        """Return the calibrated probability.

        Parameters
        ----------
        log_odds : ndarray of shape (n,)
            The booster's raw score.

        Returns
        -------
        ndarray of shape (n,), in (0, 1)
        """
        if self.kind != "isotonic":
            return np.asarray(expit(self.a * log_odds + self.b), dtype=np.float64)
        x, y = np.array(self.x), np.array(self.y)
        below, above = np.minimum(log_odds - x[0], 0.0), np.maximum(log_odds - x[-1], 0.0)
        return np.asarray(expit(np.interp(log_odds, x, y) + below + above), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Return the curve as plain JSON types."""
        stored: dict[str, Any] = {"kind": self.kind, "a": self.a, "b": self.b}
        return stored | {"x": list(self.x), "y": list(self.y)} if self.kind == "isotonic" else stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Calibration:
        """Rebuild the curve from `as_json`.

        :raises UnreadableCalibration: if it is not a rising curve of finite numbers
        """
        kind = stored.get("kind")
        if kind not in KINDS:
            raise UnreadableCalibration(f"The calibration is of kind {kind!r}; known are {', '.join(KINDS)}.")
        x, y = np.array(stored.get("x", []), dtype=float), np.array(stored.get("y", []), dtype=float)
        a, b = float(stored.get("a", 1.0)), float(stored.get("b", 0.0))
        rising = len(x) == len(y) and bool(np.all(np.diff(x) > 0) and np.all(np.diff(y) > 0)) and a > 0
        if not rising or not np.isfinite([a, b, *x, *y]).all() or (kind == "isotonic") != (len(x) > 0):
            raise UnreadableCalibration("The calibration is not a rising curve of finite numbers.")
        return cls(kind=kind, a=a, b=b, x=tuple(x.tolist()), y=tuple(y.tolist()))


def sigmoid_calibration(log_odds: FloatArray, y: FloatArray) -> Calibration:
    """Fit slope and shift of the log-odds by maximum likelihood (Platt, 1999, section 2.2).

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
        Out-of-fold raw scores.
    y : ndarray of shape (n,), 0 or 1

    Returns
    -------
    Calibration
        Identity where the best slope is not positive: a curve that falls would turn the list upside down.
    """
    n_positive = float(y.sum())
    n_negative = len(y) - n_positive
    # Platt's targets: without them a perfectly separating score would be given an infinite slope.
    target = np.where(y == 1, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(line: FloatArray) -> tuple[float, FloatArray]:
        score = line[0] * log_odds + line[1]
        error = expit(score) - target
        return float(np.sum(np.logaddexp(0.0, score) - target * score)), np.array([error @ log_odds, error.sum()])

    a, b = minimize(loss, x0=np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return Calibration(kind="sigmoid", a=float(a), b=float(b)) if a > 0 else Calibration()


def isotonic_calibration(log_odds: FloatArray, y: FloatArray) -> Calibration:
    """Fit a rising curve of any shape, drawn through the centres of its steps.

    Steps give equal probabilities to whole groups of students, which makes the line where a list is cut a matter
    of chance; through the centres (Oron and Flournoy, 2017, "centered isotonic regression") it rises strictly.

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
    y : ndarray of shape (n,), 0 or 1
    """
    places, member = np.unique(log_odds, return_inverse=True)
    x, share, n = _steps(places, _total(member, y), _total(member, np.ones(len(y))))
    # Half a case of each kind keeps steps at 0 and 1 finite (Agresti, 2013, equation 3.15). It pulls small steps more
    # than large ones, so that neighbours may have to be joined again.
    x, share, _ = _steps(x, share * n + 0.5, n + 1)
    knots = np.asarray(logit(share))
    rises = np.append(True, (np.diff(x) > 0) & (np.diff(knots) > 0))  # rounding may join what differs in the last bit
    return Calibration(kind="isotonic", x=tuple(x[rises].tolist()), y=tuple(knots[rises].tolist()))


def _steps(x: FloatArray, n_cases: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Join neighbours until the share of cases rises; return centre, share and size of each step."""
    rising: FloatArray = isotonic_regression(n_cases / n, sample_weight=n)
    levels, step = np.unique(rising, return_inverse=True)
    size = _total(step, n)
    return _total(step, x * n) / size, levels, size


def _total(step: NDArray[np.intp], weights: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(step, weights=weights), dtype=np.float64)


def choose_calibration(
    log_odds: FloatArray,
    y: FloatArray,
    *,
    folds: Sequence[Fold],
    kinds: Sequence[CalibrationKind] = KINDS,
    forced: bool = False,
) -> tuple[Calibration, FloatArray]:
    """Choose the curve with the lowest out-of-fold Brier score and fit it to all rows.

    Each curve is judged on rows that it was not fitted on, and has to beat the simpler one by more than one
    standard error of the paired difference (Breiman et al., 1984, the one-SE rule): so it does no harm.

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
        Out-of-fold raw scores of the booster.
    y : ndarray of shape (n,), 0 or 1
    folds : sequence of (rows to fit on, rows to judge on)
    kinds : sequence of str
        The curves to choose from; identity is the fallback.
    forced : bool
        Take the last of `kinds` whether it earns its place or not.

    Returns
    -------
    Calibration
        Fitted to all rows.
    probability : ndarray of shape (n,)
        Cross-fitted: each row's from a curve that never saw it.
    """
    chosen: CalibrationKind = "identity"
    probability = Calibration().probability(log_odds)
    for kind in KINDS[1:]:
        if kind not in kinds:
            continue
        candidate = _cross_fitted(kind, log_odds, y, folds)
        gain = (probability - y) ** 2 - (candidate - y) ** 2
        if forced or gain.mean() > gain.std() / np.sqrt(len(gain)):
            chosen, probability = kind, candidate
    return _fitted(chosen, log_odds, y), probability


def _fitted(kind: CalibrationKind, log_odds: FloatArray, y: FloatArray) -> Calibration:
    if kind == "sigmoid":
        return sigmoid_calibration(log_odds, y)
    return isotonic_calibration(log_odds, y) if kind == "isotonic" else Calibration()


def _cross_fitted(kind: CalibrationKind, log_odds: FloatArray, y: FloatArray, folds: Sequence[Fold]) -> FloatArray:
    probability = np.empty(len(y))
    for fitted_on, judged_on in folds:
        curve = _fitted(kind, log_odds[fitted_on], y[fitted_on])
        probability[judged_on] = curve.probability(log_odds[judged_on])
    return probability
