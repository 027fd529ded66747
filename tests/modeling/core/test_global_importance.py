"""What a model looks at over all students: true to shap, small, and without anybody to recognise."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.core import global_importance
from modeling.core.fitting import fit_risk_model
from modeling.core.global_importance import MOST_ROWS, SMALLEST_GROUP
from modeling.core.risk_model import RiskModel
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows


@pytest.fixture(scope="module")
def model() -> RiskModel:
    frame, y = rows()
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7).model()


@pytest.fixture(scope="module")
def unseen() -> pd.DataFrame:
    frame, _ = rows(700, seed=2)
    # Three students of a grade that nobody else is in, and five of whom one thing is not known.
    frame.loc[:2, "grade_level"] = "8"
    frame.loc[:4, "core_failures_term"] = np.nan
    return frame


@pytest.fixture(scope="module")
def described(model: RiskModel, unseen: pd.DataFrame) -> dict[str, Any]:
    return global_importance.describe(model, unseen, seed=1)


def test_importance_is_the_mean_size_of_the_contributions(
    model: RiskModel, unseen: pd.DataFrame, described: dict[str, Any]
) -> None:
    sizes = np.abs(model.score(unseen).contributions[:, :-1]).mean(axis=0)

    listed = {entry["feature"]: entry["mean_abs"] for entry in described["importance"]}

    assert described["n_explained"] == 700
    assert listed == pytest.approx(
        {feature.name: size for feature, size in zip(FEATURES, sizes, strict=True)}, abs=1e-4
    )
    assert list(listed.values()) == sorted(listed.values(), reverse=True)
    assert sum(entry["share"] for entry in described["importance"]) == pytest.approx(1, abs=0.001)


def test_sources_are_added_up_before_their_size_is_taken(
    model: RiskModel, unseen: pd.DataFrame, described: dict[str, Any]
) -> None:
    absence = model.score(unseen).contributions[:, :3].sum(axis=1)

    [listed] = [entry for entry in described["importance_by_source"] if entry["source"] == "absence"]

    assert listed["mean_abs"] == pytest.approx(np.abs(absence).mean(), abs=1e-4)
    assert set(listed["features"]) == {"absence_rate_30d", "absence_rate_90d", "absence_rate_year"}


def test_everything_kept_is_of_ten_students_or_more(described: dict[str, Any]) -> None:
    cells = [cell for swarm in described["beeswarm"] for cell in swarm["cells"]]
    bins = [each for dependence in described["dependence"] for each in dependence["bins"]]

    assert cells
    assert min(n for _, _, n in cells) >= SMALLEST_GROUP
    assert bins
    assert min(each["n"] for each in bins) >= SMALLEST_GROUP


def test_a_level_of_three_students_is_nowhere_and_five_missing_are_not_told_apart(described: dict[str, Any]) -> None:
    bins = {dependence["feature"]: dependence["bins"] for dependence in described["dependence"]}
    swarms = {swarm["feature"]: swarm["cells"] for swarm in described["beeswarm"]}

    assert "8" not in [each["level"] for each in bins["grade_level"]]
    assert not any(each.get("missing") for each in bins["core_failures_term"])
    assert "missing" not in {level for _, level, _ in swarms["core_failures_term"]}
    assert sum(n for _, _, n in swarms["core_failures_term"]) == 700


def test_the_beeswarm_shows_that_more_absence_raises(described: dict[str, Any]) -> None:
    [cells] = [swarm["cells"] for swarm in described["beeswarm"] if swarm["feature"] == "absence_rate_90d"]

    means = {
        level: np.average([x for x, of, _ in cells if of == level], weights=[n for _, of, n in cells if of == level])
        for level in ("low", "middle", "high")
    }

    assert means["low"] < means["middle"] < means["high"]


def test_dependence_is_the_middle_of_the_contributions_at_a_value(
    model: RiskModel, unseen: pd.DataFrame, described: dict[str, Any]
) -> None:
    [bins] = [each["bins"] for each in described["dependence"] if each["feature"] == "core_failures_term"]
    none_failed = (unseen["core_failures_term"] == 0).to_numpy()
    contributions = model.score(unseen).contributions[none_failed, 3]

    assert (bins[0]["value"], bins[0]["n"]) == (0.0, int(none_failed.sum()))
    assert bins[0]["median"] == pytest.approx(np.median(contributions), abs=1e-4)
    assert [bins[0]["low"], bins[0]["high"]] == pytest.approx(np.quantile(contributions, [0.1, 0.9]), abs=1e-4)
    assert bins[0]["median"] < bins[1]["median"] < bins[2]["median"]


def test_what_is_missing_has_a_bin_of_its_own(described: dict[str, Any], unseen: pd.DataFrame) -> None:
    [bins] = [each["bins"] for each in described["dependence"] if each["feature"] == "absence_rate_30d"]

    assert bins[-1]["missing"] is True
    assert bins[-1]["n"] == int(unseen["absence_rate_30d"].isna().sum())


def test_a_level_too_small_is_added_to_the_one_beside_it(model: RiskModel) -> None:
    frame, _ = rows(60, seed=3)
    frame["core_failures_term"] = [0.0] * 55 + [1.0] * 5

    described = global_importance.describe(model, frame, seed=1)

    [cells] = [swarm["cells"] for swarm in described["beeswarm"] if swarm["feature"] == "core_failures_term"]
    assert {level for _, level, _ in cells} == {"unordered"}
    assert sum(n for _, _, n in cells) == 60


def test_it_is_small_plain_json_and_the_same_every_time(model: RiskModel) -> None:
    frame, _ = rows(3000, seed=4)

    first, second = (global_importance.describe(model, frame, seed=5) for _ in range(2))

    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)
    assert first["n_explained"] == MOST_ROWS
    assert len(json.dumps(first)) < 60_000


def test_too_few_students_are_not_described(model: RiskModel, unseen: pd.DataFrame) -> None:
    assert global_importance.describe(model, unseen.head(9), seed=1) == {}


def test_columns_that_the_rows_lack_are_missing_throughout(model: RiskModel, unseen: pd.DataFrame) -> None:
    described = global_importance.describe(model, unseen.drop(columns=["grade_level", "absence_rate_30d"]), seed=1)

    bins = {dependence["feature"]: dependence["bins"] for dependence in described["dependence"]}
    assert [each["n"] for each in bins["absence_rate_30d"]] == [700]
