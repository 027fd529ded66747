"""Contributions are Shapley values: shap says the same, and so does their definition written out."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.core.fitting import FitSettings, fit_risk_model
from modeling.core.risk_model import RiskModel
from tests.modeling.core.district_rows import FEATURES, rows

SETTINGS = FitSettings(
    horizon_days=365,
    n_trees=30,
    # The grade counts as a category from few students on, so that trees do split on it.
    booster={
        "num_leaves": 6, "learning_rate": 0.1, "min_data_in_leaf": 15, "min_data_per_group": 10, "cat_smooth": 1.0,
    },
)  # fmt: skip


def fit(*names: str) -> RiskModel:
    frame, y = rows(900)
    # A grade that matters, and one that only some have: a category, and a category that is missing.
    y = np.where(frame["grade_level"] == "9", np.maximum(y, np.arange(900) % 3 == 0), y)
    frame.loc[::11, "grade_level"] = None
    features = [feature for feature in FEATURES if feature.name in names]
    return fit_risk_model(frame, y, groups=None, features=features, settings=SETTINGS, seed=7).model()


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return fit(*(feature.name for feature in FEATURES))


def hard_rows(n: int) -> pd.DataFrame:
    """Return students with everything missing, a code never seen, no end of absence, and numbers out of bounds."""
    frame = readable_rows(n)
    frame.loc[0, :] = None
    frame.loc[1, "grade_level"] = "13"
    return frame


def readable_rows(n: int) -> pd.DataFrame:
    """Return students whose gaps were learned: of what was not, no tree knows anything and the mean is told."""
    frame, _ = rows(n, seed=9)
    frame.loc[0, ["absence_rate_30d", "grade_level"]] = None
    frame.loc[2, "absence_rate_year"] = np.inf
    frame.loc[3, "core_failures_term"] = -5.0
    return frame


def test_trees_do_split_on_a_category(model: RiskModel) -> None:
    assert '"decision_type": "=="' in str(model.booster.dump_model()).replace("'", '"')


# shap makes its palettes as it is imported, in a way that matplotlib will give up.
pytestmark = pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning")


# It says so of every binary LightGBM, though a booster's values have always been one array.
@pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer:UserWarning")
def test_what_is_stored_is_what_shap_says(model: RiskModel) -> None:
    import shap

    frame = readable_rows(300)

    told = shap.TreeExplainer(model.booster).shap_values(model.matrix(frame))

    np.testing.assert_allclose(model.score(frame).contributions[:, :-1], told, rtol=0, atol=1e-5)


def test_shaps_own_algorithm_says_the_same_where_it_can_read_the_trees() -> None:
    """Asked for LightGBM shap lets LightGBM answer; its own code knows no categories."""
    import shap

    model = fit("absence_rate_30d", "absence_rate_90d", "absence_rate_year", "core_failures_term", "repeated_grade")
    explainer = shap.TreeExplainer(model.booster)
    explainer.model.model_type = "internal"
    frame = readable_rows(300).drop(index=2)

    told = explainer.shap_values(model.matrix(frame), check_additivity=False)

    scores = model.score(frame)
    np.testing.assert_allclose(scores.contributions[:, :-1], told, rtol=0, atol=1e-5)
    np.testing.assert_allclose(scores.contributions[:, -1], float(explainer.expected_value[0]), rtol=0, atol=1e-5)


def test_contributions_and_base_add_up_to_the_log_odds(model: RiskModel) -> None:
    scores = model.score(hard_rows(300))

    np.testing.assert_allclose(scores.contributions.sum(axis=1), scores.log_odds, rtol=0, atol=1e-6)


def test_categories_and_missing_values_agree_with_the_definition(model: RiskModel) -> None:
    frame = readable_rows(8)
    trees = [tree["tree_structure"] for tree in model.booster.dump_model()["tree_info"]]

    matrix, scores = model.matrix(frame), model.score(frame)

    for row, contributions in zip(matrix, scores.contributions, strict=True):
        np.testing.assert_allclose(contributions[:-1], shapley_values(trees, row), rtol=0, atol=1e-5)


def shapley_values(trees: list[dict[str, Any]], row: np.ndarray) -> np.ndarray:
    """Return Shapley's mean over all orders of what each feature adds (Lundberg et al., 2020, equation 5)."""
    n = len(row)
    subsets = [frozenset(some) for size in range(n + 1) for some in itertools.combinations(range(n), size)]
    worth = {known: sum(expected(tree, row, known) for tree in trees) for known in subsets}
    values = np.zeros(n)
    for feature, known in itertools.product(range(n), subsets):
        if feature not in known:
            orders = math.factorial(len(known)) * math.factorial(n - len(known) - 1) / math.factorial(n)
            values[feature] += orders * (worth[known | {feature}] - worth[known])
    return values


def expected(node: dict[str, Any], row: np.ndarray, known: frozenset[int]) -> float:
    """Return a tree's answer when only some features are known: elsewhere both branches, by their rows in training."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected(left if goes_left(node, row[node["split_feature"]]) else right, row, known)
    n_left, n_right = (branch.get("leaf_count", branch.get("internal_count")) for branch in (left, right))
    return (n_left * expected(left, row, known) + n_right * expected(right, row, known)) / (n_left + n_right)


def goes_left(node: dict[str, Any], value: float) -> bool:
    if node["decision_type"] == "==":
        return not np.isnan(value) and str(int(value)) in node["threshold"].split("||")
    if np.isnan(value):
        if node["missing_type"] == "NaN":
            return bool(node["default_left"])
        value = 0.0
    return value <= node["threshold"]
