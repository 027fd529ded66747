"""The training configuration: the file that ships works, and a slip of the pen is named."""

from __future__ import annotations

import pytest

from modeling.training import training_config
from modeling.training.training_config import ConfigRefused, TrainingConfig
from tests.modeling.core.district_rows import FEATURES

SHIPPED = training_config.PATH.read_text(encoding="utf-8")


def test_the_shipped_configuration_is_read() -> None:
    config = training_config.load()

    assert config.insufficient_data.minimum_sessions == 20
    assert config.insufficient_data.maximum_missing_share == 0.5
    assert [(day.month, day.day) for day in config.snapshot_days] == [(10, 15), (1, 31), (4, 15)]
    settings = config.fit_settings(horizon_days=1096)
    assert (settings.horizon_days, settings.n_trees) == (1096, config.trees.n_trees)
    assert "n_trees" not in settings.booster
    assert config.parameters()["trees.num_leaves"] == config.trees.num_leaves


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("seed:", "sed:", '"sed" is not a setting'),
        ("num_leaves: 8", "num_leafs: 8", '"trees.num_leafs" is not a setting'),
        ("num_leaves: 8", "num_leaves: eight", "\"trees.num_leaves\" is 'eight'"),
        ("num_leaves: 8", "num_leaves: 8.0", '"trees.num_leaves" is 8.0'),
        ("learning_rate: 0.05", "learning_rate: true", '"trees.learning_rate"'),
        ("learning_rate: 0.05", "learning_rate: .nan", '"trees.learning_rate"'),
        ("monotone: true", "monotone: 1", '"trees.monotone"'),
        ("calibration: best", "calibration: platt", "\"calibration\" is 'platt'"),
        ("features: catalogue", "features: catalog", "\"features\" is 'catalog'"),
        ("holdout_share: 0.2", "holdout_share: 20", '"holdout_share" is 20'),
        ('"10-15"', '"13-15"', "\"snapshot_days.0\" is '13-15'"),
        ('"10-15"', '"02-29"', "29 February"),
        ("rule: abc", "seed: 1", '"seed" stands twice'),
    ],
)
def test_an_unknown_key_or_wrong_value_is_named(right: str, wrong: str, named: str) -> None:
    assert right in SHIPPED

    with pytest.raises(ConfigRefused) as refused:
        TrainingConfig.from_yaml(SHIPPED.replace(right, wrong))

    assert named in str(refused.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ConfigRefused) as refused:
        TrainingConfig.from_yaml(SHIPPED.replace("seed:", "sed:").replace("\nn_folds: 5", "\nn_folds: five"))

    assert len(refused.value.sentences) == 3


@pytest.mark.parametrize("text", ["", "- a\n- b", "a: [", "just words"])
def test_a_text_that_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(ConfigRefused, match="training configuration"):
        TrainingConfig.from_yaml(text)


def test_the_catalogue_takes_all_that_is_offered_and_a_list_takes_its_own() -> None:
    some = "features: [grade_level, absence_rate_30d]"

    assert training_config.load().choose_features(FEATURES) == FEATURES
    chosen = TrainingConfig.from_yaml(SHIPPED.replace("features: catalogue", some)).choose_features(FEATURES)
    assert [feature.name for feature in chosen] == ["grade_level", "absence_rate_30d"]


def test_a_feature_that_is_not_offered_is_named() -> None:
    config = TrainingConfig.from_yaml(SHIPPED.replace("features: catalogue", "features: [shoe_size]"))

    with pytest.raises(ConfigRefused, match="shoe_size"):
        config.choose_features(FEATURES)
