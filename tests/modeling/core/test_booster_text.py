"""LightGBM's text is read as a grammar first: what its own reader writes passes, what it would trip over does not."""

import lightgbm
import numpy as np
import pytest

from modeling.core import booster_text
from modeling.core.booster_text import Columns, DamagedBooster

NAMES, CATEGORY = ["rate", "average", "days", "way"], 3
COLUMNS = Columns(names=NAMES, categories=[CATEGORY])


@pytest.fixture(scope="module")
def text():
    """A forest with numbers, missing values, a category and a direction."""
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(2000, 4))
    rows[:, CATEGORY] = chance.integers(0, 40, len(rows))
    rows[chance.random(rows.shape) < 0.1] = np.nan
    y = ((rows[:, CATEGORY] % 7 > 3) | (rows[:, 0] > 1.2)).astype(float)
    return grown(rows, y, max_depth=6, monotone_constraints=[1, 0, 0, 0])


def grown(rows, y, *, n_trees=40, **settings):
    usual = {"objective": "binary", "verbosity": -1, "num_threads": 1, "deterministic": True, "num_leaves": 12}
    data = lightgbm.Dataset(
        rows, label=y, feature_name=NAMES, categorical_feature=[CATEGORY], params={"verbosity": -1, **settings}
    )
    return lightgbm.train(usual | settings, data, num_boost_round=n_trees).model_to_string()


def test_what_lightgbm_wrote_passes(text):
    assert booster_text.check(text, COLUMNS) == 40
    assert "num_cat=1" in text


def test_a_tree_that_is_one_leaf_passes():
    rows = np.zeros((200, 4))

    assert booster_text.check(grown(rows, np.arange(200) % 2.0, n_trees=1), COLUMNS) == 1


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("version=v4", "version=v3", "another kind of forest"),
        ("num_class=1", "num_class=2", "another kind of forest"),
        ("max_feature_idx=3", "max_feature_idx=4", "other features"),
        ("feature_names=rate average", "feature_names=average rate", "not the specification's"),
        ("monotone_constraints=1 0", "monotone_constraints=9 0", "directions"),
        ("end of trees", "end of tree", "do not end where they should"),
        ("end of parameters", "", "ends before its parameters do"),
        ("[boosting: gbdt]", "[boosting: gbdt", "parameters are damaged"),
        ("pandas_categorical:null", 'pandas_categorical:[["x"]]', "does not end as it should"),
        ("\nTree=1\n", "\nTree=7\n", "tree 1 is not where its size says"),
    ],
)
def test_a_changed_line_is_named(text, was, becomes, why):
    assert was in text

    with pytest.raises(DamagedBooster, match=why):
        booster_text.check(text.replace(was, becomes, 1), COLUMNS)


def within_first_tree(text, name, change):
    """Change the values of one line of the first tree, and its size so that the rest stays in place."""
    start = text.index(f"\n{name}=", text.index("Tree=0")) + len(name) + 2
    end = text.index("\n", start)
    values = change(text[start:end].split())
    written = " ".join(map(str, values))
    sizes = text[text.index("tree_sizes=") + 11 :].split("\n")[0].split()
    resized = [str(int(sizes[0]) + len(written) - (end - start)), *sizes[1:]]
    changed = text[:start] + written + text[end:]
    return changed.replace("tree_sizes=" + " ".join(sizes), "tree_sizes=" + " ".join(resized), 1)


@pytest.mark.parametrize(
    ("line", "change", "why"),
    [
        ("num_leaves", lambda values: [300], "300 leaves"),
        ("split_feature", lambda values: [99, *values[1:]], "splits on what is not there"),
        ("decision_type", lambda values: [64, *values[1:]], "splits on what is not there"),
        ("left_child", lambda values: [0, *values[1:]], "points outside itself"),
        ("left_child", lambda values: [99, *values[1:]], "points outside itself"),
        ("right_child", lambda values: [values[1], *values[1:]], "does not hang together|points outside itself"),
        ("leaf_value", lambda values: ["1e+300", *values[1:]], "leaf out of bounds"),
        ("leaf_value", lambda values: ["nan", *values[1:]], "something else where a number should be"),
        ("leaf_value", lambda values: values[1:], "wrong length"),
        ("leaf_weight", lambda values: ["1e+999", *values[1:]], "beyond all bounds"),
        ("leaf_count", lambda values: ["9" * 30, *values[1:]], "whole number"),
        ("shrinkage", lambda values: [7], "another kind"),
        ("is_linear", lambda values: [1], "another kind"),
    ],
)
def test_a_number_out_of_bounds_is_named(text, line, change, why):
    with pytest.raises(DamagedBooster, match=why):
        booster_text.check(within_first_tree(text, line, change), COLUMNS)


def test_a_category_is_not_taken_for_a_number(text):
    with pytest.raises(DamagedBooster, match="a number for a category or the reverse"):
        booster_text.check(text, Columns(names=NAMES, categories=[]))


def test_a_tree_deeper_than_the_explanations_can_go_is_refused():
    rows = np.random.default_rng(0).normal(size=(4000, 4))
    rows[:, CATEGORY] = 0
    y = (np.floor(rows[:, 0] * 50) % 2 == 0).astype(float)
    deep = grown(rows, y, num_leaves=200, min_data_in_leaf=1, n_trees=2)

    with pytest.raises(DamagedBooster, match="too deep"):
        booster_text.check(deep, COLUMNS)
