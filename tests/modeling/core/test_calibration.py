"""Calibration: probabilities that mean what they say, and a list whose order never changes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.model_selection import KFold

from modeling.core.calibration import (
    KINDS,
    Calibration,
    UnreadableCalibration,
    choose_calibration,
    isotonic_calibration,
    sigmoid_calibration,
)


def drawn(n: int, *, slope: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return log-odds, and labels from a world in which the true log-odds are slope * log-odds + shift."""
    random = np.random.default_rng(3)
    log_odds = random.normal(-1, 1.5, n)
    return log_odds, (random.random(n) < expit(slope * log_odds + shift)).astype(float)


def folds_of(n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(KFold(5, shuffle=True, random_state=0).split(np.zeros(n)))


def test_scores_that_are_right_are_left_alone() -> None:
    log_odds, y = drawn(2000)

    curve, probability = choose_calibration(log_odds, y, folds=folds_of(2000))

    assert curve.kind == "identity"
    np.testing.assert_allclose(probability, expit(log_odds))


def test_scores_that_are_too_sure_are_toned_down() -> None:
    log_odds, y = drawn(4000, slope=0.4, shift=-0.5)

    curve, probability = choose_calibration(log_odds, y, folds=folds_of(4000))

    assert curve.kind == "sigmoid"
    assert curve.a == pytest.approx(0.4, abs=0.06)
    assert curve.b == pytest.approx(-0.5, abs=0.1)
    assert np.mean((probability - y) ** 2) < np.mean((expit(log_odds) - y) ** 2)


def test_a_row_plays_no_part_in_its_own_cross_fitted_probability() -> None:
    log_odds, y = drawn(400, slope=0.3)
    other = y.copy()
    other[0] = 1 - other[0]

    before = choose_calibration(log_odds, y, folds=folds_of(400), kinds=("sigmoid",), forced=True)[1]
    after = choose_calibration(log_odds, other, folds=folds_of(400), kinds=("sigmoid",), forced=True)[1]

    assert before[0] == after[0]
    assert (before != after).any()


@pytest.mark.parametrize("fitted", [sigmoid_calibration, isotonic_calibration])
def test_no_two_students_change_places_and_nobody_gets_0_or_1(fitted: object) -> None:
    log_odds, y = drawn(500, slope=2.0)
    everywhere = np.linspace(-30, 30, 2001)

    probability = fitted(log_odds, y).probability(everywhere)  # type: ignore[operator]

    # Far out a double has no room left between neighbours; where students are, every step rises.
    inside = np.abs(everywhere) < 10
    assert (np.diff(probability[inside]) > 0).all()
    assert (np.diff(probability) >= 0).all()
    assert (probability[inside] < 1).all()
    assert (probability > 0).all()


def test_isotonic_follows_the_shape_of_the_data() -> None:
    log_odds, y = drawn(20000, slope=0.5, shift=1.0)

    probability = isotonic_calibration(log_odds, y).probability(np.array([-3.0, -1.0, 1.0]))

    np.testing.assert_allclose(probability, expit(0.5 * np.array([-3.0, -1.0, 1.0]) + 1.0), atol=0.03)


def test_scores_that_differ_by_less_than_can_be_told_are_read() -> None:
    log_odds = np.array([-1.0, -1.0 + 1e-16, 0.0, 2.0, 2.0 + 5e-16, 2.0 + 1e-15])

    curve = isotonic_calibration(log_odds, np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]))

    assert np.isfinite(curve.probability(log_odds)).all()
    assert Calibration.from_json(curve.as_json()) == curve


def test_a_curve_that_would_turn_the_list_upside_down_is_not_taken() -> None:
    log_odds, y = drawn(500, slope=-1.0)

    assert sigmoid_calibration(log_odds, y) == Calibration()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_json(kind: str) -> None:
    log_odds, y = drawn(300, slope=0.5)
    curve = choose_calibration(log_odds, y, folds=folds_of(300), kinds=(kind,), forced=True)[0]  # type: ignore[arg-type]

    read_back = Calibration.from_json(json.loads(json.dumps(curve.as_json(), allow_nan=False)))

    assert read_back == curve
    assert read_back.kind == kind


@pytest.mark.parametrize(
    "stored",
    [
        {"kind": "cubic"},
        {"kind": "sigmoid", "a": -1.0, "b": 0.0},
        {"kind": "sigmoid", "a": float("inf"), "b": 0.0},
        {"kind": "isotonic", "a": 1.0, "b": 0.0},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [1.0, 0.0]},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [1.0]},
    ],
)
def test_a_curve_that_does_not_rise_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(UnreadableCalibration):
        Calibration.from_json(stored)
