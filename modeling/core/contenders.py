"""Who a version is compared with: a plain formula, the school's own rule, and an explainable boosting machine."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import evaluation, logistic, rules
from modeling.core.encoding import FrameEncoder
from modeling.core.evidence import Evidence
from modeling.core.feature import Feature
from modeling.core.rules import Rule

FloatArray = NDArray[np.float64]

# Of a probability without a threshold of its own.
EVEN_ODDS = 0.5
# A quarter of the outer bags and no pairs: on 5,000 rows a second instead of half a minute, and the same area.
EBM_OUTER_BAGS = 4


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way of ranking the students tested.

    Attributes
    ----------
    risks : ndarray of shape (n_test,), in [0, 1]
    threshold : float
        Chosen on other rows than those tested.
    """

    risks: FloatArray
    threshold: float

    def metrics(self, y: FloatArray, *, capacity: int) -> dict[str, float]:
        """Return the measures of `evaluation.metrics`."""
        return evaluation.metrics(y, self.risks, threshold=self.threshold, capacity=capacity)


def contenders(evidence: Evidence) -> dict[str, Contender]:
    """Return the model and whom it is compared with, each fitted to the training rows alone.

    Returns
    -------
    dict of "model", "logistic", "rule" (where a rule fits the rows) and "ebm" (where it was asked for and is installed)
    """
    rows, train, test = evidence.rows, evidence.train, evidence.test
    y = rows["y"].to_numpy(dtype=np.float64)
    plain = logistic.logistic_pipeline(evidence.features, seed=evidence.seed).fit(rows.iloc[train], y[train])
    found = {
        "model": Contender(
            risks=evidence.judged.model().probabilities(rows.iloc[test]),
            threshold=float(evidence.judged.specification["threshold"]),
        ),
        "logistic": Contender(risks=plain.predict_proba(rows.iloc[test])[:, 1], threshold=EVEN_ODDS),
    }
    if evidence.rules:
        share, threshold = rule_risks(evidence.rules, rows=rows, y=y, train=train, test=test)
        found["rule"] = Contender(risks=share, threshold=threshold)
    if evidence.how["explainable_boosting"] and importlib.util.find_spec("interpret") is not None:
        features = evidence.judged.model().features
        risks = ebm_risks(rows.iloc[train], y[train], rows.iloc[test], features=features, seed=evidence.seed)
        found["ebm"] = Contender(risks=risks, threshold=EVEN_ODDS)
    return found


def rule_risks(
    rule: Sequence[Rule], *, rows: pd.DataFrame, y: FloatArray, train: NDArray[np.intp], test: NDArray[np.intp]
) -> tuple[FloatArray, float]:
    """Return the rule's points read as the share of training students with as many who left, and its threshold.

    The shares are made never to fall as the points rise: more points are never read as less risk.
    """
    points = rules.rule_points(rows, rule)
    left = pd.Series(y[train]).groupby(points.iloc[train].to_numpy()).mean().sort_index().cummax()
    share = np.interp(points.iloc[test].to_numpy(), left.index.to_numpy(), left.to_numpy())
    threshold = evaluation.f1_threshold(y[train], np.interp(points.iloc[train].to_numpy(), left.index, left))
    return share, threshold


def ebm_risks(
    train: pd.DataFrame, y: FloatArray, test: pd.DataFrame, *, features: Sequence[Feature], seed: int
) -> FloatArray:
    """Return what an explainable boosting machine says (Lou, Caruana and Gehrke, 2012): a sum of single curves."""
    from interpret.glassbox import ExplainableBoostingClassifier  # an extra that need not be installed

    encoder = FrameEncoder(features).fit(train)
    machine = ExplainableBoostingClassifier(
        feature_names=encoder.names,
        feature_types=["nominal" if feature.kind == "category" else "continuous" for feature in features],
        interactions=0,
        outer_bags=EBM_OUTER_BAGS,
        n_jobs=1,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # It warns that its own drawings leave missing values out; nothing is drawn here.
        warnings.filterwarnings("ignore", message="Missing values detected")
        machine.fit(encoder.transform(train), y.astype(np.intp))
    return np.asarray(machine.predict_proba(encoder.transform(test))[:, 1], dtype=np.float64)
