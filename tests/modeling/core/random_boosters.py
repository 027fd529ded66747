"""Made-up boosters of every kind that a training may leave, and rows at the edges of what they ask."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

N_NUMBERS, N_CATEGORIES = 5, 2
CATEGORIES = [N_NUMBERS, N_NUMBERS + 1]
NEAR_ZERO = float(np.float32(1e-35))
EDGES = [
    *(np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-36, -1e-36, 1e300, -1e300, 1e12, NEAR_ZERO, -NEAR_ZERO, 1e-35, -1e-35),
    *(np.nextafter(NEAR_ZERO, 1), -np.nextafter(NEAR_ZERO, 1), -0.5, -1.0, -0.999, 0.7, 1.5, 31.9, 32, 63, 64, 500),
]


def training(rng: np.random.Generator, *, n: int = 300) -> tuple[FloatArray, FloatArray]:
    """Return a matrix of numbers and categories, some with gaps, many zeros, and an outcome that hangs on them."""
    X = rng.normal(size=(n, N_NUMBERS + N_CATEGORIES))
    X[:, 1] = np.round(X[:, 1])
    X[:, 2] = np.where(rng.random(n) < 0.4, 0.0, X[:, 2])
    X[:, CATEGORIES[0]] = rng.integers(0, 4, n)
    X[:, CATEGORIES[1]] = rng.integers(0, 70, n)
    z = X[:, 0] + X[:, 1] * X[:, 2] + (X[:, CATEGORIES[0]] == 2) + (X[:, CATEGORIES[1]] % 3 == 1)
    if rng.random() < 0.7:
        X[rng.random(X.shape) < rng.choice([0.02, 0.2], size=X.shape[1])] = np.nan
    return X, (z + rng.normal(size=n) > 0.8).astype(np.float64)


def rows(rng: np.random.Generator, X: FloatArray, booster: lightgbm.Booster, *, n: int = 80) -> FloatArray:
    """Return rows of training in which many cells hold edge values, or a threshold of the booster itself."""
    found = X[rng.integers(0, len(X), n)].copy()
    thresholds = booster.trees_to_dataframe()["threshold"].dropna()
    own = [float(value) for value in thresholds if isinstance(value, float)] or [0.0]
    odd = rng.random(found.shape)
    found = np.where(odd < 0.3, rng.choice(EDGES, found.shape), found)
    return np.where(odd > 0.9, rng.choice(own, found.shape), found)


def booster(rng: np.random.Generator, X: FloatArray, y: FloatArray, **settings: Any) -> lightgbm.Booster:
    """Return a booster of random settings, those given over all."""
    n_trees = settings.pop("n_trees", int(rng.integers(1, 6)))
    parameters = {**random_settings(rng), **settings, "objective": "binary", "verbosity": -1, "num_threads": 1}
    categories = CATEGORIES if X.shape[1] > N_NUMBERS else []
    data = lightgbm.Dataset(X, label=y, categorical_feature=categories, params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=n_trees)


def random_settings(rng: np.random.Generator) -> dict[str, Any]:
    """Return settings of every kind that changes how a tree asks or counts."""
    settings: dict[str, Any] = {
        "num_leaves": int(rng.integers(2, 10)),
        "min_data_in_leaf": int(rng.choice([1, 5, 20])),
        "learning_rate": float(rng.choice([0.1, 0.5])),
        "max_cat_to_onehot": int(rng.choice([1, 4, 100])),
        "cat_smooth": float(rng.choice([1.0, 10.0])),
        "min_data_per_group": int(rng.choice([1, 20])),
        "zero_as_missing": bool(rng.random() < 0.3),
        "use_missing": bool(rng.random() < 0.85),
        "max_bin": int(rng.choice([7, 255])),
        "seed": int(rng.integers(1 << 30)),
    }
    if rng.random() < 0.3:
        settings |= {"bagging_fraction": 0.6, "bagging_freq": 1}
    if rng.random() < 0.3:
        settings |= {"monotone_constraints": [1, -1, *[0] * (N_NUMBERS + N_CATEGORIES - 2)]}
    return settings
