"""Evaluation: the measures by hand on small tables, and clear words where there is nothing to measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from modeling.core import evaluation
from modeling.core.evaluation import NotMeasurable

Y = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], dtype=float)
P = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05, 0.0])


def test_measures_of_ten_students_by_hand() -> None:
    measured = evaluation.metrics(Y, P, threshold=0.65, capacity=3)

    assert measured["roc_auc"] == pytest.approx(20 / 21)
    assert measured["precision"] == pytest.approx(2 / 3)
    assert measured["recall"] == pytest.approx(2 / 3)
    assert measured["f1"] == pytest.approx(2 / 3)
    assert measured["average_precision"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert measured["brier"] == pytest.approx(np.mean((P - Y) ** 2))
    assert (measured["precision_at_10"], measured["recall_at_10"]) == pytest.approx((1.0, 1 / 3))
    assert (measured["precision_at_20"], measured["recall_at_20"]) == pytest.approx((1.0, 2 / 3))
    assert (measured["precision_at_capacity"], measured["recall_at_capacity"]) == pytest.approx((2 / 3, 2 / 3))
    assert {"precision_at_5", "recall_at_5", "ece"} <= set(measured)


def test_every_measure_is_a_plain_float() -> None:
    assert {type(value) for value in evaluation.metrics(Y, P, threshold=0.5).values()} == {float}


def test_calibration_error_is_the_weighted_gap_of_ten_bins() -> None:
    y = np.array([1, 0, 0, 0, 1, 1, 1, 1, 0, 0], dtype=float)
    p = np.array([0.25] * 4 + [0.95] * 4 + [1.0] * 2)

    # 4 of 10 with no gap; 6 of 10 with a mean risk of .9667 and a share of 4 in 6.
    assert evaluation.expected_calibration_error(y, p) == pytest.approx(0.6 * (5.8 / 6 - 4 / 6))


def test_ties_at_the_line_count_by_their_share() -> None:
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 1], dtype=float)
    p = np.array([1.0, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0])

    precision, recall = evaluation.at_capacity(y, p, capacity=3)

    assert (precision, recall) == pytest.approx((1.5 / 3, 1.5 / 3))


def test_a_capacity_beyond_the_roll_takes_everyone() -> None:
    assert evaluation.at_capacity(Y, P, capacity=500) == pytest.approx((0.3, 1.0))


@settings(deadline=None, max_examples=30)
@given(order=some.permutations(range(10)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    p = np.round(P, 1)

    assert evaluation.metrics(Y[order], p[order], threshold=0.5, capacity=4) == pytest.approx(
        evaluation.metrics(Y, p, threshold=0.5, capacity=4)
    )


def test_the_threshold_has_the_highest_f1_of_all() -> None:
    random = np.random.default_rng(0)
    p = np.round(random.random(300), 2)
    y = (random.random(300) < p).astype(float)

    threshold = evaluation.f1_threshold(y, p)

    of_all = [evaluation.metrics(y, p, threshold=each)["f1"] for each in np.unique(p)]
    assert evaluation.metrics(y, p, threshold=threshold)["f1"] == pytest.approx(max(of_all))
    assert threshold not in p


def test_the_threshold_of_a_perfect_list_lies_halfway() -> None:
    assert evaluation.f1_threshold([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0.9, 0.8] + [0.2] * 8) == pytest.approx(0.5)


def test_stability_is_shared_names_over_all_names() -> None:
    one, other = np.zeros(40), np.zeros(40)
    one[[0, 1, 2, 3]], other[[0, 1, 2, 9]] = [0.9, 0.8, 0.7, 0.6], [0.9, 0.8, 0.7, 0.6]

    assert evaluation.top_share_jaccard([one, other], share=0.1) == pytest.approx(3 / 5)
    assert evaluation.top_share_jaccard([one, one, one]) == 1.0


@pytest.mark.parametrize(
    ("y", "p", "sentence"),
    [
        (np.zeros(20), np.full(20, 0.5), "All 20 labelled students stayed"),
        (np.ones(20), np.full(20, 0.5), "All 20 labelled students dropped out"),
        ([0, 1], [0.1, 0.9], "at least 10 labelled students, got 2"),
        ([], [], "at least 10"),
        (np.append(Y[:-1], np.nan), P, "censored"),
        (Y, P * 2, "between 0 and 1"),
        (Y, P * np.nan, "between 0 and 1"),
    ],
)
def test_what_cannot_be_measured_is_said(y: object, p: object, sentence: str) -> None:
    with pytest.raises(NotMeasurable, match=sentence):
        evaluation.metrics(y, p, threshold=0.5)  # type: ignore[arg-type]


def test_stability_of_one_refit_is_refused() -> None:
    with pytest.raises(NotMeasurable, match="two refits"):
        evaluation.top_share_jaccard([P])


def test_the_list_holds_as_many_rows_as_its_capacity_and_parts_those_that_tie():
    listed = evaluation.listed([0.9, 0.5, 0.5, 0.5, 0.1], capacity=3)

    assert listed.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3, 0])
    assert evaluation.listed([0.9, 0.1], capacity=5).tolist() == [1, 1]
