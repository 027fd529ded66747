"""Who ranks worse than drawing lots is named, surely or perhaps; a lead over them counts for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modeling.core import promotion_checks, version_evaluation, worse_than_chance
from modeling.core.rules import Rule
from tests.modeling.core import judged


@pytest.mark.parametrize(
    ("area", "interval", "found"),
    [
        (0.41, [0.33, 0.48], {"logistic": "surely"}),
        (0.41, [0.30, 0.52], {"logistic": "perhaps"}),
        (0.41, None, {"logistic": "perhaps"}),
        (0.50, [0.45, 0.55], {}),
        (0.70, [0.65, 0.75], {}),
    ],
)
def test_below_one_half_is_worse_than_drawing_lots(area, interval, found):
    figures = {"model": {"roc_auc": 0.8}, "logistic": {"roc_auc": area}, "split": {"kind": "random"}}

    assert worse_than_chance.broken(figures, {"logistic": {"roc_auc": interval}}) == found


def test_of_an_older_version_it_is_worked_out_and_of_a_newer_one_kept():
    metrics = {"model": {"roc_auc": 0.8}, "rule": {"roc_auc": 0.4}}

    assert worse_than_chance.of_version(metrics) == {"rule": "perhaps"}
    assert worse_than_chance.of_version(metrics, {"intervals": {}}) == {"rule": "perhaps"}
    assert worse_than_chance.of_version(metrics, {"broken": {"rule": "surely"}}) == {"rule": "surely"}
    assert worse_than_chance.of_version(metrics, {"broken": {}}) == {}


def test_a_rule_that_points_the_wrong_way_is_found_when_a_version_is_judged():
    turned_round = [Rule(feature="absence_rate_year", op="at_most", value=0.1, points=1, words="")]

    figures, evaluation = version_evaluation.evaluate(replace(judged.inputs(), rules=turned_round))

    assert evaluation["broken"] == {"rule": "surely"}
    assert figures["rule"]["roc_auc"] < 0.4


def test_of_a_sound_judging_nobody_is_named():
    _, evaluation = version_evaluation.evaluate(judged.inputs())

    assert evaluation["broken"] == {}


def of(model=0.5, rule=0.3, *, area=0.7, of_rule=0.7):
    return {
        "model": {"precision_at_capacity": model, "roc_auc": area},
        "rule": {"precision_at_capacity": rule, "roc_auc": of_rule},
    }


@pytest.mark.parametrize(
    ("metrics", "passed", "why"),
    [
        (of(), True, ""),
        (of(of_rule=0.4), None, "rule_broken"),
        (of(rule=0.0, of_rule=0.4), None, "rule_broken"),
        (of(model=0.2, of_rule=0.4), False, ""),
    ],
)
def test_a_lead_over_a_broken_rule_counts_for_nothing_and_to_be_behind_it_still_fails(metrics, passed, why):
    found = promotion_checks.lift(metrics, {}, minimum=1.0)

    assert (found.passed, found.why) == (passed, why)
    assert promotion_checks.lift(metrics, {"broken": {}}, minimum=1.0).passed is not None


@pytest.mark.parametrize(("area", "passed"), [(0.41, False), (0.5, False), (0.6, True), (None, None)])
def test_a_model_has_to_rank_better_than_lots(area, passed):
    found = promotion_checks.chance({"model": {"roc_auc": area}})

    assert (found.check, found.passed, found.limit) == ("chance", passed, 0.5)
