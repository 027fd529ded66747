"""Fits the risk model: out-of-fold scores decide trees, calibration and threshold, then all rows grow the booster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from modeling.core import calibration, evaluation, reference, splits
from modeling.core.booster import RiskBooster
from modeling.core.encoding import FrameEncoder
from modeling.core.feature import Feature
from modeling.core.recorded_together import recorded_together
from modeling.core.risk_model import FORMAT, RiskModel

FloatArray = NDArray[np.float64]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]

# Below this no fold holds enough of either outcome to say anything: the school's rule has to serve as the list.
MINIMUM_ROWS = 50
MINIMUM_OF_EACH_OUTCOME = 10


class NotFittable(ValueError):
    """The rows cannot carry a model; the sentence says why and fits the run's page."""


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How to fit, as `configs/training_config.yaml` says it.

    Attributes
    ----------
    horizon_days : int
        What the labels mean; only recorded.
    n_trees : int
        The most trees to grow.
    n_tree_stages : int
        At how many equal steps up to `n_trees` the out-of-fold loss is looked at; 1 keeps them all.
    booster : mapping
        LightGBM's parameters.
    monotone : bool
        Whether features with a `risk_direction` may act in that direction only.
    n_folds : int
    calibration : "best", "identity", "sigmoid" or "isotonic"
        "best" takes the lowest out-of-fold Brier score.
    imbalance : "none", "class_weights" or "smote"
        What is done about the rarer outcome, inside each training fold. It moves the scores; calibration, fitted out of
        fold to the true shares, moves them back.
    """

    horizon_days: int
    n_trees: int
    n_tree_stages: int = 1
    booster: Mapping[str, Any] = field(default_factory=dict)
    monotone: bool = True
    n_folds: int = 5
    calibration: Literal["best", "identity", "sigmoid", "isotonic"] = "best"
    imbalance: Literal["none", "class_weights", "smote"] = "none"


@dataclass(frozen=True, kw_only=True)
class FittedRisk:
    """A fitted model as what is stored, and what is needed to judge it.

    Attributes
    ----------
    booster_text : str
        LightGBM's own text.
    specification : dict
        Plain JSON types: everything else that `RiskModel.from_text` needs.
    pipeline : Pipeline
        The fitted encoder and booster, scikit-learn's way.
    out_of_fold : ndarray of shape (n,)
        Calibrated probability of each training row from trees and a curve that never saw it.
    class_balance : dict
        Rows of either outcome before and after what was done about imbalance, in the final fit.
    """

    booster_text: str
    specification: dict[str, Any]
    pipeline: Pipeline
    out_of_fold: FloatArray
    class_balance: dict[str, Any] = field(default_factory=dict)

    def model(self) -> RiskModel:
        """Return the model as it will be read back from its text."""
        return RiskModel.from_text(self.booster_text, self.specification)


def fit_risk_model(
    frame: pd.DataFrame,
    y: ArrayLike,
    *,
    groups: ArrayLike | None,
    features: Sequence[Feature],
    settings: FitSettings,
    seed: int,
) -> FittedRisk:
    """Fit trees, calibration and threshold, each on rows that let it be judged honestly.

    The same rows in the same order and the same seed give the same bytes. A feature without any value among the
    training rows is left out of the model: what nobody has cannot be learned, and must not count as missing later.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
    y : array-like of shape (n,), 0 or 1
        Censored rows are left out before.
    groups : array-like of shape (n,), or None
        The student of each row: no student is on both sides of a fold. None where each row is another student.
    features : sequence of Feature
    settings : FitSettings
    seed : int

    Raises
    ------
    NotFittable
        If there are too few rows, too few rows or students of one outcome, or no feature that varies.
    """
    labels = _checked(frame, y)
    features = usable_features(frame, features)
    folds = _folds(labels, groups, n_folds=settings.n_folds, seed=seed)
    n_trees, log_odds = _out_of_fold(frame, labels, folds=folds, features=features, settings=settings, seed=seed)
    kinds = calibration.KINDS if settings.calibration == "best" else (settings.calibration,)
    curve, probability = calibration.choose_calibration(
        log_odds, labels, folds=folds, kinds=kinds, forced=settings.calibration != "best"
    )
    pipeline = risk_pipeline(features, settings=settings, n_trees=n_trees, seed=seed).fit(frame, labels)
    specification = {
        "format": FORMAT,
        "features": [feature.as_json() for feature in features],
        "categories": pipeline["encode"].as_json(),
        "unknowns": pipeline["boost"].unknowns_.as_json(pipeline["encode"].names),
        "calibration": curve.as_json(),
        "threshold": evaluation.f1_threshold(labels, probability),
        "horizon_days": settings.horizon_days,
        "seed": seed,
        "n_trees": n_trees,
        "n_training": len(labels),
        "positive_share": float(labels.mean()),
        "reference": reference.training_reference(frame, features),
        "recorded_together": recorded_together(
            pipeline["encode"].transform(frame), [feature.name for feature in features]
        ),
    }
    text = pipeline["boost"].booster_.model_to_string()
    return FittedRisk(
        booster_text=text,
        specification=specification,
        pipeline=pipeline,
        out_of_fold=probability,
        class_balance=pipeline["boost"].class_balance_,
    )


def risk_pipeline(features: Sequence[Feature], *, settings: FitSettings, n_trees: int, seed: int) -> Pipeline:
    """Return the unfitted pipeline: encoder, then booster, which averages over what is not known."""
    encoder = FrameEncoder.for_trees(features)
    directions = [0 if feature.kind == "category" else feature.risk_direction for feature in features]
    booster = RiskBooster(
        names=encoder.names,
        categories=encoder.category_positions,
        directions=directions if settings.monotone else None,
        n_trees=n_trees,
        parameters=dict(settings.booster),
        seed=seed,
        imbalance=settings.imbalance,
    )
    return Pipeline([("encode", encoder), ("boost", booster)])


def _out_of_fold(
    frame: pd.DataFrame,
    labels: FloatArray,
    *,
    folds: Sequence[Fold],
    features: Sequence[Feature],
    settings: FitSettings,
    seed: int,
) -> tuple[int, FloatArray]:
    """Return how many trees have the lowest out-of-fold log loss, and the scores of that many."""
    stages = np.unique(np.linspace(0, settings.n_trees, settings.n_tree_stages + 1)[1:].round().astype(int))
    log_odds = np.empty((len(stages), len(labels)))
    for fitted_on, judged_on in folds:
        pipeline = risk_pipeline(features, settings=settings, n_trees=settings.n_trees, seed=seed)
        pipeline.fit(frame.iloc[fitted_on], labels[fitted_on])
        matrix = pipeline["encode"].transform(frame.iloc[judged_on])
        for stage, n_trees in enumerate(stages):
            log_odds[stage, judged_on] = pipeline["boost"].decision_function(matrix, n_trees=int(n_trees))
    losses = [log_loss(labels, expit(scores)) for scores in log_odds]
    best = int(np.argmin(losses))
    return int(stages[best]), log_odds[best]


def _checked(frame: pd.DataFrame, y: ArrayLike) -> FloatArray:
    labels = np.asarray(y, dtype=np.float64)
    if labels.shape != (len(frame),) or not np.isin(labels, (0.0, 1.0)).all():
        raise NotFittable("Each row needs a label, 0 or 1; leave censored students out first.")
    if len(labels) < MINIMUM_ROWS:
        raise NotFittable(f"Training needs at least {MINIMUM_ROWS} labelled rows, got {len(labels)}.")
    n_positive = int(labels.sum())
    fewest = min(n_positive, len(labels) - n_positive)
    if fewest < MINIMUM_OF_EACH_OUTCOME:
        raise NotFittable(
            f"Training needs at least {MINIMUM_OF_EACH_OUTCOME} rows of each outcome, "
            f"got {n_positive} who dropped out and {len(labels) - n_positive} who did not."
        )
    return labels


def usable_features(frame: pd.DataFrame, features: Sequence[Feature]) -> list[Feature]:
    """Return the features that have a value somewhere; at least one of them has to vary.

    :raises NotFittable: if none does
    """
    n_distinct = {feature.name: frame[feature.name].nunique() if feature.name in frame else 0 for feature in features}
    if max(n_distinct.values(), default=0) < 2:
        raise NotFittable("No feature varies among the training rows: all are missing or constant.")
    return [feature for feature in features if n_distinct[feature.name]]


def _folds(labels: FloatArray, groups: ArrayLike | None, *, n_folds: int, seed: int) -> list[Fold]:
    students = np.arange(len(labels)) if groups is None else np.asarray(groups)
    try:
        return splits.grouped_folds(labels, groups=students, n_folds=n_folds, seed=seed)
    except splits.CannotSplit as refusal:
        raise NotFittable(str(refusal)) from refusal
