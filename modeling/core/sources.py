"""What each feature is about: contributions are summed to these sources before anything is said of a student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The sources of a model's features.

    Attributes
    ----------
    names : list of str
        Each source once, sorted.
    of_column : ndarray of shape (n_features,)
        The position in `names` of each feature's source.
    """

    names: list[str]
    of_column: IntArray

    @classmethod
    def of(cls, features: Sequence[Feature]) -> Self:
        """Group features by source."""
        names, of_column = np.unique([feature.source for feature in features], return_inverse=True)
        return cls(names=names.tolist(), of_column=of_column)

    def sums(self, contributions: FloatArray) -> FloatArray:
        """Return the contribution of each source: the sum of its features'.

        Parameters
        ----------
        contributions : ndarray of shape (n, n_features)
            Without the base.

        Returns
        -------
        ndarray of shape (n, n_sources)
            Rows add up to what the rows of `contributions` add up to. A row alone gives the same floats as among
            others, which a matrix product would not promise.
        """
        sums = np.zeros((len(contributions), len(self.names)))
        for column, source in enumerate(self.of_column):
            sums[:, source] += contributions[:, column]
        return sums

    def telling(self, contributions: FloatArray, usual: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return what of the contributions may be told: usual values contribute nothing.

        Parameters
        ----------
        contributions : ndarray of shape (n, n_features)
            Without the base.
        usual : ndarray of bool, shape (n, n_features)

        Returns
        -------
        contributions : ndarray of shape (n, n_features)
            0 where the value is usual.
        sums : ndarray of shape (n, n_sources)
            Of each source what its telling features add up to, never more than the whole source contributes in the
            same direction: what one feature takes back is not told as if it stood.
        """
        telling = np.where(usual, 0.0, contributions)
        sums, whole = self.sums(telling), self.sums(contributions)
        return telling, np.clip(whole, np.minimum(sums, 0.0), np.maximum(sums, 0.0))
