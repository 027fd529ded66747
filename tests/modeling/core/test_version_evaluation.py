"""A version is judged on rows it has not seen, beside a plain formula and the rule, with what chance may do to it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modeling.core import curves, evaluation, suspicion, version_evaluation
from modeling.core.feature import Feature
from tests.modeling.core import judged


@pytest.fixture(scope="module")
def inputs():
    return judged.inputs()


@pytest.fixture(scope="module")
def verdict(inputs):
    return version_evaluation.evaluate(inputs)


def test_everything_a_page_shows_is_plain_json_and_small(verdict):
    figures, evaluation = verdict

    assert len(json.dumps([figures, evaluation], allow_nan=False)) < 100_000
    assert set(figures) == {"model", "logistic", "rule"}


def test_a_figure_lies_within_its_interval(verdict):
    figures, evaluation = verdict

    for who in ("model", "logistic", "rule"):
        for measure, found in evaluation["intervals"][who].items():
            low, high = found
            # Calibration error is never below nothing, so that resamples have more of it than the rows they come from.
            assert low <= figures[who][measure] + 1e-4, (who, measure)
            assert measure == "ece" or figures[who][measure] <= high + 1e-4, (who, measure)


def test_the_lead_over_the_rule_is_surer_than_either(verdict):
    _, evaluation = verdict

    def width(who):
        low, high = evaluation["intervals"][who]["roc_auc"]
        return high - low

    assert width("model_minus_logistic") < width("model")
    assert width("model_minus_logistic") < width("logistic")
    assert evaluation["intervals"]["model_minus_rule"]["roc_auc"][0] > 0


def test_the_four_fields_of_the_confusion_matrix_add_up(inputs, verdict):
    figures, evaluation = verdict

    for fields in evaluation["confusion"].values():
        assert sum(fields.values()) == len(inputs.test)
        assert fields["true_positive"] + fields["false_negative"] == figures["model"]["n_positive"]
    at_capacity = evaluation["confusion"]["at_capacity"]
    assert at_capacity["true_positive"] + at_capacity["false_positive"] == inputs.capacity


def test_the_lift_is_how_many_times_as_often_the_list_is_right(verdict):
    figures, evaluation = verdict

    for cut in version_evaluation.CUTS:
        precision = figures["model"][f"precision_at_{cut}"]
        assert evaluation["lift"]["over_rule"][cut] == pytest.approx(
            precision / figures["rule"][f"precision_at_{cut}"], abs=1e-4
        )
        assert evaluation["lift"]["over_base"][cut] == pytest.approx(
            precision * figures["model"]["n"] / figures["model"]["n_positive"], abs=1e-4
        )


def test_refits_on_the_same_students_would_name_the_same(inputs, verdict):
    alike = version_evaluation._stability(replace(inputs, refits=[inputs.refits[0]] * 3), inputs.rows.iloc[inputs.test])

    assert alike == {"n_refits": 3, "top5_jaccard": 1.0, "capacity_jaccard": 1.0}
    assert 0.2 < verdict[1]["stability"]["capacity_jaccard"] < 1.0


def test_groups_are_audited_by_every_attribute_and_by_two(verdict):
    _, evaluation = verdict

    assert {group["attribute"] for group in evaluation["groups"]} == {"gender", "language", "gender & language"}
    assert [gap["attribute"] for gap in evaluation["gaps"]] == ["gender", "language"]


def test_what_one_direction_costs_is_told_where_features_are_bound(inputs, verdict):
    _, evaluation = verdict

    assert evaluation["monotone_cost"]["n_features"] == 4
    assert evaluation["monotone_cost"]["roc_auc_with"] == pytest.approx(verdict[0]["model"]["roc_auc"], abs=1e-4)
    assert abs(evaluation["monotone_cost"]["roc_auc_without"] - evaluation["monotone_cost"]["roc_auc_with"]) < 0.1
    free = replace(inputs, settings=replace(inputs.settings, monotone=False))
    tested = inputs.rows.iloc[inputs.test]
    assert version_evaluation._monotone_cost(free, tested, tested["y"].to_numpy(), roc_auc=0.8) == {}


def test_without_a_rule_that_fits_there_is_none_to_compare_with(inputs):
    figures, evaluation = version_evaluation.evaluate(replace(inputs, rules=[]))

    assert set(figures) == {"model", "logistic"}
    assert set(evaluation["lift"]) == {"over_base"}
    assert "model_minus_rule" not in evaluation["intervals"]


def test_an_explainable_boosting_machine_joins_where_it_was_asked_for(inputs):
    figures, evaluation = version_evaluation.evaluate(replace(inputs, how=judged.HOW | {"explainable_boosting": True}))

    assert figures["ebm"]["roc_auc"] == pytest.approx(figures["model"]["roc_auc"], abs=0.05)
    assert {"ebm", "model_minus_ebm"} <= set(evaluation["intervals"])
    assert set(evaluation["curves"]) == {"model", "logistic", "rule", "ebm"}


def test_where_it_is_not_installed_it_is_left_out(inputs, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    figures, _ = version_evaluation.evaluate(replace(inputs, how=judged.HOW | {"explainable_boosting": True}))

    assert "ebm" not in figures


def test_the_same_evidence_gives_the_same_verdict(inputs, verdict):
    assert version_evaluation.evaluate(inputs) == verdict


@pytest.mark.parametrize("values", [[1.0, 0.0], [np.nan, 7.0], [0.5, np.nan]])
def test_the_outcome_in_disguise_is_named(inputs, values):
    left, stayed = values
    disguised = inputs.rows.assign(shoe_size=np.where(inputs.rows["y"] == 1, left, stayed))
    features = [*inputs.features, Feature(name="shoe_size", kind="number", label="")]

    _, evaluation = version_evaluation.evaluate(judged.inputs(disguised, features=features))

    assert [one["feature"] for one in evaluation["suspicious"]] == ["shoe_size"]
    assert evaluation["suspicious"][0]["roc_auc"] == 1.0


def test_a_code_that_stands_for_the_outcome_is_named_whatever_its_order(inputs):
    random = np.random.default_rng(0)
    y = inputs.rows["y"].to_numpy()
    codes = np.where(y == 1, random.choice([2, 5], len(y)), random.choice([1, 3, 7], len(y)))
    frame = inputs.rows.assign(number=codes.astype(float), word=pd.Series(codes.astype(str), dtype=object))
    features = [Feature(name="number", kind="number", label=""), Feature(name="word", kind="category", label="")]

    named = suspicion.suspicious_features(
        frame, y, groups=frame["student_id"], features=features, at_least=0.98, seed=0
    )

    assert [one["feature"] for one in named] == ["number", "word"]


def test_what_differs_for_every_student_tells_nothing_by_itself(inputs):
    y, n = inputs.rows["y"].to_numpy(), len(inputs.rows)
    frame = inputs.rows.assign(name=[f"student {number}" for number in range(n)], same=1.0, none=np.nan)
    fold = np.arange(n) % suspicion.N_FOLDS

    areas = [
        suspicion.single_feature_auc(frame[name], y, fold=fold, kind=kind)
        for name, kind in (("name", "category"), ("same", "number"), ("none", "number"))
    ]

    assert all(0.45 < area < 0.55 for area in areas)


def test_curves_have_as_many_points_as_a_chart_can_show():
    random = np.random.default_rng(0)
    risks = random.random(5000)
    y = (random.random(5000) < risks).astype(float)

    drawn = curves.curves(y, risks, smallest_bin=10)

    for name in ("roc", "precision_recall"):
        assert len(drawn[name]["x"]) == len(drawn[name]["y"]) <= curves.MOST_POINTS
        assert drawn[name]["x"] == sorted(drawn[name]["x"])
    area = np.trapezoid(drawn["roc"]["y"], drawn["roc"]["x"])
    measured = evaluation.metrics(y, risks, threshold=0.5)
    assert area == pytest.approx(measured["roc_auc"], abs=0.005)
    assert (drawn["roc"]["x"][0], drawn["roc"]["y"][0]) == (0.0, 0.0)
    assert (drawn["roc"]["x"][-1], drawn["roc"]["y"][-1]) == (1.0, 1.0)
    assert drawn["precision_recall"]["y"][-1] == pytest.approx(y.mean(), abs=0.001)


def test_bins_of_few_students_are_merged_with_their_neighbours():
    risks = np.repeat([0.05, 0.15, 0.25, 0.95], [100, 4, 60, 3])
    y = np.concatenate([[1] * 5, [0] * 95, [1, 0, 0, 0], [1] * 15, [0] * 45, [1, 1, 1]]).astype(float)

    curve = curves.calibration_curve(y, risks, smallest_bin=10)

    assert [one["n"] for one in curve] == [100, 67]
    assert curve[1]["case_share"] == pytest.approx(19 / 67, abs=1e-4)
    assert all(one["low"] < one["case_share"] < one["high"] for one in curve)


def test_the_interval_of_a_share_is_wilsons():
    assert curves.wilson(0.5, 100) == (0.4038, 0.5962)
    low, high = curves.wilson(0.0, 10)
    assert (low, high) == (0.0, 0.2775)
