"""Fitting: reproducible to the byte, decided out of fold, and a clear word where there is too little to learn from."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modeling.core import catalogue
from modeling.core.evaluation import metrics
from modeling.core.fitting import FittedRisk, NotFittable, fit_risk_model
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows


def fitted(n: int = 600, **changes: object) -> FittedRisk:
    frame, y = rows(n)
    return fit_risk_model(
        frame,
        y,
        groups=None,
        features=FEATURES,
        settings=replace(SETTINGS, **changes),
        seed=7,  # type: ignore[arg-type]
    )


def test_the_same_rows_and_seed_give_the_same_bytes() -> None:
    one, other = fitted(), fitted()

    assert one.booster_text.encode() == other.booster_text.encode()
    assert json.dumps(one.specification) == json.dumps(other.specification)


def test_another_seed_gives_another_model() -> None:
    frame, y = rows()

    other = fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=8)

    assert other.booster_text != fitted().booster_text


def test_the_specification_is_plain_json_and_complete() -> None:
    specification = fitted().specification

    assert json.loads(json.dumps(specification, allow_nan=False)) == specification
    assert set(specification) == {
        "format", "features", "categories", "calibration", "threshold", "horizon_days", "seed", "n_trees", "n_training",
        "positive_share", "recorded_together", "reference", "unknowns",
    }  # fmt: skip
    assert [catalogue.from_json(fields) for fields in specification["features"]] == FEATURES
    assert specification["n_training"] == 600
    assert specification["n_trees"] in (20, 40, 60)


def test_the_model_finds_what_is_there() -> None:
    frame, y = rows(2000, seed=5)

    measured = metrics(y, fitted(2000).model().probabilities(frame), threshold=0.5)

    assert measured["roc_auc"] > 0.74
    assert measured["ece"] < 0.05


def test_out_of_fold_scores_are_not_those_of_the_rows_own_model() -> None:
    frame, y = rows()
    one = fitted()

    in_sample = metrics(y, one.model().probabilities(frame), threshold=0.5)["roc_auc"]

    assert metrics(y, one.out_of_fold, threshold=0.5)["roc_auc"] < in_sample


def test_a_memorised_student_does_not_help_when_grouped() -> None:
    # Every student stands in four rows with the same label; without groups the id-like column would look perfect.
    random = np.random.default_rng(0)
    student = np.repeat(np.arange(200), 4)
    frame = pd.DataFrame({"absence_rate_30d": student + random.normal(0, 0.01, 800)})
    y = np.repeat((random.random(200) < 0.4).astype(float), 4)
    only = [replace(FEATURES[0], risk_direction=0)]
    memorising = replace(SETTINGS, booster={"num_leaves": 200, "min_data_in_leaf": 2, "learning_rate": 0.3})

    loose = fit_risk_model(frame, y, groups=None, features=only, settings=memorising, seed=1)
    grouped = fit_risk_model(frame, y, groups=student, features=only, settings=memorising, seed=1)

    assert metrics(y, loose.out_of_fold, threshold=0.5)["roc_auc"] > 0.9
    assert metrics(y, grouped.out_of_fold, threshold=0.5)["roc_auc"] < 0.65


def test_more_absence_never_lowers_the_risk() -> None:
    model = fitted().model()
    typical = {"core_failures_term": 1.0, "repeated_grade": 0.0, "grade_level": "10"}
    grid = np.linspace(0, 1, 101)
    frame = pd.DataFrame({"absence_rate_30d": grid, "absence_rate_90d": grid, "absence_rate_year": grid, **typical})

    assert (np.diff(model.probabilities(frame)) >= 0).all()


def test_a_forced_calibration_is_taken() -> None:
    assert fitted(calibration="isotonic").specification["calibration"]["kind"] == "isotonic"


def test_a_feature_without_any_value_is_left_out_of_the_model() -> None:
    frame, y = rows()
    frame = frame.assign(absence_rate_90d=np.nan).drop(columns="repeated_grade")

    model = fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7).model()

    assert [feature.name for feature in model.features] == [
        "absence_rate_30d", "absence_rate_year", "core_failures_term", "grade_level"
    ]  # fmt: skip
    # Of absence the year is always there; what else is recorded has no gap.
    assert model.score(frame).missing_share.max() == 0


@pytest.mark.parametrize(
    ("n_rows", "n_positive", "sentence"),
    [
        (12, 6, "at least 50 labelled rows, got 12"),
        (200, 0, "at least 10 rows of each outcome, got 0 who dropped out and 200 who did not"),
        (200, 200, "got 200 who dropped out and 0 who did not"),
        (200, 3, "got 3 who dropped out"),
    ],
)
def test_too_few_rows_or_one_outcome_are_refused(n_rows: int, n_positive: int, sentence: str) -> None:
    frame, _ = rows(n_rows)
    y = (np.arange(n_rows) < n_positive).astype(float)

    with pytest.raises(NotFittable, match=sentence):
        fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=1)


def test_all_features_missing_is_refused() -> None:
    frame, y = rows()
    empty = pd.DataFrame(np.nan, index=frame.index, columns=frame.columns)

    with pytest.raises(NotFittable, match="No feature varies"):
        fit_risk_model(empty, y, groups=None, features=FEATURES, settings=SETTINGS, seed=1)


def test_one_student_in_every_row_of_an_outcome_is_refused() -> None:
    frame, y = rows()

    with pytest.raises(NotFittable, match="students"):
        fit_risk_model(
            frame, y, groups=np.where(y == 1, -1, np.arange(600)), features=FEATURES, settings=SETTINGS, seed=1
        )


def test_censored_rows_are_refused() -> None:
    frame, y = rows()
    y[0] = np.nan

    with pytest.raises(NotFittable, match="censored"):
        fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=1)
