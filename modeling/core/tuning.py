"""Tries settings of the trees on folds that share one binned dataset, with as few trees as the fold asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from modeling.core import imbalance, splits
from modeling.core.booster import REPRODUCIBLE
from modeling.core.encoding import FrameEncoder
from modeling.core.feature import Feature
from modeling.core.imbalance import Method
from modeling.core.tuning_space import TUNED, Parameters
from modeling.core.unknowns import Unknowns

FloatArray = NDArray[np.float64]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]

# A fold ends when so many trees together brought so little log loss: what parts settings is many times as much.
PATIENCE = 20
LITTLE = 5e-5
# The least probability that a log is taken of.
SMALLEST = 1e-15
# What bins are made of. LightGBM drops features that no leaf of `min_data_in_leaf` rows could use when it makes the
# bins, and all trials share them, so the filter must be off; the bins are those of the training itself.
BINS: dict[str, Any] = {"max_bin": 255, "feature_pre_filter": False}


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """How one fold did.

    Attributes
    ----------
    log_loss : float
        Of the rows tested, at the number of trees that suits them best, at the training rows' own base rate.
    roc_auc : float
    n_trees : int
    """

    log_loss: float
    roc_auc: float
    n_trees: int

    def as_json(self) -> dict[str, float]:
        """Return plain JSON types."""
        return asdict(self)


def tuning_folds(
    y: FloatArray, *, snapshot_on: pd.Series, groups: NDArray[Any], horizon_days: int, n_folds: int, seed: int
) -> tuple[list[Fold], str]:
    """Return folds along time where the dates allow it, else folds by student, and which they are.

    Parameters
    ----------
    y : ndarray of shape (n,), 0 or 1
    snapshot_on : Series of datetime64, shape (n,)
    groups : ndarray of shape (n,)
        The student of each row.
    horizon_days, n_folds, seed : int

    Returns
    -------
    folds : list of (train, test)
    kind : "rolling_origin" or "by_student"

    Raises
    ------
    CannotSplit
        If an outcome has too few students for either.
    """
    try:
        folds = splits.rolling_origin_folds(
            y, snapshot_on=snapshot_on.to_numpy(), groups=groups, horizon_days=horizon_days, n_folds=n_folds, seed=seed
        )
    except splits.CannotSplit:
        return splits.grouped_folds(y, groups=groups, n_folds=n_folds, seed=seed), "by_student"
    return folds, "rolling_origin"


class FoldedDataset:
    """Training rows binned once, and the folds cut out of the bins.

    Bins and category numbers are made from the features of all training rows, tested ones included. That peeks at no
    label, and what a bin's border tells of a tested row is less than any of 255 parts of a column; each trial's trees
    see the fold's training rows only.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
    y : ndarray of shape (n,), 0 or 1
    features : sequence of Feature
    folds : sequence of (train, test)
    trees : mapping
        As configured; of it count ``n_trees``, ``max_depth`` and ``monotone``, which a search holds fixed: explanations
        of what it finds cost no more than now.
    seed : int
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        y: FloatArray,
        *,
        features: Sequence[Feature],
        folds: Sequence[Fold],
        trees: Mapping[str, Any],
        seed: int,
    ) -> None:
        encoder = FrameEncoder.for_trees(features).fit(frame)
        self.n_folds = len(folds)
        self._y = np.asarray(y, dtype=np.float64)
        self._folds = folds
        self._seed = seed
        self._most_trees = int(trees["n_trees"])
        self._categories = encoder.category_positions
        self._fixed = {**REPRODUCIBLE, **BINS, "seed": seed, "metric": "None", "bagging_freq": 1}
        self._fixed["max_depth"] = trees["max_depth"]
        directions = [0 if feature.kind == "category" else feature.risk_direction for feature in features]
        if trees["monotone"] and any(directions):
            self._fixed["monotone_constraints"] = directions
        matrix = encoder.transform(frame)
        self._matrix = Unknowns.of(matrix, self._y, categories=self._categories).filled(matrix)
        self._bins = lightgbm.Dataset(
            self._matrix,
            label=self._y,
            feature_name=encoder.names,
            categorical_feature=self._categories,
            params=self._fixed,
            free_raw_data=False,
        ).construct()
        self._cut: dict[tuple[int, Method], tuple[lightgbm.Dataset, lightgbm.Dataset, float]] = {}

    def try_fold(self, parameters: Parameters, fold: int) -> FoldResult:
        """Grow trees on one fold's training rows until its tested rows gain nothing more.

        Parameters
        ----------
        parameters : dict
            As a trial of `modeling.core.tuning_space` has them.
        fold : int
            0 to `n_folds` - 1.
        """
        method = cast("Method", parameters.get("imbalance", "none"))
        train, tested, shift = self._fold(fold, method)
        judge = _Judge(self._y[self._folds[fold][1]], shift=shift)
        lightgbm.train(
            self._fixed | {name: parameters[name] for name in TUNED},
            train,
            num_boost_round=self._most_trees,
            valid_sets=[tested],
            feval=judge,
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False, min_delta=LITTLE)],
        )
        return judge.result()

    def _fold(self, fold: int, method: Method) -> tuple[lightgbm.Dataset, lightgbm.Dataset, float]:
        """Return the training rows and the tested rows of a fold as bins, cut once for all trials."""
        if (fold, method) not in self._cut:
            fitted_on, tested_on = self._folds[fold]
            y = self._y[fitted_on]
            shift = 0.0
            if method == "none":
                train = self._bins.subset(fitted_on.tolist())
            else:
                given = imbalance.balance(
                    self._matrix[fitted_on], y, method=method, categories=self._categories, seed=self._seed
                )
                shift = given.log_odds_shift
                # Rows that were made have no place in the bins yet: they get the borders of the others.
                train = lightgbm.Dataset(
                    given.X, label=given.y, weight=given.weight, reference=self._bins, params=self._fixed
                )
            tested = self._bins.subset(tested_on.tolist())
            self._cut[fold, method] = (train.construct(), tested.construct(), shift)
        return self._cut[fold, method]


class _Judge:
    """LightGBM's ear to the tested rows: log loss after each tree, and the scores of the best number of trees.

    Log loss, not AUC, decides: it is a proper score, so that it looks at the estimates a counsellor reads and not at
    their order alone; it varies less between folds; and it is what decides the number of trees everywhere else here.
    """

    def __init__(self, y: FloatArray, *, shift: float) -> None:
        self._y = y
        self._is_positive = y == 1
        # Weights and synthetic rows raise every score by about as much. Calibration takes it off again after a
        # training, so it must not count against a method here.
        self._shift = shift
        self._n_trees = 0
        self._best = np.inf
        self._best_at = 0
        self._scores: FloatArray = np.zeros(len(y))

    def __call__(self, predicted: FloatArray, _data: lightgbm.Dataset) -> tuple[str, float, bool]:
        """Take note of the probabilities after one more tree."""
        self._n_trees += 1
        if self._shift:
            predicted = expit(logit(np.clip(predicted, SMALLEST, 1 - SMALLEST)) - self._shift)
        loss = -float(np.log(np.maximum(np.where(self._is_positive, predicted, 1 - predicted), SMALLEST)).mean())
        if loss < self._best:
            self._best, self._best_at, self._scores = loss, self._n_trees, predicted
        return "log_loss", loss, False

    def result(self) -> FoldResult:
        """Return the fold's figures at the best number of trees."""
        return FoldResult(
            log_loss=self._best, roc_auc=float(roc_auc_score(self._y, self._scores)), n_trees=self._best_at
        )
