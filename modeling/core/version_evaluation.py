"""Judges a fitted model beside the plain formula and the school's rule, on rows that none of them saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import curves, evaluation, fairness, fitting, intervals, suspicion, worse_than_chance
from modeling.core.contenders import Contender, contenders
from modeling.core.evaluation_inputs import EvaluationInputs
from modeling.core.intervals import Resamples

FloatArray = NDArray[np.float64]
Figures = dict[str, dict[str, Any]]
Replicates = dict[str, dict[str, FloatArray]]

COMPARED = ("rule", "logistic", "ebm")
CUTS = ("5", "10", "20", "capacity")
TOP_SHARE = 0.05


def evaluate(inputs: EvaluationInputs) -> tuple[Figures, dict[str, Any]]:
    """Return the figures of each contender, and all else that the pages and the card show of a version.

    Parameters
    ----------
    inputs : EvaluationInputs

    Returns
    -------
    figures : dict of "model", "logistic", "rule" and "ebm" to `evaluation.metrics`
    evaluation : dict, plain JSON types
    """
    tested = inputs.rows.iloc[inputs.test]
    y = tested["y"].to_numpy(dtype=np.float64)
    everyone = contenders(inputs)
    figures: Figures = {who: one.metrics(y, capacity=inputs.capacity) for who, one in everyone.items()}
    drawn = intervals.resamples(
        tested["student_id"].to_numpy(), n_bootstraps=inputs.how["n_bootstraps"], seed=inputs.seed
    )
    resampled = {
        who: intervals.replicates(drawn, y, one.risks, threshold=one.threshold, capacity=inputs.capacity)
        for who, one in everyone.items()
    }
    smallest = inputs.how["smallest_group"]
    between = _intervals(resampled, figures)
    return figures, {
        "n_bootstraps": len(drawn.counts),
        "intervals": between,
        "broken": worse_than_chance.broken(figures, between),
        "confusion": _confusion(y, everyone["model"], capacity=inputs.capacity),
        "curves": {who: curves.curves(y, one.risks, smallest_bin=smallest) for who, one in everyone.items()},
        "lift": _lift(figures),
        "stability": _stability(inputs, tested),
        **_audit(inputs, tested, everyone["model"].risks, drawn=drawn),
        "monotone_cost": _monotone_cost(inputs, tested, y, roc_auc=figures["model"]["roc_auc"]),
        "class_balance": inputs.judged.class_balance,
        "suspicious": _suspicious(inputs),
    }


def _intervals(resampled: Replicates, figures: Figures) -> dict[str, dict[str, list[float] | None]]:
    """Return the intervals of each contender, of the model's lead over each, and of its lift over the rule."""
    of_values = dict(resampled)
    for who in COMPARED:
        if who in resampled:
            of_values[f"model_minus_{who}"] = {
                name: values - resampled[who][name] for name, values in resampled["model"].items()
            }
    if "rule" in resampled:
        with np.errstate(divide="ignore", invalid="ignore"):
            of_values["lift_over_rule"] = {
                cut: resampled["model"][f"precision_at_{cut}"] / resampled["rule"][f"precision_at_{cut}"]
                for cut in CUTS
            }
    return {
        who: {name: _interval(name, values, figures.get(who)) for name, values in measures.items()}
        for who, measures in of_values.items()
    }


def _interval(name: str, values: FloatArray, figures: dict[str, Any] | None) -> list[float] | None:
    """Return the interval of one measure: of a contender's own shares of the list by their number."""
    kind, _, cut = name.partition("_at_")
    if figures is None or not cut:
        return intervals.interval(values)
    n_listed = figures["capacity"] if cut == "capacity" else evaluation.n_at(int(cut) / 100, int(figures["n"]))
    n = n_listed if kind == "precision" else figures["n_positive"]
    return intervals.interval_of_share(figures[name], values, n=n)


def _confusion(y: FloatArray, model: Contender, *, capacity: int) -> dict[str, dict[str, int]]:
    chosen = {
        "at_capacity": evaluation.listed(model.risks, capacity=capacity),
        "at_threshold": (model.risks >= model.threshold).astype(np.float64),
    }
    return {name: _four_fields(y, listed) for name, listed in chosen.items()}


def _four_fields(y: FloatArray, listed: FloatArray) -> dict[str, int]:
    """Return the confusion matrix; rows that tie across the line count by their share, rounded."""
    n_listed, n_positive = round(float(listed.sum())), round(float(y.sum()))
    found = round(float(listed @ y))
    return {
        "true_positive": found,
        "false_positive": n_listed - found,
        "false_negative": n_positive - found,
        "true_negative": len(y) - n_listed - n_positive + found,
    }


def _lift(figures: Figures) -> dict[str, dict[str, float | None]]:
    """Return how many times as often the list is right as the rule's, and as a list drawn by lot."""
    base_rate = figures["model"]["n_positive"] / figures["model"]["n"]
    lift: dict[str, dict[str, float | None]] = {"over_base": {}}
    if "rule" in figures:
        lift["over_rule"] = {}
    for cut in CUTS:
        precision = figures["model"][f"precision_at_{cut}"]
        lift["over_base"][cut] = round(precision / base_rate, 4)
        if "rule" in figures:
            of_rule = figures["rule"][f"precision_at_{cut}"]
            lift["over_rule"][cut] = round(precision / of_rule, 4) if of_rule else None
    return lift


def _stability(inputs: EvaluationInputs, tested: pd.DataFrame) -> dict[str, Any]:
    """Return how alike the lists of the refits are, at the top and down to the capacity."""
    if len(inputs.refits) < 2:
        return {"n_refits": len(inputs.refits), "top5_jaccard": None, "capacity_jaccard": None}
    risks = [pipeline.predict_proba(tested)[:, 1] for pipeline in inputs.refits]
    share = inputs.capacity / len(tested)
    return {
        "n_refits": len(risks),
        "top5_jaccard": round(evaluation.top_share_jaccard(risks, share=TOP_SHARE), 4),
        "capacity_jaccard": round(evaluation.top_share_jaccard(risks, share=share), 4),
    }


def _audit(inputs: EvaluationInputs, tested: pd.DataFrame, risks: FloatArray, *, drawn: Resamples) -> dict[str, Any]:
    return fairness.audit(
        pd.DataFrame(
            {
                "student_id": tested["student_id"].to_numpy(),
                "y": tested["y"].to_numpy(),
                "risk": risks,
                "listed": evaluation.listed(risks, capacity=inputs.capacity),
                "helped": tested["helped"].to_numpy(dtype=np.float64),
            }
        ),
        inputs.protected,
        drawn=drawn,
        smallest=inputs.how["smallest_group"],
        smallest_positives=inputs.how["smallest_group_positives"],
    )


def _monotone_cost(
    inputs: EvaluationInputs, tested: pd.DataFrame, y: FloatArray, *, roc_auc: float
) -> dict[str, float]:
    """Return what it costs that some features may act in one direction only; nothing where none is bound."""
    features = inputs.judged.model().features
    bound = [feature for feature in features if feature.risk_direction and feature.kind != "category"]
    if not (inputs.settings.monotone and bound):
        return {}
    free = fitting.risk_pipeline(
        features,
        settings=replace(inputs.settings, monotone=False),
        n_trees=inputs.judged.specification["n_trees"],
        seed=inputs.seed,
    )
    learned = inputs.rows.iloc[inputs.train]
    free.fit(learned, learned["y"].to_numpy(dtype=np.float64))
    without = evaluation.metrics(y, free.predict_proba(tested)[:, 1], threshold=0.5)["roc_auc"]
    return {"roc_auc_with": round(roc_auc, 4), "roc_auc_without": round(without, 4), "n_features": len(bound)}


def _suspicious(inputs: EvaluationInputs) -> list[dict[str, Any]]:
    learned = inputs.rows.iloc[inputs.train]
    return suspicion.suspicious_features(
        learned,
        learned["y"].to_numpy(dtype=np.float64),
        groups=learned["student_id"].to_numpy(),
        features=inputs.features,
        at_least=inputs.how["suspicious_roc_auc"],
        seed=inputs.seed,
    )
