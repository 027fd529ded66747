"""LightGBM under scikit-learn's contract, bound so that the same rows and seed give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from modeling.core import imbalance as balancing
from modeling.core.imbalance import Method
from modeling.core.tree_contributions import TreeContributions
from modeling.core.unknowns import Read, Unknowns

FloatArray = NDArray[np.float64]

# One thread: a second one makes small fits slower (measured, 20,000 rows: 1.07 s against 0.52 s), and a booster that
# started threads hangs every process forked from it. Row-wise: otherwise LightGBM times both ways and picks the
# faster, which changes the order of sums from one run to the next.
REPRODUCIBLE: dict[str, Any] = {
    "objective": "binary",
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


class RiskBooster(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Boosted trees for a binary outcome on an encoded matrix.

    Parameters
    ----------
    names : sequence of str
        Names of the columns of the matrix, stored in the booster.
    categories : sequence of int
        Columns that hold category numbers.
    directions : sequence of int, or None
        Per column 1 where more of it may only raise the risk, -1 the reverse, 0 free. None: all free.
    n_trees : int
    parameters : dict of LightGBM parameters, or None
        Those of `REPRODUCIBLE` and the seed cannot be replaced.
    seed : int
    imbalance : "none", "class_weights" or "smote"
        What is done about the rarer outcome, to the rows given to `fit` and no others.

    Attributes
    ----------
    booster_ : lightgbm.Booster
    unknowns_ : Unknowns
        Which gaps were learned, and what stands in for the others.
    class_balance_ : dict
        As `modeling.core.imbalance.class_balance` returns it.
    classes_ : ndarray of shape (2,)
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        categories: Sequence[int] = (),
        directions: Sequence[int] | None = None,
        n_trees: int = 100,
        parameters: dict[str, Any] | None = None,
        seed: int = 0,
        imbalance: Method = "none",
    ) -> None:
        self.names = names
        self.categories = categories
        self.directions = directions
        self.n_trees = n_trees
        self.parameters = parameters
        self.seed = seed
        self.imbalance = imbalance

    def fit(self, X: FloatArray, y: FloatArray) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : ndarray of shape (n, n_features), NaN where missing, `UNSEEN` where a category is too rare
        y : ndarray of shape (n,), 0 or 1
        """
        parameters = {**(self.parameters or {}), **REPRODUCIBLE, "seed": self.seed}
        if self.directions is not None and any(self.directions):
            parameters["monotone_constraints"] = list(self.directions)
        self.unknowns_ = Unknowns.of(X, y, categories=self.categories)
        filled = self.unknowns_.filled(X)
        given = balancing.balance(filled, y, method=self.imbalance, categories=self.categories, seed=self.seed)
        self.class_balance_ = balancing.class_balance(self.imbalance, y, given)
        rows = lightgbm.Dataset(
            given.X,
            label=given.y,
            weight=given.weight,
            feature_name=list(self.names),
            categorical_feature=list(self.categories),
            params=parameters,
        )
        self.booster_ = lightgbm.train(parameters, rows, num_boost_round=self.n_trees)
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X: FloatArray, n_trees: int | None = None) -> FloatArray:
        """Return the log-odds, of all trees or of the first `n_trees`; averaged over what is not known.

        Returns
        -------
        ndarray of shape (n,)
        """
        check_is_fitted(self, "booster_")
        return self.unknowns_.read(X).log_odds(lambda matrix: _predicted(self.booster_, matrix, num_iteration=n_trees))

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return what each column adds to the log-odds, as the model that scores does.

        Returns
        -------
        ndarray of shape (n, n_features + 1), the base last
        """
        check_is_fitted(self, "booster_")
        return contributions(TreeContributions(self.booster_), self.unknowns_.read(X), self.decision_function(X))

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return the uncalibrated probabilities of both classes.

        Returns
        -------
        ndarray of shape (n, 2)
        """
        positive = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: FloatArray) -> NDArray[np.intp]:
        """Return the class with the larger uncalibrated probability."""
        return (self.decision_function(X) > 0).astype(np.intp)


def log_odds(booster: lightgbm.Booster, read: Read) -> FloatArray:
    """Return the log-odds of rows read, of shape (n,)."""
    return read.log_odds(lambda matrix: _predicted(booster, matrix))


def contributions(by: TreeContributions, read: Read, of_log_odds: FloatArray) -> FloatArray:
    """Return the contributions of rows read, of shape (n, n_features + 1)."""
    return read.contributions(by.of_matrix, of_log_odds)


def _predicted(booster: lightgbm.Booster, matrix: FloatArray, *, num_iteration: int | None = None) -> FloatArray:
    # The sum of a row's contributions is its raw score but for the last bits, and a calibration with steps could move
    # at one of those: the score stays LightGBM's own.
    # LightGBM ignores parameters given to a booster read from text; one thread has to be asked for each time, or the
    # process hangs in its forked children.
    return np.asarray(
        booster.predict(matrix, num_threads=1, raw_score=True, num_iteration=num_iteration), dtype=np.float64
    )
