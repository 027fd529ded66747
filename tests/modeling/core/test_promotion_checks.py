"""The gate's numbers: limits, what chance does to small figures, and what blocks nothing."""

import numpy as np
import pytest

from modeling.core import promotion_checks as gate


def judged(precision, *, n=100, interval=None):
    intervals = {"model": {"precision_at_capacity": interval}} if interval else {}
    return {
        "metrics": {"model": {"precision_at_capacity": precision, "capacity": n}},
        "evaluation": {"intervals": intervals},
    }


@pytest.mark.parametrize(
    ("model", "rule", "passed"),
    [(0.6, 0.5, True), (0.5, 0.5, True), (0.4, 0.5, False), (0.4, 0.0, True), (0.0, 0.0, False)],
)
def test_the_model_has_to_be_right_as_often_as_the_rule(model, rule, passed):
    metrics = {"model": {"precision_at_capacity": model}, "rule": {"precision_at_capacity": rule}}

    assert gate.lift(metrics, {}, minimum=1.0).passed is passed


def test_without_a_rule_there_is_no_lift():
    found = gate.lift({"model": {"precision_at_capacity": 0.5}}, {}, minimum=1.0)

    assert (found.passed, found.why) == (None, "no_rule")


def bins(n):
    return {"curves": {"model": {"calibration": [{"n": n, "risk": 0.1}, {"n": n, "risk": 0.5}]}}}


@pytest.mark.parametrize(
    ("ece", "n", "passed", "why"),
    [(0.03, 10_000, True, ""), (0.07, 20, True, "chance"), (0.07, 10_000, False, ""), (0.4, 20, False, "")],
)
def test_few_students_make_a_large_error_by_chance(ece, n, passed, why):
    found = gate.calibration({"model": {"ece": ece}}, bins(n), maximum=0.05)

    assert (found.passed, found.why) == (passed, why)


def test_one_in_twenty_perfectly_calibrated_models_exceeds_the_error_by_chance():
    chance = np.random.default_rng(7)
    rows = [{"n": 60, "risk": 0.1}, {"n": 40, "risk": 0.5}, {"n": 20, "risk": 0.8}]
    n_all = sum(row["n"] for row in rows)
    drawn = sum(
        row["n"] / n_all * abs(chance.binomial(row["n"], row["risk"], 20_000) / row["n"] - row["risk"]) for row in rows
    )

    assert np.mean(drawn > gate.error_by_chance(rows)) == pytest.approx(0.05, abs=0.015)


def gap(size, *, verdict="gap", measure="recall_at_capacity"):
    return {"attribute": "origin", "measure": measure, "gap": size, "between": ["a", "b"], "verdict": verdict}


@pytest.mark.parametrize(
    ("gaps", "passed", "why"),
    [
        ([gap(0.1)], True, ""),
        ([gap(0.1), gap(0.3)], False, ""),
        ([gap(0.3, verdict="too_few")], None, "too_few"),
        ([gap(0.3, verdict="no_gap"), gap(0.3, verdict="too_few")], True, "none_told"),
        ([gap(0.3, measure="false_alarm_share")], None, "no_groups"),
        ([], None, "no_groups"),
    ],
)
def test_only_a_gap_told_from_chance_blocks(gaps, passed, why):
    found = gate.recall_gap({"gaps": gaps}, maximum=0.2)

    assert (found.passed, found.why) == (passed, why)


@pytest.mark.parametrize(
    ("share", "ours", "theirs", "passed"),
    [
        (0.5, judged(0.5), judged(0.5), True),
        (0.6, judged(0.5), judged(0.5), False),
        (0.6, judged(0.9), judged(0.5), True),
        (0.6, judged(0.6), judged(0.5), False),
        (0.6, judged(0.6, interval=[0.58, 0.62]), judged(0.5, interval=[0.48, 0.52]), True),
        (0.6, judged(0.6), None, False),
        (None, judged(0.6), judged(0.5), None),
    ],
)
def test_more_names_may_change_only_for_a_list_that_is_plainly_better(share, ours, theirs, passed):
    assert gate.churn(share, maximum=0.5, version=ours, champion=theirs).passed is passed


def test_a_record_that_gives_the_outcome_away_blocks_and_is_named():
    found = gate.suspicious({"suspicious": [{"feature": "exit_form", "roc_auc": 0.999}]})

    assert (found.passed, found.details["features"]) == (False, ["exit_form"])
    assert gate.suspicious({"suspicious": []}).passed is True
    assert gate.suspicious({}).passed is None
