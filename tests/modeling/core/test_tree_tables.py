from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from modeling.core.tree_tables import TreeTables
from tests.modeling.core import random_boosters

FloatArray = NDArray[np.float64]
NEAR = 1e-9


def largest_error(booster: lightgbm.Booster, rows: FloatArray) -> float:
    """Return by how much the tables differ from LightGBM at most, in a contribution or in the raw score."""
    expected = booster.predict(rows, pred_contrib=True, num_threads=1)
    raw = booster.predict(rows, raw_score=True, num_threads=1)
    found = TreeTables.of(booster).contributions(rows)
    return float(max(np.abs(found - expected).max(), np.abs(found.sum(axis=1) - raw).max()))


def error_of_a_random_one(seed: int, **settings: Any) -> float:
    rng = np.random.default_rng(seed)
    X, y = random_boosters.training(rng)
    booster = random_boosters.booster(rng, X, y, **settings)
    return largest_error(booster, random_boosters.rows(rng, X, booster))


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_contributions_are_lightgbms_for_any_small_booster_and_any_row(start: int) -> None:
    errors = {seed: error_of_a_random_one(seed) for seed in range(start, start + 50)}

    assert {seed: error for seed, error in errors.items() if not error <= NEAR} == {}
