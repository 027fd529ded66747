"""Trials share one binned dataset and no labels; the space holds stable models only."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest

from modeling.core import splits, tuning_space
from modeling.core.tuning import FoldedDataset, tuning_folds
from modeling.core.tuning_space import TUNED
from tests.modeling.core.district_rows import FEATURES, rows

TREES = {
    "n_trees": 360, "n_tree_stages": 6, "learning_rate": 0.05, "num_leaves": 8, "max_depth": 8, "min_data_in_leaf": 30,
    "lambda_l2": 5.0, "bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.4, "monotone": True,
}  # fmt: skip
CURRENT = tuning_space.current_parameters(TREES, imbalance="none")
N = 1500


def folded(frame: pd.DataFrame, y: np.ndarray, **changes: object) -> FoldedDataset:
    folds = splits.grouped_folds(y, groups=np.arange(len(y)), n_folds=3, seed=1)
    return FoldedDataset(frame, y, features=FEATURES, folds=folds, trees=TREES | changes, seed=1)


def test_a_trial_finds_what_is_there_and_stops_by_itself() -> None:
    result = folded(*rows(N)).try_fold(CURRENT, 0)

    assert result.roc_auc > 0.7
    assert 0.3 < result.log_loss < 0.5
    assert 10 < result.n_trees < 500
    assert set(result.as_json()) == {"log_loss", "roc_auc", "n_trees"}


def test_trials_do_not_touch_one_another() -> None:
    data = folded(*rows(N))
    # The first asks for leaves so large that LightGBM's filter would drop features from the shared bins.
    large = CURRENT | {"min_data_in_leaf": 400}

    alone = folded(*rows(N)).try_fold(CURRENT, 0)
    data.try_fold(large, 0)
    after = data.try_fold(CURRENT, 0)

    assert alone == after == data.try_fold(CURRENT, 0)


def test_a_rare_flag_that_small_leaves_can_use_is_not_dropped_from_the_shared_bins() -> None:
    frame, y = rows(N)
    # LightGBM's filter would drop it: no leaf of 20 rows, its default, can hold 15.
    rare = np.isin(np.arange(N), np.flatnonzero(y)[:15])
    data = folded(frame.assign(repeated_grade=rare.astype(float)), y)
    small = {"min_data_in_leaf": 5, "feature_fraction": 1.0, "bagging_fraction": 1.0, "lambda_l2": 0.1}
    settings = data._fixed | {name: CURRENT[name] for name in TUNED} | small

    booster = lightgbm.train(settings, data._fold(0, "none")[0], num_boost_round=60)

    assert dict(zip(booster.feature_name(), booster.feature_importance(), strict=True))["repeated_grade"] > 0


def test_settings_that_were_asked_for_are_those_that_are_used() -> None:
    data = folded(*rows(N))

    results = {leaves: data.try_fold(CURRENT | {"num_leaves": leaves, "lambda_l2": 0.1}, 0) for leaves in (2, 4, 24)}

    assert len({result.log_loss for result in results.values()}) == 3


def test_a_fold_of_the_shared_bins_gives_the_trees_of_a_dataset_of_its_own() -> None:
    frame, y = rows(N)
    data = folded(frame, y)
    train, _tested, _shift = data._fold(0, "none")
    fitted_on = data._folds[0][0]
    own = lightgbm.Dataset(
        data._matrix[fitted_on], label=y[fitted_on], reference=data._bins, params=data._fixed, free_raw_data=False
    )
    settings = data._fixed | {name: CURRENT[name] for name in TUNED}

    shared, apart = (lightgbm.train(settings, rows_of_fold, num_boost_round=20) for rows_of_fold in (train, own))

    np.testing.assert_array_equal(shared.predict(data._matrix), apart.predict(data._matrix))


def test_labels_of_tested_rows_reach_neither_bins_nor_trees() -> None:
    frame, y = rows(N)
    data = folded(frame, y)
    tested = data._folds[0][1]
    other = FoldedDataset(
        frame,
        np.where(np.isin(np.arange(N), tested), 1 - y, y),
        features=FEATURES,
        folds=data._folds,
        trees=TREES,
        seed=1,
    )
    settings = data._fixed | {name: CURRENT[name] for name in TUNED}

    one, two = (lightgbm.train(settings, each._fold(0, "none")[0], num_boost_round=20) for each in (data, other))

    assert one.model_to_string() == two.model_to_string()


def test_more_absence_never_lowers_the_risk_unless_that_is_switched_off() -> None:
    frame, y = rows(N)

    bound, free = folded(frame, 1 - y), folded(frame, 1 - y, monotone=False)

    # The labels are turned round, so that absence lowers the risk: bound trees cannot say so.
    assert bound.try_fold(CURRENT, 0).roc_auc < free.try_fold(CURRENT, 0).roc_auc - 0.1


@pytest.mark.parametrize("method", ["class_weights", "smote"])
def test_a_method_against_imbalance_is_judged_at_the_true_base_rate(method: str) -> None:
    data = folded(*rows(N))

    plain, other = (data.try_fold(CURRENT | {"imbalance": how}, 0) for how in ("none", method))

    assert other != plain
    assert abs(other.log_loss - plain.log_loss) < 0.03


def test_folds_follow_time_where_there_are_dates() -> None:
    _, y = rows(N)
    several = pd.Series(pd.to_datetime("2019-10-15") + pd.to_timedelta(np.arange(N) % 5 * 365, unit="D"))
    asked = {"groups": np.arange(N), "horizon_days": 365, "n_folds": 3, "seed": 1}

    along, kind = tuning_folds(y, snapshot_on=several, **asked)  # type: ignore[arg-type]
    beside, other_kind = tuning_folds(y, snapshot_on=pd.Series([several[0]] * N), **asked)  # type: ignore[arg-type]

    assert (kind, other_kind, len(beside)) == ("rolling_origin", "by_student", 3)
    for train, tested in along:
        assert several[train].max() + pd.Timedelta(days=365) <= several[tested].min()


def test_the_space_leaves_out_what_makes_lists_restless() -> None:
    space = {dimension.name: dimension for dimension in tuning_space.search_space(n_training=800, imbalance=["none"])}

    assert set(space) == set(TUNED)
    assert space["num_leaves"].high < 31
    assert space["lambda_l2"].low >= 1
    assert space["min_data_in_leaf"].high == 40
    assert space["bagging_fraction"].high < 1
    assert all(space[name].holds(CURRENT[name]) for name in TUNED if name != "min_data_in_leaf")


def test_methods_against_imbalance_are_searched_where_there_is_a_choice() -> None:
    *_, last = tuning_space.search_space(n_training=800, imbalance=["none", "smote"])

    assert (last.name, last.kind, last.choices) == ("imbalance", "choice", ("none", "smote"))
    assert last.holds("smote")
    assert not last.holds("class_weights")


def test_the_grid_begins_with_the_settings_as_they_are() -> None:
    combinations = tuning_space.grid(current=CURRENT, imbalance=["none"])

    assert CURRENT in combinations
    assert len(combinations) == tuning_space.grid_size(TREES, imbalance=["none"]) == 27
    assert tuning_space.grid_size(TREES | {"num_leaves": 7}, imbalance=["none"]) == 28
    assert {tuple(one[name] for name in ("learning_rate", "feature_fraction")) for one in combinations} == {(0.05, 0.4)}


def test_tuned_trees_keep_what_was_not_searched_and_leave_room_for_the_number_of_trees() -> None:
    found = CURRENT | {"num_leaves": 5, "learning_rate": 0.1}

    trees = tuning_space.tuned_trees(TREES, parameters=found, n_trees=[91, 118, 64])

    assert trees == TREES | {"num_leaves": 5, "learning_rate": 0.1, "n_trees": 120}
    assert tuning_space.tuned_trees(TREES, parameters=found, n_trees=[1, 1])["n_trees"] == 10


def test_a_setting_outside_the_search_is_told_apart() -> None:
    leaves = replace(tuning_space.search_space(n_training=800, imbalance=["none"])[0])

    assert leaves.holds(8)
    assert not leaves.holds(31)
    assert not leaves.holds("8")
