"""Who a version is compared with: a plain formula, the school's own rule, and an explainable boosting machine."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import evaluation, fitting, logistic, rules, splits
from modeling.core.encoding import FrameEncoder
from modeling.core.evaluation_inputs import EvaluationInputs
from modeling.core.feature import Feature
from modeling.core.rules import Rule

FloatArray = NDArray[np.float64]
# Of rows to learn from, their labels and other rows: the risks of the others.
Scorer = Callable[[pd.DataFrame, FloatArray, pd.DataFrame], FloatArray]

# With more rows than this the threshold of a plain formula is chosen on one fold, which holds thousands; with fewer, on
# all of them, since a fold alone would then hold a handful of students who left.
MOST_ROWS_IN_FOLDS = 20_000
# The one fold on which that of the boosting machine is chosen is a quarter: more folds would fit it as often again.
EBM_FOLDS = 4
# The part of a rule's risk that keeps students of unequal points apart: too small to move a share.
BY_POINTS = 1e-6
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


def contenders(inputs: EvaluationInputs) -> dict[str, Contender]:
    """Return the model and whom it is compared with, each fitted to the training rows alone.

    The threshold of each is the one with the best F1 on training rows that its scores did not learn from, as
    `fitting.fit_risk_model` chooses the model's: at one half, a rare outcome is hardly ever predicted, and the model
    would win by its threshold.

    Returns
    -------
    dict of "model", "logistic", "rule" (where a rule fits the rows) and "ebm" (where it was asked for and is installed)
    """
    rows, train, test = inputs.rows, inputs.train, inputs.test
    y = rows["y"].to_numpy(dtype=np.float64)
    found = {
        "model": Contender(
            risks=inputs.judged.model().probabilities(rows.iloc[test]),
            threshold=float(inputs.judged.specification["threshold"]),
        ),
        "logistic": _fitted(inputs, _logistic_scorer(inputs), n_folds=inputs.settings.n_folds),
    }
    if inputs.rules:
        share, threshold = rule_risks(inputs.rules, rows=rows, y=y, train=train, test=test)
        found["rule"] = Contender(risks=share, threshold=threshold)
    if inputs.how["explainable_boosting"] and importlib.util.find_spec("interpret") is not None:
        n_folds = min(EBM_FOLDS, inputs.settings.n_folds)
        found["ebm"] = _fitted(inputs, _ebm_scorer(inputs), n_folds=n_folds, most_rows=0)
    return found


def out_of_fold_threshold(
    scorer: Scorer, rows: pd.DataFrame, y: FloatArray, *, n_folds: int, seed: int, most_rows: int = MOST_ROWS_IN_FOLDS
) -> float:
    """Return the threshold with the best F1 on rows scored by a fit that saw none of their students.

    Parameters
    ----------
    scorer : callable
        Fits and scores anew for each fold.
    rows : DataFrame of shape (n, any)
        Training rows, with ``student_id``: no student is on both sides of a fold.
    y : ndarray of shape (n,), 0 or 1
    n_folds, seed : int
        The same as of the model give the same folds.
    most_rows : int
        With more rows than this only the largest fold is scored.

    Raises
    ------
    CannotSplit
        If fewer students of either outcome than folds are there.
    """
    folds = splits.grouped_folds(y, groups=rows["student_id"].to_numpy(), n_folds=n_folds, seed=seed)
    if len(rows) > most_rows:
        folds = [max(folds, key=lambda fold: len(fold[1]))]
    risks = [scorer(rows.iloc[fitted_on], y[fitted_on], rows.iloc[judged_on]) for fitted_on, judged_on in folds]
    return evaluation.f1_threshold(np.concatenate([y[judged_on] for _, judged_on in folds]), np.concatenate(risks))


def _fitted(
    inputs: EvaluationInputs, scorer: Scorer, *, n_folds: int, most_rows: int = MOST_ROWS_IN_FOLDS
) -> Contender:
    learned, asked = inputs.rows.iloc[inputs.train], inputs.rows.iloc[inputs.test]
    y = learned["y"].to_numpy(dtype=np.float64)
    threshold = out_of_fold_threshold(scorer, learned, y, n_folds=n_folds, seed=inputs.seed, most_rows=most_rows)
    return Contender(risks=scorer(learned, y, asked), threshold=threshold)


def _logistic_scorer(inputs: EvaluationInputs) -> Scorer:
    def score(learned: pd.DataFrame, y: FloatArray, asked: pd.DataFrame) -> FloatArray:
        plain = logistic.logistic_pipeline(inputs.features, seed=inputs.seed).fit(learned, y)
        return np.asarray(plain.predict_proba(asked)[:, 1], dtype=np.float64)

    return score


def _ebm_scorer(inputs: EvaluationInputs) -> Scorer:
    features = inputs.judged.model().features

    def score(learned: pd.DataFrame, y: FloatArray, asked: pd.DataFrame) -> FloatArray:
        # What has no value in a fold cannot be learned there.
        usable = fitting.usable_features(learned, features)
        return ebm_risks(learned, y, asked, features=usable, seed=inputs.seed)

    return score


def rule_risks(
    rule: Sequence[Rule], *, rows: pd.DataFrame, y: FloatArray, train: NDArray[np.intp], test: NDArray[np.intp]
) -> tuple[FloatArray, float]:
    """Return the rule's points read as the share of training students with as many who left, and its threshold.

    The shares are made never to fall as the points rise, and a hair is added by the points: the rule is judged by the
    order in which its own list stands, so that one that points the wrong way is seen to. The points are the school's
    and learned from nobody, so that every training row is as good as out of fold for the threshold.
    """
    points = rules.rule_points(rows, rule)
    learned = points.iloc[train].to_numpy()
    left = pd.Series(y[train]).groupby(learned).mean().sort_index().cummax()
    levels = left.index.to_numpy(dtype=np.float64)
    order = np.arange(len(levels)) / max(1, len(levels) - 1)
    risks = (1 - BY_POINTS) * left.to_numpy() + BY_POINTS * order
    threshold = evaluation.f1_threshold(y[train], np.interp(learned, levels, risks))
    return np.interp(points.iloc[test].to_numpy(), levels, risks), threshold


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
