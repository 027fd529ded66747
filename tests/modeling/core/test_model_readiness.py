"""The model takes over where it is better at the team's capacity, and chance does not hand the list to and fro."""

from __future__ import annotations

import pytest

from modeling.core import model_readiness


def figures(precision: float, roc_auc: float, capacity: float = 100.0) -> dict[str, float]:
    return {"precision_at_capacity": precision, "roc_auc": roc_auc, "capacity": capacity}


@pytest.mark.parametrize(("precision", "expected"), [(0.7, True), (0.3, False)])
def test_a_clear_difference_at_capacity_decides_whatever_the_area(precision: float, expected: bool) -> None:
    against = figures(0.5, 0.99 if expected else 0.01)

    assert model_readiness.is_better(figures(precision, 0.5), against, minimum_gain=0.0) is expected


@pytest.mark.parametrize(("roc_auc", "expected"), [(0.86, True), (0.85, False), (0.84, False)])
def test_one_name_of_five_is_chance_and_the_area_decides(roc_auc: float, expected: bool) -> None:
    model, rule = figures(0.4, roc_auc, capacity=5), figures(0.6, 0.85, capacity=5)

    assert model_readiness.is_better(model, rule, minimum_gain=0.0) is expected


def test_a_gain_that_is_asked_for_counts() -> None:
    model, rule = figures(0.60, 0.9, capacity=10_000), figures(0.55, 0.8, capacity=10_000)

    assert model_readiness.is_better(model, rule, minimum_gain=0.02)
    assert not model_readiness.is_better(model, rule, minimum_gain=0.10)


def test_three_of_three_is_not_certainty() -> None:
    gain = model_readiness.gain_at_capacity(figures(1.0, 0.9, capacity=3), figures(1.0, 0.9, capacity=3))

    assert gain is not None
    assert gain[0] == 0
    assert gain[1] > 0.2


def test_without_a_capacity_the_area_decides() -> None:
    assert model_readiness.gain_at_capacity({"roc_auc": 0.9}, figures(0.5, 0.8)) is None
    assert model_readiness.is_better({"roc_auc": 0.9}, {"roc_auc": 0.8}, minimum_gain=0.0)
