"""The linear baseline that every model is shown beside: logistic regression on the same frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from modeling.core.encoding import FrameEncoder
from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# Fewer rows than this do not carry a coefficient of their own: those of rare categories share one, and a column in
# which fewer differ has none (ten cases a coefficient: Peduzzi et al., 1996).
RAREST_CATEGORY = 10
# How far from the mean of the training rows a number is read at most. Of a column near normal nothing is that far; of
# a flag in fewer than 1 in 26 rows it is the flag, which the penalty then still leaves ten times the odds and more.
MOST_DEVIATIONS = 5.0
# lbfgs on standardised columns ends long before; it is only here so that it never stops half-way with a warning.
MOST_ITERATIONS = 5000


class OutlierClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Pull values beyond the fences learned from the training rows back to the fence.

    The fences lie 1.5 spreads outside the 1st and 99th percentiles, the spread being what lies between them
    (Tukey's rule, 1977, further out: around the quartiles it would cut every rare count), and never beyond the least
    and the most of the training rows: a line says nothing of where it was not fitted. Of a column without a spread,
    such as a rare flag, these alone are the fences.

    Attributes
    ----------
    low_, high_ : ndarray of shape (n_columns,)
    """

    def fit(self, X: FloatArray, y: Any = None) -> Self:
        """Learn the fences.

        Parameters
        ----------
        X : ndarray of shape (n, n_columns), NaN where missing
        y : ignored
        """
        self.n_features_in_ = X.shape[1]
        self.low_ = np.full(X.shape[1], -np.inf)
        self.high_ = np.full(X.shape[1], np.inf)
        for position, column in enumerate(X.T):
            known = column[~np.isnan(column)]
            if len(known) == 0:
                continue
            low, high = np.quantile(known, [0.01, 0.99])
            reach = 1.5 * (high - low) if high > low else np.inf
            self.low_[position] = max(low - reach, known.min())
            self.high_[position] = min(high + reach, known.max())
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Return the clipped values; missing stays missing."""
        return np.clip(X, self.low_, self.high_)


class NearConstantColumns(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Read a column in which fewer than `RAREST_CATEGORY` training rows differ from the common value as that value.

    Scaled to variance 1, a column in which 2 of 2,000 rows differ puts these more than thirty standard deviations away,
    and a coefficient learned from two students then outweighs all others wherever the value is common. A bound alone
    would still trust the two; without a coefficient the column is what it was in training, nothing to go by.

    Attributes
    ----------
    common_ : ndarray of shape (n_columns,)
    is_near_constant_ : ndarray of bool, shape (n_columns,)
    """

    def fit(self, X: FloatArray, y: Any = None) -> Self:
        """Learn which columns hardly vary.

        Parameters
        ----------
        X : ndarray of shape (n, n_columns), without missing values
        y : ignored
        """
        self.n_features_in_ = X.shape[1]
        # Where so few rows differ, the common value is the one in the middle.
        middle = len(X) // 2
        self.common_ = np.array([np.partition(column, middle)[middle] for column in X.T])
        self.is_near_constant_ = np.count_nonzero(self.common_ != X, axis=0) < RAREST_CATEGORY
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Return the values, those of a column that hardly varied all the same."""
        return np.where(self.is_near_constant_, self.common_, X)


def logistic_pipeline(
    features: Sequence[Feature], *, seed: int, scaling: Literal["standard", "min_max"] = "standard"
) -> Pipeline:
    """Return the unfitted baseline; everything it learns, it learns from the rows it is fitted to.

    Numbers: clipped, median where missing with a flag that says so, scaled, and at most `MOST_DEVIATIONS` from the
    mean. Categories: most common where missing with a flag, one-hot, rare and unseen ones left to one column. Of
    either, a column that hardly varies, flags of what is missing among them, has no say.

    Parameters
    ----------
    features : sequence of Feature
        The columns of the frame to use, the same as the model's.
    seed : int
    scaling : "standard" or "min_max"
        To mean 0 and variance 1, or to 0..1 between the least and the most of the training rows.
    """
    encoder = FrameEncoder(features)
    categories = set(encoder.category_positions)
    numbers = [position for position in range(len(features)) if position not in categories]
    numeric = Pipeline(
        [
            ("clip", OutlierClipper()),
            ("impute", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("near_constant", NearConstantColumns()),
            ("scale", StandardScaler() if scaling == "standard" else MinMaxScaler()),
            ("bound", FunctionTransformer(np.clip, kw_args={"a_min": -MOST_DEVIATIONS, "a_max": MOST_DEVIATIONS})),
        ]
    )
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RAREST_CATEGORY, sparse_output=False)
    categorical = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent", add_indicator=True, keep_empty_features=True)),
            ("one_hot", one_hot),
            ("near_constant", NearConstantColumns()),
        ]
    )
    columns = ColumnTransformer(
        [("numbers", numeric, numbers), ("categories", categorical, sorted(categories))], sparse_threshold=0.0
    )
    regression = LogisticRegression(max_iter=MOST_ITERATIONS, random_state=seed)
    return Pipeline([("encode", encoder), ("columns", columns), ("regression", regression)])
