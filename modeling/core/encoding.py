"""Turns a frame of features into the one matrix that LightGBM reads, the same way in training, scoring and the API."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# As in the linear baseline: fewer rows than this do not carry an estimate of their own.
RAREST_CATEGORY = 10
# What stands for a category that was not learned where it has to be told from a gap; numbers of categories begin at 0.
UNSEEN = -1.0


class UnknownEncoding(ValueError):
    """The stored encoding does not fit the features it is said to encode."""


def category_code(value: Any) -> str | None:
    """Return the code under which a category is learned, or None where it is missing: a text of blanks is no code.

    A whole number read as a float keeps the code of the integer ("171", not "171.0"): the same column
    comes as integers from a complete file and as floats from one with gaps.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        if float(value).is_integer():
            return str(int(value))
    code = str(value)
    return code if code.strip() else None


class FrameEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Encode a frame of features as float64, one column per feature, in the order of `features`.

    Numbers and flags stay as they are and missing stays missing (NaN): what a gap means, `modeling.core.unknowns`
    knows. Categories become the position of their code among those learned.

    Parameters
    ----------
    features : sequence of Feature
        The columns to take, in this order. A column the frame lacks is missing throughout.
    unseen : float
        What a code becomes that was not learned: missing, or `UNSEEN`.
    fewest_rows : int
        A code in fewer rows than this is not learned.

    Attributes
    ----------
    categories_ : dict of str to list of str
        For each category feature the codes learned, sorted; the position is the code's number.
    """

    def __init__(self, features: Sequence[Feature], *, unseen: float = np.nan, fewest_rows: int = 1) -> None:
        self.features = features
        self.unseen = unseen
        self.fewest_rows = fewest_rows

    @classmethod
    def for_trees(cls, features: Sequence[Feature]) -> Self:
        """Return the encoder that the trees read by: rare categories are not learned, and told from gaps."""
        return cls(features, unseen=UNSEEN, fewest_rows=RAREST_CATEGORY)

    @property
    def names(self) -> list[str]:
        """Return the names of the columns of the matrix."""
        return [feature.name for feature in self.features]

    @property
    def category_positions(self) -> list[int]:
        """Return which columns of the matrix hold category numbers."""
        return [position for position, feature in enumerate(self.features) if feature.kind == "category"]

    def fit(self, frame: pd.DataFrame, y: Any = None) -> Self:
        """Learn the codes of each category from the training rows.

        Parameters
        ----------
        frame : DataFrame of shape (n, any)
        y : ignored
        """
        categories = {
            feature.name: self._codes_of(frame[feature.name]) if feature.name in frame else []
            for feature in self.features
            if feature.kind == "category"
        }
        self._learn(categories)
        return self

    def transform(self, frame: pd.DataFrame) -> FloatArray:
        """Return the matrix of a frame.

        Parameters
        ----------
        frame : DataFrame of shape (n, any)

        Returns
        -------
        ndarray of shape (n, n_features), float64
        """
        check_is_fitted(self, "categories_")
        matrix = np.full((len(frame), len(self.features)), np.nan)
        for position, feature in enumerate(self.features):
            if feature.name not in frame:
                continue
            column = frame[feature.name]
            if feature.kind == "category":
                matrix[:, position] = self._category_numbers(feature.name, column)
            else:
                matrix[:, position] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return matrix

    def encode_row(self, values: Mapping[str, Any]) -> FloatArray:
        """Return the matrix of one student without building a frame: the fast path of the API.

        Parameters
        ----------
        values : mapping of feature name to value
            A name left out, None and NaN are all missing.

        Returns
        -------
        ndarray of shape (1, n_features), float64
            Equal to `transform` of a frame with this one row.
        """
        row = np.full((1, len(self.features)), np.nan)
        for position, (name, numbers) in enumerate(self._lookup):
            value = values.get(name)
            if numbers is not None:
                row[0, position] = numbers.get(category_code(value), self.unseen)
            elif value is not None:
                row[0, position] = np.nan if value is pd.NA else float(value)
        return row

    def as_json(self) -> dict[str, list[str]]:
        """Return what was learned as plain JSON types."""
        check_is_fitted(self, "categories_")
        return {name: list(codes) for name, codes in self.categories_.items()}

    @classmethod
    def from_json(cls, features: Sequence[Feature], categories: Mapping[str, Sequence[str]]) -> Self:
        """Rebuild a fitted encoder from its features and `as_json`.

        :raises UnknownEncoding: if the categories belong to other features
        """
        encoder = cls.for_trees(features)
        expected = {feature.name for feature in features if feature.kind == "category"}
        if expected != set(categories):
            raise UnknownEncoding(
                f"The encoding holds categories of {sorted(categories)}, the features need {sorted(expected)}."
            )
        encoder._learn({name: [str(code) for code in codes] for name, codes in categories.items()})
        return encoder

    def _learn(self, categories: dict[str, list[str]]) -> None:
        self.categories_ = categories
        self.n_features_in_ = len(self.features)
        self._lookup: list[tuple[str, dict[str | None, float] | None]] = [
            (feature.name, self._numbers(feature.name) if feature.kind == "category" else None)
            for feature in self.features
        ]

    def _codes_of(self, column: pd.Series) -> list[str]:
        n_rows: Counter[str] = Counter()
        for value, n in column.value_counts().items():
            code = category_code(value)
            if code is not None:
                n_rows[code] += int(n)
        return sorted(code for code, n in n_rows.items() if n >= self.fewest_rows)

    def _numbers(self, name: str) -> dict[str | None, float]:
        numbers: dict[str | None, float] = {code: float(n) for n, code in enumerate(self.categories_[name])}
        return numbers | {None: np.nan}

    def _category_numbers(self, name: str, column: pd.Series) -> FloatArray:
        # Codes are looked up once per distinct value: a million rows hold a few dozen.
        positions, distinct = pd.factorize(column)
        numbers = self._numbers(name)
        found = np.array([numbers.get(category_code(value), self.unseen) for value in distinct] + [np.nan])
        return found[positions]  # a missing value has position -1: the NaN at the end
