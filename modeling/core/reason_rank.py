"""Which sources come first for a student, and how far ahead they are of the first that is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# In log-odds: .05 moves a risk of 20 % to 20.8 % at most. Less than that is not worth a sentence to a family.
SMALLEST_CONTRIBUTION = 0.05
# Of each direction. Three is what fits a box and a conversation; "the first ones" below are these.
MOST_TOLD = 3

# The rival of a source that nobody but the smallest contribution comes after.
NOBODY = -1
# Refits that all agree to the last digit would divide by nothing.
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How far a source's contribution to one student moves when the model is fitted to other students.

    The variance is ``spread**2 + (growth * contribution)**2``: the larger a contribution, the more it varies. That
    parts what holds from what does not better than one spread a source.

    Attributes
    ----------
    spread, growth : ndarray of shape (n_sources,), at least 0
        Log-odds; share of the contribution.
    """

    spread: FloatArray
    growth: FloatArray

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], sources: Sequence[str]) -> Self:
        """Read the noise of some sources; one that no refit had counts as noisy as the noisiest."""
        spread, growth = stored["noise"], stored["noise_growth"]
        return cls(
            spread=np.array([spread.get(source, max(spread.values())) for source in sources]),
            growth=np.array([growth.get(source, max(growth.values())) for source in sources]),
        )

    def variance(self, sums: FloatArray, sources: IntArray) -> FloatArray:
        """Return the variance of contributions of shape (n,) whose sources are given."""
        varied: FloatArray = self.spread[sources] ** 2 + (self.growth[sources] * sums) ** 2
        return varied


@dataclass(frozen=True, kw_only=True)
class ReasonRank:
    """The first sources of each student in one direction.

    Attributes
    ----------
    rows, sources : ndarray of shape (n_first,)
        The student and the source.
    sums : ndarray of shape (n_first,)
        What the source contributes, at least `SMALLEST_CONTRIBUTION`.
    rivals : ndarray of shape (n_first,)
        The first source that is not told of the same student, `NOBODY` where that one contributes too little.
    rival_sums : ndarray of shape (n_first,)
        What the rival contributes, or `SMALLEST_CONTRIBUTION`.
    """

    rows: IntArray
    sources: IntArray
    sums: FloatArray
    rivals: IntArray
    rival_sums: FloatArray

    def margins(self, noise: Noise) -> FloatArray:
        """Return how far each source is ahead of its rival, in standard deviations of the difference.

        Returns
        -------
        ndarray of shape (n_first,), at least 0
        """
        variance = noise.variance(self.sums, self.sources)
        variance += np.where(self.rivals == NOBODY, 0.0, noise.variance(self.rival_sums, self.rivals))
        margins: FloatArray = (self.sums - self.rival_sums) / np.sqrt(np.maximum(variance, _SMALLEST_SPREAD**2))
        return margins


def first_sources(sums: FloatArray, *, n_most: int) -> ReasonRank:
    """Return the largest positive sums of each row.

    Parameters
    ----------
    sums : ndarray of shape (n, n_sources)
        Contributions by source, in the direction asked about: turn the sign for what lowers the risk.
    n_most : int
        The most sources of one row.
    """
    n_most = min(n_most, sums.shape[1])
    order = np.argsort(-sums, axis=1, kind="stable")
    ordered = np.take_along_axis(sums, order, axis=1)
    rivals = np.full(len(sums), NOBODY, dtype=np.intp)
    rival_sums = np.full(len(sums), SMALLEST_CONTRIBUTION)
    if sums.shape[1] > n_most:
        strong = ordered[:, n_most] > SMALLEST_CONTRIBUTION
        rivals[strong] = order[strong, n_most]
        rival_sums[strong] = ordered[strong, n_most]
    rows, places = np.nonzero(ordered[:, :n_most] >= SMALLEST_CONTRIBUTION)
    return ReasonRank(
        rows=rows,
        sources=order[rows, places],
        sums=ordered[rows, places],
        rivals=rivals[rows],
        rival_sums=rival_sums[rows],
    )


def is_first(sums: FloatArray, *, n_most: int) -> NDArray[np.bool_]:
    """Return for every row and source whether it is among the first ones.

    Returns
    -------
    ndarray of shape (n, n_sources)
    """
    first = np.zeros(sums.shape, dtype=np.bool_)
    rank = first_sources(sums, n_most=n_most)
    first[rank.rows, rank.sources] = True
    return first
