"""The risk model: exact contributions, the same floats for a frame and a row, and no half-read model."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest

from modeling.core.fitting import FittedRisk, fit_risk_model
from modeling.core.risk_model import RiskModel, UnreadableModel
from modeling.core.term_risk import fit_term_model
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows


@pytest.fixture(scope="module")
def fitted() -> FittedRisk:
    frame, y = rows()
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7)


def hard_rows() -> pd.DataFrame:
    """Return students with missing values, codes never seen, and values out of all bounds."""
    frame, _ = rows(200, seed=9)
    frame.loc[0, :] = None
    frame.loc[1, "grade_level"] = "13"
    frame.loc[2, "absence_rate_year"] = np.inf
    frame.loc[3, "core_failures_term"] = -5.0
    return frame


def test_contributions_and_base_add_up_to_the_log_odds(fitted: FittedRisk) -> None:
    scores = fitted.model().score(hard_rows())

    assert scores.contributions.shape == (200, len(FEATURES) + 1)
    np.testing.assert_allclose(scores.contributions.sum(axis=1), scores.log_odds, rtol=1e-6, atol=1e-9)


def test_a_row_gets_exactly_the_floats_it_gets_in_a_frame(fitted: FittedRisk) -> None:
    model, frame = fitted.model(), hard_rows()
    scores = model.score(frame)

    for position, values in enumerate(frame.head(20).to_dict("records")):
        alone = model.score_row(values)

        assert alone.probability[0] == scores.probability[position]
        assert alone.log_odds[0] == scores.log_odds[position]
        np.testing.assert_array_equal(alone.contributions[0], scores.contributions[position])
        assert alone.missing_share[0] == scores.missing_share[position]


def test_the_order_of_students_changes_nothing(fitted: FittedRisk) -> None:
    model, frame = fitted.model(), hard_rows()

    backwards = model.score(frame.iloc[::-1])

    np.testing.assert_array_equal(backwards.probability[::-1], model.score(frame).probability)


def test_probabilities_alone_are_the_same_floats(fitted: FittedRisk) -> None:
    model, frame = fitted.model(), hard_rows()

    np.testing.assert_array_equal(model.probabilities(frame), model.score(frame).probability)


def test_the_stored_model_scores_as_the_fitted_pipeline(fitted: FittedRisk) -> None:
    frame, _ = rows(50, seed=4)
    read_back = RiskModel.from_text(fitted.booster_text, json.loads(json.dumps(fitted.specification)))

    np.testing.assert_array_equal(read_back.score(frame).log_odds, fitted.pipeline.decision_function(frame))
    assert read_back.threshold == fitted.specification["threshold"]


def test_a_student_without_any_record_is_all_missing_and_still_gets_a_score(fitted: FittedRisk) -> None:
    scores = fitted.model().score_row({})

    assert scores.missing_share[0] == 1.0
    assert 0 < scores.probability[0] < 1


def test_nobody_to_score_gives_empty_scores(fitted: FittedRisk) -> None:
    scores = fitted.model().score(rows(10)[0].iloc[:0])

    assert scores.probability.shape == (0,)
    assert scores.contributions.shape == (0, len(FEATURES) + 1)
    assert fitted.model().probabilities(rows(10)[0].iloc[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "other"),
        ("features", []),
        ("categories", {}),
        ("calibration", {"kind": "cubic"}),
        ("unknowns", {}),
        ("unknowns", []),
        ("unknowns", {"learned_missing": [], "missing_category": {}, "points": {}}),
        ("unknowns", {"learned_missing": [], "missing_category": [], "points": {f.name: [1.0] for f in FEATURES}}),
        ("threshold", 7.0),
        ("threshold", None),
    ],
)
def test_a_specification_that_does_not_fit_is_refused(fitted: FittedRisk, key: str, value: object) -> None:
    changed = copy.deepcopy(fitted.specification) | {key: value}

    with pytest.raises(UnreadableModel):
        RiskModel.from_text(fitted.booster_text, changed)


def test_features_in_another_order_are_refused(fitted: FittedRisk) -> None:
    changed = copy.deepcopy(fitted.specification)
    changed["features"] = changed["features"][::-1]

    with pytest.raises(UnreadableModel, match="order"):
        RiskModel.from_text(fitted.booster_text, changed)


def with_term(fitted: FittedRisk) -> RiskModel:
    frame, y = rows(400, seed=2)
    dataset = frame.assign(student_id=np.arange(400), y_term=y)
    # A category of its own and one feature less: the model of the term has an encoding of its own.
    dataset["grade_level"] = dataset["grade_level"].replace("12", "K")
    term = fit_term_model(dataset, features=FEATURES[1:], settings=SETTINGS, minimum_positives=10, seed=3)
    return RiskModel.from_text(fitted.booster_text, json.loads(json.dumps(fitted.specification | {"term": term})))


def test_the_risk_of_the_term_stands_beside_that_of_the_year(fitted: FittedRisk) -> None:
    model, frame = with_term(fitted), hard_rows()

    scores = model.score(frame)

    np.testing.assert_array_equal(scores.term_probability, model.term.probabilities(frame))
    np.testing.assert_array_equal(scores.probability, fitted.model().score(frame).probability)
    assert ((scores.term_probability > 0) & (scores.term_probability < 1)).all()


def test_a_row_gets_exactly_the_risk_of_the_term_that_it_gets_in_a_frame(fitted: FittedRisk) -> None:
    model, frame = with_term(fitted), hard_rows()
    scores = model.score(frame)

    for position, values in enumerate(frame.head(20).to_dict("records")):
        assert model.score_row(values).term_probability[0] == scores.term_probability[position]


def test_nobody_to_score_has_no_risk_of_the_term_either(fitted: FittedRisk) -> None:
    assert with_term(fitted).score(rows(10)[0].iloc[:0]).term_probability.shape == (0,)


@pytest.mark.parametrize("stored", [{}, {"term": {}}, {"term": {"absent": "Too few left."}}])
def test_a_version_without_a_model_of_the_term_says_nothing_of_it(
    fitted: FittedRisk, stored: dict[str, object]
) -> None:
    model = RiskModel.from_text(fitted.booster_text, fitted.specification | stored)

    assert model.term is None
    assert model.score_row({}).term_probability is None


@pytest.mark.parametrize("term", [{"booster_text": "tree"}, {"booster_text": "no model", "specification": {}}, [1], 7])
def test_a_model_of_the_term_that_does_not_fit_is_refused(fitted: FittedRisk, term: object) -> None:
    with pytest.raises(UnreadableModel):
        RiskModel.from_text(fitted.booster_text, fitted.specification | {"term": term})


@pytest.mark.parametrize("text", ["", "tree\nversion=v4\n", "not a model"])
def test_a_text_that_is_no_booster_is_refused(fitted: FittedRisk, text: str) -> None:
    with pytest.raises(UnreadableModel):
        RiskModel.from_text(text, fitted.specification)
