"""Reasons: what contributes most and holds, in plain JSON, without saying the same thing five times."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.core.catalogue import source_of
from modeling.core.fitting import FittedRisk, fit_risk_model
from modeling.core.reason_rank import MOST_TOLD, SMALLEST_CONTRIBUTION, Noise, first_sources
from modeling.core.reasons import top_reasons
from modeling.core.recorded_together import Parts
from modeling.core.risk_model import RiskModel, Scores
from modeling.core.sources import Sources
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows

NAMES = [feature.name for feature in FEATURES]
SOURCES = Sources.of(FEATURES)


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
    nowhere = np.zeros((n, len(FEATURES)), dtype=bool)
    return Scores(
        log_odds=with_base.sum(axis=1),
        probability=np.full(n, 0.3),
        contributions=with_base,
        missing=nowhere,
        unfamiliar=nowhere,
        parts=Parts.of(FEATURES, {}),
    )


def students(n: int) -> pd.DataFrame:
    values = {name: [0.25] * n for name in NAMES[:4]} | {"repeated_grade": [1.0] * n, "grade_level": ["9"] * n}
    return pd.DataFrame(values)


def bound(margin: float | None, *, growth: float = 0.0) -> dict[str, Any]:
    """Return a stored bound under which every source's contribution varies by .1."""
    return {
        "noise": dict.fromkeys(SOURCES.names, 0.1),
        "noise_growth": dict.fromkeys(SOURCES.names, growth),
        "margin": margin,
    }


def test_reasons_come_largest_first_with_value_comparison_and_direction(model: RiskModel) -> None:
    scores = contributed([0.0, 0.0, 0.3, -0.9, 0.0, 0.5])

    [reasons] = top_reasons(model, students(1), scores)

    reference = model.specification["reference"]
    assert reasons == [
        {"code": "core_failures_term", "value": 0.25, "comparison": reference["core_failures_term"]["median"],
         "direction": "lowers", "changeable": True, "contribution": -0.9, "source": "core_failures", "holds": None},
        {"code": "grade_level", "value": "9", "comparison": reference["grade_level"]["most_common"],
         "direction": "raises", "changeable": False, "contribution": 0.5, "source": "grade_level", "holds": None},
        {"code": "absence_rate_year", "value": 0.25, "comparison": reference["absence_rate_year"]["median"],
         "direction": "raises", "changeable": True, "contribution": 0.3, "source": "absence", "holds": None},
    ]  # fmt: skip


def test_a_flag_is_compared_with_what_is_most_common(model: RiskModel) -> None:
    [[reason]] = top_reasons(model, students(1), contributed([0, 0, 0, 0, 0.4, 0]))

    assert (reason["value"], reason["comparison"]) == (1.0, 0.0)


def test_windows_of_one_thing_are_added_up_and_said_once_in_the_words_of_the_strongest(model: RiskModel) -> None:
    [reasons] = top_reasons(model, students(1), contributed([0.7, 0.9, -0.2, 0.1, 0.0, 0.0]))

    assert [(reason["source"], reason["code"]) for reason in reasons] == [
        ("absence", "absence_rate_90d"),
        ("core_failures", "core_failures_term"),
    ]
    assert reasons[0]["contribution"] == pytest.approx(1.4)


def test_windows_that_cancel_each_other_are_no_reason(model: RiskModel) -> None:
    [reasons] = top_reasons(model, students(1), contributed([0.7, -0.69, 0.0, 0.0, 0.0, 0.0]))

    assert reasons == []


def test_each_direction_has_its_own_number_of_reasons(model: RiskModel) -> None:
    scores = contributed([0.9, 0.1, -0.2, -0.6, 0.5, -0.7])

    [reasons] = top_reasons(model, students(1), scores, n_raising=1, n_lowering=1)

    assert [reason["code"] for reason in reasons] == ["absence_rate_30d", "grade_level"]


def test_a_reason_that_would_not_hold_is_not_told(model: RiskModel) -> None:
    """Three may be told; the third is ahead of nothing but the smallest contribution, by less than the noise."""
    model.specification = model.specification | {"reasons": bound(2.0)}

    [reasons] = top_reasons(model, students(1), contributed([0.0, 0.0, 0.9, 0.5, 0.2, -0.3]))

    assert [(reason["source"], reason["holds"]) for reason in reasons] == [
        ("absence", True),
        ("core_failures", True),
        ("grade_level", True),
    ]


def test_two_that_stand_side_by_side_at_the_line_hold_less_than_one_that_stands_alone() -> None:
    """The fourth, which is not told, is as strong as the third: either may come first in a refit."""
    alone, beside = np.array([[0.9, 0.6, 0.4, 0.0]]), np.array([[0.9, 0.6, 0.4, 0.39]])
    noise = Noise(spread=np.full(4, 0.1), growth=np.zeros(4))

    margins = [first_sources(sums, n_most=MOST_TOLD).margins(noise) for sums in (alone, beside)]

    np.testing.assert_allclose(margins[0], [8.5, 5.5, 3.5])
    np.testing.assert_allclose(margins[1], np.array([0.51, 0.21, 0.01]) / np.hypot(0.1, 0.1))


def test_what_varies_with_its_size_has_to_stand_out_further(model: RiskModel) -> None:
    scores = contributed([0.9, 0.0, 0.0, 0.0, 0.0, 0.0])
    steady, growing = (model.specification | {"reasons": bound(3.0, growth=growth)} for growth in (0.0, 0.5))

    model.specification = steady
    [told] = top_reasons(model, students(1), scores)
    model.specification = growing
    [silent] = top_reasons(model, students(1), scores)

    assert (len(told), len(silent)) == (1, 0)


def test_where_no_margin_is_enough_nothing_is_told(model: RiskModel) -> None:
    model.specification = model.specification | {"reasons": bound(None)}

    assert top_reasons(model, students(1), contributed([9.0, 0, 0, 0, 0, 0])) == [[]]


def test_a_source_that_no_refit_had_counts_as_noisy_as_the_noisiest() -> None:
    stored = {"noise": {"absence": 0.1, "credits": 0.3}, "noise_growth": {"absence": 0.2, "credits": 0.0}}

    noise = Noise.from_json(stored, ["absence", "grade_level"])

    assert (noise.spread.tolist(), noise.growth.tolist()) == ([0.1, 0.3], [0.2, 0.2])


def test_small_contributions_are_no_reason(model: RiskModel) -> None:
    little = SMALLEST_CONTRIBUTION * 0.9

    [raised, lowered] = top_reasons(
        model, students(2), contributed([little, 0, 0, little, little, little], [0, 0, -little, -little, 0, -little])
    )

    assert (raised, lowered) == ([], [])


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
    usual = model.usual_cells(frame, scores, listed={}, sessions=np.full(300, np.nan))
    sums = SOURCES.telling(scores.contributions[:, :-1], usual)[1]
    for row, of_student in enumerate(reasons):
        sizes = [abs(reason["contribution"]) for reason in of_student]
        assert sizes == sorted(sizes, reverse=True)
        for reason in of_student:
            assert reason["source"] == source_of(reason["code"])
            assert reason["contribution"] == sums[row, SOURCES.names.index(reason["source"])]
            assert reason["contribution"] * scores.contributions[row, NAMES.index(reason["code"])] > 0
        sources = [reason["source"] for reason in of_student]
        assert len(sources) == len(set(sources))


def test_sources_and_base_add_up_to_the_log_odds(model: RiskModel) -> None:
    scores = model.score(rows(300, seed=2)[0])

    sums = SOURCES.sums(scores.contributions[:, :-1])

    np.testing.assert_allclose(sums.sum(axis=1) + scores.contributions[:, -1], scores.log_odds, atol=1e-9)


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
        ("absence_rate_10d", "absence"),
        ("absence_rate_last_year", "absence"),
        ("chronic_absence", "absence"),
        ("days_since_last_present", "absence"),
        ("core_failures_term", "core_failures"),
        ("units_approved_2nd", "units_approved"),
        ("credits_behind", "credits"),
        ("debtor", "debtor"),
    ],
)
def test_the_source_is_the_name_without_its_window(name: str, source: str) -> None:
    assert source_of(name) == source
