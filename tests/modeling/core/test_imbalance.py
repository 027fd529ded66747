"""What is done about rare outcomes is done to the rows given, and to no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modeling.core import fitting, splits
from modeling.core.evaluation import metrics
from modeling.core.imbalance import NO_CATEGORY, balance, class_balance
from modeling.core.logistic import logistic_pipeline
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows

METHODS = ("none", "class_weights", "smote")


def matrix(n: int = 200, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return a number with gaps, a number of another scale, a flag and a category; and a rare outcome."""
    random = np.random.default_rng(seed)
    X = np.column_stack(
        [random.normal(0, 1, n), random.normal(500, 100, n), random.integers(0, 2, n), random.integers(0, 3, n)]
    ).astype(float)
    X[::7, 0] = np.nan
    X[::11, 3] = np.nan
    return X, (np.arange(n) % 10 == 0).astype(float)


def test_nothing_is_done_unless_asked() -> None:
    X, y = matrix()

    after = balance(X, y, method="none")

    assert after.X is X
    assert after.y is y
    assert (after.weight, after.log_odds_shift) == (None, 0.0)


def test_class_weights_give_both_outcomes_the_same_sum() -> None:
    X, y = matrix()

    after = balance(X, y, method="class_weights")

    assert after.weight is not None
    assert after.weight[y == 1].sum() == pytest.approx(after.weight[y == 0].sum())
    assert after.weight.sum() == pytest.approx(len(y))
    assert after.log_odds_shift == pytest.approx(np.log(9))


def test_smote_adds_rows_of_the_rarer_outcome_and_leaves_the_others_as_they_are() -> None:
    X, y = matrix()

    after = balance(X, y, method="smote", categories=[3], seed=1)

    np.testing.assert_array_equal(after.X[:200], X)
    assert after.y[200:].tolist() == [1.0] * 160
    assert after.y.mean() == 0.5


def test_synthetic_rows_lie_between_their_neighbours() -> None:
    X, y = matrix()

    made = balance(X, y, method="smote", categories=[3], seed=1).X[200:]

    rare = X[y == 1]
    assert not np.isnan(made[:, :2]).any()
    assert (made[:, 1] >= rare[:, 1].min()).all()
    assert (made[:, 1] <= rare[:, 1].max()).all()
    assert set(made[:, 2]) <= {0.0, 1.0}
    assert set(made[~np.isnan(made[:, 3]), 3]) <= {0.0, 1.0, 2.0}
    assert NO_CATEGORY not in made[:, 3]


@pytest.mark.parametrize("kept", [[0, 1], [2, 3], [0, 1, 2, 3]])
def test_smote_takes_numbers_alone_categories_alone_and_both(kept: list[int]) -> None:
    X, y = matrix()
    categories = [kept.index(3)] if 3 in kept else []

    after = balance(X[:, kept], y, method="smote", categories=categories, seed=1)

    assert after.X.shape == (360, len(kept))


def test_a_column_without_any_value_stays_so() -> None:
    X, y = matrix()
    X[:, 0] = np.nan

    after = balance(X, y, method="smote", categories=[3], seed=1)

    assert np.isnan(after.X[:, 0]).all()


def test_the_class_balance_says_before_and_after() -> None:
    X, y = matrix()

    told = {method: class_balance(method, y, balance(X, y, method=method, seed=1)) for method in METHODS}

    assert told["smote"] == {
        "method": "smote",
        "before": {"left": 20, "stayed": 180},
        "after": {"left": 180.0, "stayed": 180.0},
    }
    assert told["class_weights"]["after"] == {"left": 100.0, "stayed": 100.0}
    assert told["none"]["after"] == told["none"]["before"]


@pytest.mark.parametrize("method", METHODS)
def test_a_model_of_any_method_is_calibrated_to_the_true_share(method: str) -> None:
    frame, y = rows(2000, seed=5)

    fitted = fitting.fit_risk_model(
        frame,
        y,
        groups=None,
        features=FEATURES,
        settings=replace(SETTINGS, imbalance=method),
        seed=7,  # type: ignore[arg-type]
    )

    measured = metrics(y, fitted.out_of_fold, threshold=0.5)
    assert fitted.class_balance["method"] == method
    assert abs(fitted.out_of_fold.mean() - y.mean()) < 0.02
    assert measured["roc_auc"] > 0.68


def extreme(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows that would move every median, fence, scale and neighbour, with a category nobody has."""
    return frame.assign(
        absence_rate_30d=1e6, absence_rate_90d=-1e6, absence_rate_year=np.nan, core_failures_term=1e9, grade_level="99"
    )


@pytest.mark.parametrize("method", METHODS)
def test_an_extreme_tested_row_moves_no_other_score_of_its_fold(method: str) -> None:
    frame, y = rows(600)
    settings = replace(SETTINGS, imbalance=method, calibration="identity", n_tree_stages=1)  # type: ignore[arg-type]
    (_, tested), *_others = splits.grouped_folds(y, groups=np.arange(600), n_folds=settings.n_folds, seed=7)
    planted = pd.concat([frame.drop(index=tested[:5]), extreme(frame.loc[tested[:5]])]).sort_index()

    before, after = (
        fitting.fit_risk_model(one, y, groups=None, features=FEATURES, settings=settings, seed=7).out_of_fold
        for one in (frame, planted)
    )

    np.testing.assert_array_equal(before[tested[5:]], after[tested[5:]])
    assert (before != after).any()


@pytest.mark.parametrize("scaling", ["standard", "min_max"])
def test_the_plain_formula_learns_medians_fences_scales_and_categories_from_the_training_fold_alone(
    scaling: str,
) -> None:
    frame, y = rows(600)
    train, tested = splits.grouped_folds(y, groups=np.arange(600), n_folds=5, seed=7)[0]
    planted = pd.concat([frame.drop(index=tested), extreme(frame.loc[tested])]).sort_index()

    clean, other = (
        logistic_pipeline(FEATURES, seed=7, scaling=scaling).fit(one.iloc[train], y[train])  # type: ignore[arg-type]
        for one in (frame, planted)
    )

    ours, theirs = (one["columns"].named_transformers_["numbers"] for one in (clean, other))
    np.testing.assert_array_equal(ours["clip"].low_, theirs["clip"].low_)
    np.testing.assert_array_equal(ours["impute"].statistics_, theirs["impute"].statistics_)
    np.testing.assert_array_equal(ours["scale"].scale_, theirs["scale"].scale_)
    assert clean["encode"].as_json() == other["encode"].as_json() == {"grade_level": ["10", "11", "12", "9"]}
    np.testing.assert_array_equal(clean["regression"].coef_, other["regression"].coef_)
