"""What is missing is counted by what is recorded together, and the list is measured as it is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.core import evaluation
from modeling.core.feature import Feature
from modeling.core.fitting import fit_risk_model
from modeling.core.recorded_together import FEWEST_GAPS, Parts, recorded_together
from modeling.core.risk_model import RiskModel
from modeling.core.too_little_known import as_shown, too_little_known
from tests.modeling.core.district_rows import SETTINGS

SURVEY = [f"answer_{word}" for word in ("home", "travel", "sleep", "work", "books", "friends", "money", "plans")]
RECORDS = ["absence_rate_year", "course_average", "incidents_365d"]
FEATURES = [Feature(name=name, kind="number", label="") for name in (*RECORDS, *SURVEY)]
LIMITS = {"minimum_sessions": 20, "maximum_missing_share": 0.5}
UNANSWERED = 0.11


def survey_cohort(n: int = 900) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return records of everybody, answers of most, who left, and who did not answer: they left twice as often."""
    random = np.random.default_rng(3)
    silent = random.random(n) < UNANSWERED
    frame = pd.DataFrame({name: random.random(n) for name in (*RECORDS, *SURVEY)})
    frame.loc[silent, SURVEY] = np.nan
    # Those who answered skipped single questions.
    for name in SURVEY:
        frame.loc[random.random(n) < 0.01, name] = np.nan
    log_odds = -2.4 + 2.5 * frame["absence_rate_year"] + 0.9 * silent
    return frame, (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float), silent


@pytest.fixture(scope="module")
def model() -> RiskModel:
    frame, y, _silent = survey_cohort()
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=2).model()


def test_one_survey_that_was_not_answered_is_one_gap(model: RiskModel) -> None:
    frame, _y, silent = survey_cohort()

    share = model.score(frame).missing_share

    assert share[silent] == pytest.approx(1 / 4)
    assert share[~silent].max() == 0
    assert not too_little_known(frame, share, limits=LIMITS).any()


def test_who_has_nothing_on_record_is_too_little_known(model: RiskModel) -> None:
    nothing = pd.DataFrame({name: [np.nan] for name in (*RECORDS, *SURVEY)})
    two_of_four = nothing.assign(absence_rate_year=0.1, course_average=0.2)

    assert too_little_known(nothing, model.score(nothing).missing_share, limits=LIMITS).tolist() == [True]
    assert too_little_known(two_of_four, model.score(two_of_four).missing_share, limits=LIMITS).tolist() == [False]


def test_an_older_version_counts_by_source(model: RiskModel) -> None:
    older = {name: part for name, part in model.specification.items() if name != "recorded_together"}
    read = RiskModel.from_text(model.booster.model_to_string(), older)

    silent = pd.DataFrame({name: [0.5] for name in RECORDS})

    assert read.score(silent).missing_share == pytest.approx(8 / 11)


def test_gaps_of_different_students_or_too_few_of_them_do_not_belong_together() -> None:
    matrix = np.ones((200, 4))
    matrix[:40, 0] = matrix[40:80, 1] = np.nan
    matrix[100 : 100 + FEWEST_GAPS - 1, 2:] = np.nan

    assert recorded_together(matrix, ["a", "b", "c", "d"]) == {}


def test_a_record_that_nearly_everybody_lacks_does_not_take_another_with_it() -> None:
    matrix = np.ones((200, 2))
    matrix[:190, 0] = matrix[:20, 1] = np.nan

    assert recorded_together(matrix, ["rare", "common"]) == {}


def test_windows_of_one_source_are_one_part_whatever_is_recorded_with_one_of_them() -> None:
    names = ["absence_rate_10d", "answer_home", "absence_rate_90d", "answer_work"]
    features = [Feature(name=name, kind="number", label="") for name in names]
    parts = Parts.of(features, {"answer_work": "absence_rate_90d", "left_out_of_the_model": "answer_home"})

    absent = np.array([[True, True, True, False], [True, False, True, True], [False, True, False, False]])

    assert parts.missing_share(absent).tolist() == [0.5, 0.5, 0.5]


def test_the_list_is_measured_as_it_is_shown() -> None:
    y = np.array([1.0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0])
    risks = np.linspace(0.9, 0.1, 14)
    unranked = np.zeros(14, dtype=bool)
    unranked[[0, 13]] = True

    found = as_shown(y, risks, unranked, threshold=0.5, capacity_share=2 / 14)

    assert (found["n"], found["n_ranked"]) == (14, 12)
    assert (found["n_left_ranked"], found["n_left_unranked"]) == (4, 1)
    assert found["ranked"]["roc_auc"] == evaluation.metrics(y[1:13], risks[1:13], threshold=0.5)["roc_auc"]
    # Above the line stand the second and third: one of five who left, who are four among those ranked.
    assert (found["ranked"]["recall_at_capacity"], found["ranked"]["found_of_all"]) == (0.25, 0.2)


def test_of_too_few_ranked_only_the_numbers_are_told() -> None:
    found = as_shown(np.ones(12), np.full(12, 0.5), np.ones(12, dtype=bool), threshold=0.5, capacity_share=0.1)

    assert (found["n_ranked"], found["n_left_unranked"], found["ranked"]) == (0, 12, {})
