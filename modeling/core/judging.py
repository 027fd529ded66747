"""Judges a fitted model beside the plain formula and the school's rule, on rows that none of them saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import evaluation, logistic, rules
from modeling.core.evidence import Evidence
from modeling.core.rules import Rule

FloatArray = NDArray[np.float64]


def judge(evidence: Evidence) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of each contender, and all else that the pages and the card show of a version.

    Returns
    -------
    figures : dict of "model", "logistic", "rule" to `evaluation.metrics`
    evaluation : dict, plain JSON types
    """
    rows, train, test = evidence.rows, evidence.train, evidence.test
    y = rows["y"].to_numpy(dtype=np.float64)
    probability = evidence.judged.model().probabilities(rows.iloc[test])
    figures = {
        "model": evaluation.metrics(
            y[test],
            probability,
            threshold=evidence.judged.specification["threshold"],
            capacity=evidence.capacity,
        )
    }
    plain = logistic.logistic_pipeline(evidence.features, seed=evidence.seed).fit(rows.iloc[train], y[train])
    figures["logistic"] = evaluation.metrics(
        y[test], plain.predict_proba(rows.iloc[test])[:, 1], threshold=0.5, capacity=evidence.capacity
    )
    if evidence.rules:
        share, threshold = rule_risks(evidence.rules, rows=rows, y=y, train=train, test=test)
        figures["rule"] = evaluation.metrics(y[test], share, threshold=threshold, capacity=evidence.capacity)
    return figures, {}


def rule_risks(
    rule: Sequence[Rule], *, rows: pd.DataFrame, y: FloatArray, train: NDArray[np.intp], test: NDArray[np.intp]
) -> tuple[FloatArray, float]:
    """Return the rule's points read as the share of training students with as many who left, and its threshold."""
    points = rules.rule_points(rows, rule)
    left = pd.Series(y[train]).groupby(points.iloc[train].to_numpy()).mean().sort_index().cummax()
    share = np.interp(points.iloc[test].to_numpy(), left.index.to_numpy(), left.to_numpy())
    threshold = evaluation.f1_threshold(y[train], np.interp(points.iloc[train].to_numpy(), left.index, left))
    return share, threshold
