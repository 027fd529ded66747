"""Reasons: the largest contributions in plain JSON, without saying the same thing five times."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from modeling.core.fitting import FittedRisk, fit_risk_model
from modeling.core.reasons import MOST_OF_ONE_SOURCE, SMALLEST_CONTRIBUTION, source_of, top_reasons
from modeling.core.risk_model import RiskModel, Scores
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows

NAMES = [feature.name for feature in FEATURES]


@pytest.fixture(scope="module")
def fitted() -> FittedRisk:
    frame, y = rows()
    return fit_risk_model(frame, y, groups=None, features=FEATURES, settings=SETTINGS, seed=7)


@pytest.fixture
def model(fitted: FittedRisk) -> RiskModel:
    return fitted.model()


def contributed(*contributions: list[float]) -> Scores:
    """Return scores with these contributions per student, in the order of the features."""
    n = len(contributions)
    with_base = np.column_stack([np.array(contributions), np.full(n, -1.0)])
    return Scores(
        log_odds=with_base.sum(axis=1), probability=np.full(n, 0.3), contributions=with_base, missing_share=np.zeros(n)
    )


def students(n: int) -> pd.DataFrame:
    values = {name: [0.25] * n for name in NAMES[:4]} | {"repeated_grade": [1.0] * n, "grade_level": ["9"] * n}
    return pd.DataFrame(values)


def test_reasons_come_largest_first_with_value_comparison_and_direction(model: RiskModel) -> None:
    scores = contributed([0.0, 0.0, 0.3, -0.9, 0.0, 0.5])

    [reasons] = top_reasons(model, students(1), scores)

    reference = model.specification["reference"]
    assert reasons == [
        {"code": "core_failures_term", "value": 0.25, "comparison": reference["core_failures_term"]["median"],
         "direction": "lowers", "changeable": True, "contribution": -0.9},
        {"code": "grade_level", "value": "9", "comparison": reference["grade_level"]["most_common"],
         "direction": "raises", "changeable": False, "contribution": 0.5},
        {"code": "absence_rate_year", "value": 0.25, "comparison": reference["absence_rate_year"]["median"],
         "direction": "raises", "changeable": True, "contribution": 0.3},
    ]  # fmt: skip


def test_a_flag_is_compared_with_what_is_most_common(model: RiskModel) -> None:
    [[reason]] = top_reasons(model, students(1), contributed([0, 0, 0, 0, 0.4, 0]))

    assert (reason["value"], reason["comparison"]) == (1.0, 0.0)


def test_three_windows_of_one_thing_are_said_twice_at_most(model: RiskModel) -> None:
    [reasons] = top_reasons(model, students(1), contributed([0.9, 0.8, 0.7, 0.1, 0.0, 0.0]))

    assert [reason["code"] for reason in reasons] == ["absence_rate_30d", "absence_rate_90d", "core_failures_term"]


def test_each_direction_has_its_own_number_of_reasons(model: RiskModel) -> None:
    scores = contributed([0.9, 0.1, -0.2, 0.6, 0.5, -0.7])

    [reasons] = top_reasons(model, students(1), scores, n_raising=2, n_lowering=1)

    assert [reason["code"] for reason in reasons] == ["absence_rate_30d", "grade_level", "core_failures_term"]


def test_small_contributions_are_no_reason(model: RiskModel) -> None:
    little = SMALLEST_CONTRIBUTION * 0.9

    assert top_reasons(model, students(2), contributed([little] * 6, [-little] * 6)) == [[], []]


def test_what_is_missing_has_no_value(model: RiskModel) -> None:
    frame = students(1).drop(columns="core_failures_term").assign(absence_rate_30d=np.nan, grade_level=None)

    [reasons] = top_reasons(model, frame, contributed([0.9, 0, 0, 0.8, 0, 0.7]))

    assert [reason["value"] for reason in reasons] == [None, None, None]


def test_reasons_of_many_are_plain_json_and_stay_with_their_student(model: RiskModel) -> None:
    frame, _ = rows(300, seed=2)
    scores = model.score(frame)

    reasons = top_reasons(model, frame, scores)

    assert json.loads(json.dumps(reasons, allow_nan=False)) == reasons
    assert len(reasons) == 300
    for row, of_student in enumerate(reasons):
        sizes = [abs(reason["contribution"]) for reason in of_student]
        assert sizes == sorted(sizes, reverse=True)
        for reason in of_student:
            assert reason["contribution"] == scores.contributions[row, NAMES.index(reason["code"])]
        sources = [source_of(reason["code"]) + reason["direction"] for reason in of_student]
        assert all(sources.count(source) <= MOST_OF_ONE_SOURCE for source in sources)


def test_one_student_alone_gets_the_same_reasons(model: RiskModel) -> None:
    frame, _ = rows(40, seed=2)
    together = top_reasons(model, frame, model.score(frame))

    for row in range(40):
        assert top_reasons(model, frame.iloc[[row]], model.score(frame.iloc[[row]])) == [together[row]]


def test_nobody_has_no_reasons(model: RiskModel) -> None:
    frame = rows(10)[0].iloc[:0]

    assert top_reasons(model, frame, model.score(frame)) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("absence_rate_10d", "absence_rate"),
        ("absence_rate_last_year", "absence_rate"),
        ("chronic_absence", "absence_rate"),
        ("core_failures_term", "core_failures"),
        ("units_approved_2nd", "units_approved"),
        ("credits_behind", "credits"),
        ("debtor", "debtor"),
    ],
)
def test_the_source_is_the_name_without_its_window(name: str, source: str) -> None:
    assert source_of(name) == source
