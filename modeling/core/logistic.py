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
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from modeling.core.encoding import FrameEncoder
from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# Fewer rows than this do not carry a coefficient of their own; they share one.
RAREST_CATEGORY = 10
# lbfgs on standardised columns ends long before; it is only here so that it never stops half-way with a warning.
MOST_ITERATIONS = 5000


class OutlierClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Pull values beyond the fences learned from the training rows back to the fence.

    The fences lie 1.5 spreads outside the 1st and 99th percentiles, the spread being what lies between them
    (Tukey's rule, 1977, further out: around the quartiles it would cut every rare count). A column without a spread,
    such as a rare flag, is left as it is.

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
            if high > low:
                self.low_[position], self.high_[position] = low - 1.5 * (high - low), high + 1.5 * (high - low)
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Return the clipped values; missing stays missing."""
        return np.clip(X, self.low_, self.high_)


def logistic_pipeline(
    features: Sequence[Feature], *, seed: int, scaling: Literal["standard", "min_max"] = "standard"
) -> Pipeline:
    """Return the unfitted baseline; everything it learns, it learns from the rows it is fitted to.

    Numbers: clipped, median where missing with a flag that says so, scaled. Categories: most common where
    missing with a flag, one-hot, rare and unseen ones left to one column.

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
            ("scale", StandardScaler() if scaling == "standard" else MinMaxScaler()),
        ]
    )
    categorical = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent", add_indicator=True, keep_empty_features=True)),
            ("one_hot", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RAREST_CATEGORY)),
        ]
    )
    columns = ColumnTransformer(
        [("numbers", numeric, numbers), ("categories", categorical, sorted(categories))], sparse_threshold=0.0
    )
    regression = LogisticRegression(max_iter=MOST_ITERATIONS, random_state=seed)
    return Pipeline([("encode", encoder), ("columns", columns), ("regression", regression)])
