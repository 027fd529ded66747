"""Tables answer where they agree with LightGBM; where they do not, or there are none, LightGBM does, and it is said."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import lightgbm
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from modeling.core import tree_contributions
from modeling.core.encoding import FrameEncoder
from modeling.core.fitting import FitSettings, FittedRisk, fit_risk_model
from modeling.core.reasons import top_reasons
from modeling.core.risk_model import RiskModel
from modeling.core.tree_contributions import LARGEST_DIFFERENCE, MOST_FEW_ROWS, N_CHECKED, TreeContributions
from modeling.core.tree_tables import TreeTables
from tests.modeling.core import random_boosters
from tests.modeling.core.test_unknown_on_real_data import small_district, uci_320, uci_697

FloatArray = NDArray[np.float64]
# As a search may leave it at most (`tuning_space`), on the trees of the configuration.
LARGEST = {"num_leaves": 24, "learning_rate": 0.05, "min_data_in_leaf": 10, "feature_fraction": 0.8}


def random_booster(seed: int = 1, **settings: object) -> tuple[lightgbm.Booster, FloatArray]:
    rng = np.random.default_rng(seed)
    X, y = random_boosters.training(rng)
    booster = random_boosters.booster(rng, X, y, **{"n_trees": 8, "num_leaves": 8, **settings})
    return booster, random_boosters.rows(rng, X, booster, n=3 * MOST_FEW_ROWS)


def by_lightgbm(booster: lightgbm.Booster, rows: FloatArray) -> FloatArray:
    return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)


@pytest.fixture
def break_tables(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[TreeTables], None]], None]:
    """Return a function that breaks all tables made from now on."""
    made = TreeTables.of

    def breaking(how: Callable[[TreeTables], None]) -> None:
        def broken(booster: lightgbm.Booster) -> TreeTables:
            tables = made(booster)
            how(tables)
            return tables

        monkeypatch.setattr(tree_contributions.TreeTables, "of", broken)

    return breaking


def a_table_off_by_a_millionth(tables: TreeTables) -> None:
    tables.tables[-1].values[0] += 1e-6


def a_cell_without_a_number(tables: TreeTables) -> None:
    tables.tables[0].values[0, 0::2] = np.nan


def gaps_that_go_the_other_way(tables: TreeTables) -> None:
    answers = tables.answers
    turned = [dataclasses.replace(c, if_missing=not c.if_missing) for c in answers.conditions]
    tables.answers = type(answers)(turned, answers.marks)


def a_base_of_another_booster(tables: TreeTables) -> None:
    tables.base += 0.01


def test_tables_answer_for_few_rows_and_for_many_and_a_row_gets_the_same_floats() -> None:
    for seed in range(30):
        booster, rows = random_booster(seed)
        found = TreeContributions(booster)
        many = found.of_matrix(rows)

        assert (found.by, found.why_by_lightgbm, found.n_checked) == ("tables", "", N_CHECKED)
        assert found.largest_difference <= LARGEST_DIFFERENCE
        np.testing.assert_allclose(many, by_lightgbm(booster, rows), rtol=0, atol=LARGEST_DIFFERENCE)
        np.testing.assert_array_equal(found.of_matrix(rows[:MOST_FEW_ROWS]), many[:MOST_FEW_ROWS])
        np.testing.assert_array_equal(found.of_matrix(rows[:1]), many[:1])


@pytest.mark.parametrize(
    "how", [a_table_off_by_a_millionth, a_cell_without_a_number, gaps_that_go_the_other_way, a_base_of_another_booster]
)
def test_broken_tables_are_found_out_and_lightgbm_answers(break_tables, how) -> None:
    booster, rows = random_booster(zero_as_missing=False, use_missing=True)
    break_tables(how)

    found = TreeContributions(booster)

    assert found.is_faulty
    assert "differ from LightGBM by" in found.why_by_lightgbm
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["by"] == "lightgbm"
    np.testing.assert_array_equal(found.of_matrix(rows), by_lightgbm(booster, rows))


def test_trees_too_large_for_tables_are_lightgbms_and_no_fault() -> None:
    booster, rows = random_booster(num_leaves=31, min_data_in_leaf=1)

    found = TreeContributions(booster)

    assert (found.by, found.is_faulty, found.n_checked) == ("lightgbm", False, 0)
    assert "tables are made of 24 at most" in found.why_by_lightgbm
    np.testing.assert_array_equal(found.of_matrix(rows), by_lightgbm(booster, rows))


def test_the_rows_checked_hold_gaps_infinities_zeros_and_categories_never_seen() -> None:
    booster, _ = random_booster()
    tables = TreeTables.of(booster)

    rows = tree_contributions._rows_to_check(tables.answers.conditions, tables.n_features)

    assert rows.shape == (N_CHECKED, tables.n_features)
    for condition in tables.answers.conditions:
        column = rows[:, condition.feature]
        assert np.isnan(column).any()
        assert np.isposinf(column).any()
        assert (column == 0).any()
        if condition.levels is not None:
            assert (column > max(condition.levels)).any()


def fit(frame: pd.DataFrame, y: FloatArray, features: list, settings: FitSettings) -> FittedRisk:
    return fit_risk_model(frame, y, groups=None, features=features, settings=settings, seed=7)


def edged(frame: pd.DataFrame, encoder: FrameEncoder, *, n: int = 3000) -> pd.DataFrame:
    """Return rows drawn from real ones, with gaps, zeros and infinities, and categories never seen."""
    rng = np.random.default_rng(3)
    drawn = frame.iloc[rng.integers(0, len(frame), n)].reset_index(drop=True)
    for feature in encoder.features:
        odd = rng.random(n)
        column = drawn[feature.name].copy()
        column[odd < 0.02] = None if feature.kind == "category" else np.nan
        column[(odd >= 0.02) & (odd < 0.03)] = "never seen" if feature.kind == "category" else np.inf
        if feature.kind != "category":
            column[(odd >= 0.03) & (odd < 0.04)] = 0.0
        drawn[feature.name] = column
    return drawn


def instead_by_lightgbm(model: RiskModel) -> RiskModel:
    """Return the same model as it was before there were tables."""
    same = RiskModel.from_text(model.booster.model_to_string(), model.specification)
    same.tree_contributions._few = None
    return same


@pytest.mark.parametrize("booster", [None, LARGEST], ids=["as configured", "24 leaves"])
@pytest.mark.parametrize("case", [uci_697, uci_320, small_district])
def test_on_real_students_tables_answer_and_every_reason_is_as_lightgbm_has_it(case, booster) -> None:
    frame, y, features, settings = case()
    settings = settings if booster is None else dataclasses.replace(settings, booster=booster)
    fitted = fit(frame, y, features, settings)
    model, rows = fitted.model(), edged(frame, fitted.pipeline["encode"])
    before = instead_by_lightgbm(model)

    scores, expected = model.score(rows), before.score(rows)

    assert (model.tree_contributions.by, before.tree_contributions.by) == ("tables", "lightgbm")
    np.testing.assert_array_equal(scores.probability, expected.probability)
    np.testing.assert_allclose(scores.contributions, expected.contributions, rtol=0, atol=LARGEST_DIFFERENCE)
    reasons, as_before = (as_shown(top_reasons(of, rows, said)) for of, said in ((model, scores), (before, expected)))
    assert reasons == as_before
    assert sum(map(len, reasons)) > len(rows)


def as_shown(reasons: list[list[dict[str, object]]]) -> list[list[dict[str, object]]]:
    """Return reasons in their order, what they contribute to nine digits."""
    return [[reason | {"contribution": round(reason["contribution"], 9)} for reason in row] for row in reasons]
