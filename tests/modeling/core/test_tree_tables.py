from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from modeling.core import tree_tables
from modeling.core.booster_text import DamagedBooster
from modeling.core.tree_few_rows import FewRows
from modeling.core.tree_tables import TooManyNodes, TreeTables
from tests.modeling.core import random_boosters

FloatArray = NDArray[np.float64]
NEAR = 1e-9
LARGE = {"num_leaves": 24, "min_data_in_leaf": 1, "n": 600}


def largest_error(booster: lightgbm.Booster, rows: FloatArray) -> float:
    """Return by how much the tables differ from LightGBM at most, in a contribution or in the raw score."""
    expected = booster.predict(rows, pred_contrib=True, num_threads=1)
    raw = booster.predict(rows, raw_score=True, num_threads=1)
    tables = TreeTables.of(booster)
    found, few = tables.contributions(rows), FewRows(tables).contributions(rows)
    one = FewRows(tables).contributions(rows[:1])
    errors = (found - expected, few - expected, one - expected[:1], found.sum(axis=1) - raw)
    return float(max(np.abs(error).max() for error in errors))


def error_of_a_random_one(seed: int, **settings: Any) -> float:
    rng = np.random.default_rng(seed)
    X, y = random_boosters.training(rng, n=settings.pop("n", 300))
    booster = random_boosters.booster(rng, X, y, **settings)
    return largest_error(booster, random_boosters.rows(rng, X, booster))


def too_large(seeds: range, **settings: Any) -> dict[int, float]:
    errors = {seed: error_of_a_random_one(seed, **settings) for seed in seeds}
    return {seed: error for seed, error in errors.items() if not error <= NEAR}


def regression(X: FloatArray, y: FloatArray, *, n_trees: int = 1, **settings: Any) -> lightgbm.Booster:
    parameters = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 1, **settings}
    return lightgbm.train(parameters, lightgbm.Dataset(X, label=y, params=parameters), num_boost_round=n_trees)


def a_chain(n_features: int) -> tuple[FloatArray, lightgbm.Booster]:
    """Return a tree that asks one feature after the other, and its rows."""
    X = np.repeat(np.eye(n_features), 10, axis=0)
    y = X @ 3.0 ** np.arange(n_features)
    return X, regression(X, y, num_leaves=n_features, min_data_in_bin=1, min_sum_hessian_in_leaf=0)


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_contributions_are_lightgbms_for_any_small_booster_and_any_row(start: int) -> None:
    assert too_large(range(start, start + 50)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 3200, 200))
def test_contributions_are_lightgbms_for_very_many_boosters(start: int) -> None:
    assert too_large(range(start, start + 200)) == {}


@pytest.mark.parametrize("max_depth", [-1, 6, 8])
def test_contributions_are_lightgbms_for_trees_of_24_leaves(max_depth: int) -> None:
    assert too_large(range(8), max_depth=max_depth, **LARGE) == {}


@pytest.mark.slow
@pytest.mark.parametrize("max_depth", [-1, 8])
def test_contributions_are_lightgbms_for_very_many_trees_of_24_leaves(max_depth: int) -> None:
    assert too_large(range(100, 250), max_depth=max_depth, **LARGE) == {}


@pytest.mark.parametrize(("n_trees", "num_leaves"), [(120, 8), (500, 8), (120, 24)])
def test_errors_do_not_add_up_over_many_trees(n_trees: int, num_leaves: int) -> None:
    error = error_of_a_random_one(5, n_trees=n_trees, num_leaves=num_leaves, learning_rate=0.05, n=600)

    assert error <= NEAR


@pytest.mark.parametrize("zero_as_missing", [False, True])
@pytest.mark.parametrize("use_missing", [False, True])
def test_each_kind_of_missing_is_read_as_lightgbm_reads_it(zero_as_missing: bool, use_missing: bool) -> None:
    kinds = {"zero_as_missing": zero_as_missing, "use_missing": use_missing}

    assert too_large(range(20), n_trees=8, **kinds) == {}


def test_what_lightgbm_takes_for_zero_goes_where_zero_goes() -> None:
    X = np.repeat([[-1.0], [-1e-34], [0.0], [1e-34], [1.0]], 40, axis=0)
    near = random_boosters.NEAR_ZERO
    rows = np.array([[v] for v in (near, -near, 1e-36, -1e-36, np.nextafter(near, 1), np.nextafter(-near, -1), 0.0)])

    boosters = [regression(X, (X[:, 0] >= edge) * 1.0, min_data_in_bin=1) for edge in (-1e-34, 0.0, 1e-34, 1.0)]

    assert max(largest_error(booster, rows) for booster in boosters) <= NEAR


def test_an_infinite_threshold_parts_the_missing_from_all_the_rest() -> None:
    X = np.where(np.arange(200) % 2, np.nan, np.arange(200.0))[:, None]
    booster = regression(X, np.isnan(X[:, 0]) * 1.0)
    rows = np.array([[np.inf], [-np.inf], [1e300], [1.7e308], [np.nan], [0.0]])

    assert "threshold=inf" in booster.model_to_string()
    assert largest_error(booster, rows) <= NEAR


def test_categories_are_cut_off_towards_zero_and_unknown_ones_go_right() -> None:
    X = np.repeat(np.arange(70.0), 10)[:, None]
    data = lightgbm.Dataset(X, label=X[:, 0] % 3, categorical_feature=[0])
    booster = lightgbm.train({"objective": "regression", "verbosity": -1, "num_threads": 1, "num_leaves": 6}, data, 5)
    rows = np.array([[v] for v in (-0.5, -0.999, -1.0, -7.0, 0.7, 2.999, 69.5, 70, 96, 1e9, 1e300, np.inf, np.nan)])

    assert largest_error(booster, rows) <= NEAR


def test_a_chain_of_splits_on_one_feature_after_the_other() -> None:
    rows = np.random.default_rng(0).choice([0.0, 1.0, np.nan], (200, 12))
    X, booster = a_chain(12)

    assert max(largest_error(booster, X), largest_error(booster, rows)) <= NEAR


def test_a_long_chain_on_one_feature_fits() -> None:
    X = np.arange(240.0)[:, None]
    booster = regression(X, 3.0 ** (X[:, 0] // 10 - 23), num_leaves=24)
    rows = np.append(np.linspace(-10, 250, 300), np.nan)[:, None]

    assert booster.trees_to_dataframe()["node_depth"].max() > 12

    assert largest_error(booster, rows) <= NEAR


def test_trees_of_one_leaf_are_all_base() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    booster = regression(X, np.full(60, 2.5), n_trees=3)

    assert "num_leaves=1\n" in booster.model_to_string()
    assert largest_error(booster, X) <= NEAR


def test_rows_of_several_portions_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    X, y = random_boosters.training(rng)
    tables = TreeTables.of(random_boosters.booster(rng, X, y))
    at_once = tables.contributions(X)

    monkeypatch.setattr(tree_tables, "_CHUNK", 7)

    assert np.array_equal(tables.contributions(X), at_once)
    assert np.array_equal(tables.contributions(np.asfortranarray(X)), at_once)
    assert tables.contributions(X[:0]).shape == FewRows(tables).contributions(X[:0]).shape == (0, X.shape[1] + 1)


def test_trees_up_to_the_best_iteration_are_read() -> None:
    rng = np.random.default_rng(2)
    X, y = random_boosters.training(rng)
    booster = random_boosters.booster(rng, X, y, n_trees=9)
    booster.best_iteration = 4

    assert largest_error(booster, X) <= NEAR


def test_trees_too_large_for_tables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    X, y = random_boosters.training(rng)

    with pytest.raises(TooManyNodes, match="leaves; tables are made of 24"):
        TreeTables.of(random_boosters.booster(rng, X, y, num_leaves=31, min_data_in_leaf=1))
    with pytest.raises(TooManyNodes, match="behind 14 features"):
        TreeTables.of(a_chain(15)[1])
    monkeypatch.setattr(tree_tables, "MOST_CELLS", 10)
    with pytest.raises(TooManyNodes, match="cells"):
        TreeTables.of(a_chain(5)[1])


def test_rows_of_another_width_are_refused() -> None:
    X, booster = a_chain(5)
    tables = TreeTables.of(booster)

    for contributions in (tables.contributions, FewRows(tables).contributions):
        with pytest.raises(ValueError, match="the trees read 5 columns"):
            contributions(X[:, :4])


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3"),
        ("is_linear=0", "is_linear=1"),
        ("internal_count=50", "internal_count=0"),
        ("leaf_value=", "leaf_valeu="),
    ],
)
def test_a_text_of_another_kind_of_forest_is_refused(line: str, instead: str) -> None:
    text = a_chain(5)[1].model_to_string()

    assert line in text
    with pytest.raises(DamagedBooster):
        tree_tables.tree_paths.read(text.replace(line, instead), most_leaves=24)
