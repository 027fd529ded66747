"""What is not known is neither 0 nor the rarest: the answer is averaged over what is likely, and no reason names it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, FittedRisk, fit_risk_model, risk_pipeline
from modeling.core.reasons import top_reasons
from modeling.core.risk_model import RiskModel
from modeling.core.unknowns import N_POINTS, Unknowns
from tests.modeling.core import district_rows

SETTINGS = FitSettings(
    horizon_days=365,
    n_trees=80,
    booster={"num_leaves": 8, "learning_rate": 0.1, "min_data_in_leaf": 15, "min_data_per_group": 10, "cat_smooth": 1},
)
FEATURES = [
    Feature(name="tuition_up_to_date", kind="flag", label=""),
    Feature(name="units_passed", kind="number", label=""),
    Feature(name="course", kind="category", label=""),
    Feature(name="income", kind="number", label=""),
    Feature(name="language", kind="category", label=""),
]
# What averaging over one feature may move the mean risk by; read as 0, tuition alone moved it by more than .3.
TOLERANCE = 0.03


def rows(n: int = 2000, *, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Return students of whom few are in rare courses and leave, and of whom a form without an income tells of risk."""
    random = np.random.default_rng(seed)
    course = random.choice([*"abcde", *(f"rare {n}" for n in range(30))], n, p=[0.17] * 5 + [0.005] * 30)
    is_rare = np.char.startswith(course.astype(str), "rare")
    gap, language_gap = random.random(n) < 0.1, random.random(n) < 0.1
    frame = pd.DataFrame(
        {
            "tuition_up_to_date": (random.random(n) < 0.88).astype(float),
            "units_passed": random.binomial(6, 0.7, n).astype(float),
            "course": course.astype(object),
            "income": np.where(gap, np.nan, random.normal(30, 8, n)),
            "language": random.choice(["English", "Polish"], n).astype(object),
        }
    )
    frame.loc[language_gap, "language"] = None
    log_odds = 1.2 - 2.5 * frame["tuition_up_to_date"] - 0.5 * frame["units_passed"] + 2.5 * is_rare
    log_odds += 1.5 * gap + 1.2 * language_gap
    return frame, (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)


def fit(frame: pd.DataFrame, y: np.ndarray) -> FittedRisk:
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7)


@pytest.fixture(scope="module")
def fitted() -> FittedRisk:
    return fit(*rows())


@pytest.fixture
def model(fitted: FittedRisk) -> RiskModel:
    return fitted.model()


def without(frame: pd.DataFrame, name: str, value: object = None) -> pd.DataFrame:
    """Return a frame in which nobody has a value of a feature, or all have this one."""
    return frame.assign(**{name: pd.Series([value] * len(frame), index=frame.index, dtype=frame[name].dtype)})


@pytest.mark.parametrize(
    ("name", "value"),
    [("tuition_up_to_date", None), ("units_passed", None), ("course", None), ("course", "z"), ("language", "Welsh")],
)
def test_what_is_not_known_leaves_the_mean_risk_at_the_base_rate(
    model: RiskModel, name: str, value: str | None
) -> None:
    frame, y = rows()

    risk = model.probabilities(without(frame, name, value)).mean()

    assert abs(risk - y.mean()) <= abs(model.probabilities(frame).mean() - y.mean()) + TOLERANCE


def test_the_answer_lies_within_what_the_known_values_allow(model: RiskModel) -> None:
    frame, _ = rows(300, seed=5)

    risk = model.probabilities(without(frame, "tuition_up_to_date"))

    paid, unpaid = (model.probabilities(without(frame, "tuition_up_to_date", value)) for value in (1.0, 0.0))
    assert (np.minimum(paid, unpaid) <= risk).all()
    assert (risk <= np.maximum(paid, unpaid)).all()
    assert (np.abs(risk - paid) < np.abs(risk - unpaid)).mean() > 0.9


@pytest.mark.parametrize("value", [None, "z", "rare 1"])
def test_no_reason_speaks_of_what_is_not_known_and_the_rest_adds_up(model: RiskModel, value: str | None) -> None:
    frame = without(without(rows(300, seed=5)[0], "course", value), "tuition_up_to_date")

    scores = model.score(frame)

    assert (scores.contributions[:, [0, 2]] == 0).all()
    np.testing.assert_allclose(scores.contributions.sum(axis=1), scores.log_odds, rtol=0, atol=1e-6)
    told = {reason["code"] for reasons in top_reasons(model, frame, scores) for reason in reasons}
    assert told
    assert not told & {"course", "tuition_up_to_date"}
    assert scores.missing[:, 0].all()
    assert (scores.unfamiliar[:, 2] == (value is not None)).all()


def test_one_blank_in_training_teaches_nothing(model: RiskModel) -> None:
    frame, y = rows()
    frame.loc[int(np.flatnonzero(y)[0]), "tuition_up_to_date"] = np.nan
    asked = without(rows(300, seed=5)[0], "tuition_up_to_date")

    risk = fit(frame, y).model().probabilities(asked).mean()

    assert risk == pytest.approx(model.probabilities(asked).mean(), abs=0.02)


@pytest.mark.parametrize("name", ["income", "language"])
def test_gaps_that_were_frequent_in_training_are_learned_and_told(model: RiskModel, name: str) -> None:
    frame, y = rows()
    blank = frame[name].isna().to_numpy()

    scores = model.score(frame)

    assert name in model.specification["unknowns"]["learned_missing"]
    assert scores.probability[blank].mean() == pytest.approx(y[blank].mean(), abs=0.05)
    told = [r for reasons in top_reasons(model, frame[blank], model.score(frame[blank])) for r in reasons]
    assert {r["direction"] for r in told if r["code"] == name and r["value"] is None} == {"raises"}


def test_a_gap_that_all_who_left_had_in_common_is_not_enough_without_others() -> None:
    """Two hundred gaps, all of students who stayed: how blanks fare who leave nobody saw."""
    y = np.repeat([0.0, 1.0], 200)
    X = np.column_stack([np.where(y == 0, np.nan, 1.0), np.arange(400.0)])

    assert not Unknowns.of(X, y).learned.any()


def test_training_rows_hold_likely_values_in_turn() -> None:
    X = np.array([[0.0], [1.0], [np.nan], [2.0], [np.nan]])

    unknowns = Unknowns.of(X, np.array([0.0, 1.0, 0.0, 1.0, 0.0]))

    filled = unknowns.filled(X)[:, 0]
    assert filled.tolist() == [0.0, 1.0, unknowns.points[0, 0], 2.0, unknowns.points[1, 0]]
    assert sorted(unknowns.points[:, 0]) == [0.0] * 7 + [1.0] * 6 + [2.0] * 7


def test_the_pipeline_and_its_refits_average_as_the_stored_model_does(fitted: FittedRisk) -> None:
    frame = without(without(rows(50, seed=5)[0], "course", "z"), "units_passed")
    read_back = RiskModel.from_text(fitted.booster_text, json.loads(json.dumps(fitted.specification)))

    scores = read_back.score(frame)

    np.testing.assert_array_equal(scores.log_odds, fitted.pipeline.decision_function(frame))
    refit = risk_pipeline(FEATURES, settings=SETTINGS, n_trees=20, seed=1).fit(*rows(seed=6))
    assert (refit["boost"].contributions(refit["encode"].transform(frame))[:, [1, 2]] == 0).all()


def test_a_row_is_averaged_to_the_floats_it_gets_in_a_frame(model: RiskModel) -> None:
    frame = without(rows(40, seed=5)[0], "units_passed")
    scores = model.score(frame)

    for position, values in enumerate(frame.to_dict("records")):
        alone = model.score_row({str(name): value for name, value in values.items()})

        assert alone.log_odds[0] == scores.log_odds[position]
        np.testing.assert_array_equal(alone.contributions[0], scores.contributions[position])


def test_a_version_stored_before_knows_from_its_reference(fitted: FittedRisk) -> None:
    frame, y = rows()
    before = {name: part for name, part in fitted.specification.items() if name != "unknowns"}
    model = RiskModel.from_text(fitted.booster_text, before)

    for name, value in (("tuition_up_to_date", None), ("units_passed", None), ("course", "z")):
        risk = model.probabilities(without(frame, name, value)).mean()
        assert abs(risk - y.mean()) < 2 * TOLERANCE

    np.testing.assert_array_equal(
        model.probabilities(frame[frame["language"].notna()]),
        fitted.model().probabilities(frame[frame["language"].notna()]),
    )


def test_smote_makes_no_rows_from_gaps() -> None:
    frame, y = district_rows.rows()
    frame.loc[:3, "core_failures_term"] = np.nan
    settings = FitSettings(horizon_days=365, n_trees=20, imbalance="smote")

    fitted = fit_risk_model(frame, y, groups=None, features=district_rows.FEATURES, settings=settings, seed=1)

    assert "core_failures_term" not in fitted.specification["unknowns"]["learned_missing"]
    assert len(fitted.specification["unknowns"]["points"]["core_failures_term"]) == N_POINTS


def test_a_certain_answer_stays_finite_where_something_is_not_known() -> None:
    unknowns = Unknowns.of(np.column_stack([np.tile([0.0, 1.0], 60), np.ones(120)]), np.tile([0.0, 1.0], 60))

    found = unknowns.read(np.array([[np.nan, 1.0]])).log_odds(lambda rows: np.full(len(rows), 45.0))

    assert found == pytest.approx([45.0])
