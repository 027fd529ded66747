"""Equally likely values of each feature, given the one other feature that tells most of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

FloatArray = NDArray[np.float64]

# Equally likely values of a column. More move a risk by less than a thousandth, and each costs an evaluation.
N_POINTS = 20
# Contributions cost twenty times what log-odds do, so theirs is the mean over the first of the points. Each column's
# order puts one of every fifth of its values among them.
N_EXPLAINED = 5
# Parts of the telling feature. The second grade of a student with a good first one is hardly a bad one: of all
# second grades the mean risk fell to .10 where .15 leave (UCI 320).
N_PARTS = 5
# Spearman's rank correlation from which a feature tells something of another, and the rows it is measured on.
TELLING = 0.5
MOST_RANKED = 5000


@dataclass(frozen=True, kw_only=True)
class Given:
    """Likely values of a column by where a telling column lies.

    Attributes
    ----------
    by : int
        The telling column.
    edges : ndarray of shape (n_parts - 1,)
        A part holds what is above its lower and at or below its upper edge.
    points : ndarray of shape (n_parts, N_POINTS)
    """

    by: int
    edges: FloatArray
    points: FloatArray

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {"by": names[self.by], "edges": self.edges.tolist(), "points": self.points.tolist()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], names: Sequence[str]) -> Self:
        """Read it back.

        :raises KeyError, ValueError, TypeError: if it is incomplete or of other columns
        """
        edges = np.array(stored["edges"], dtype=np.float64)
        points = np.array(stored["points"], dtype=np.float64)
        if edges.ndim != 1 or points.shape != (len(edges) + 1, N_POINTS) or not np.isfinite(points).all():
            raise ValueError("what stands in for unknown values is incomplete")
        return cls(by=list(names).index(stored["by"]), edges=edges, points=points)

    def of_rows(self, told: FloatArray, otherwise: FloatArray) -> FloatArray:
        """Return likely values for rows, by their value of the telling column.

        Parameters
        ----------
        told : ndarray of shape (n,), NaN where that is not known either
        otherwise : ndarray of shape (N_POINTS,)

        Returns
        -------
        ndarray of shape (n, N_POINTS)
        """
        found = self.points[np.searchsorted(self.edges, told, side="left").clip(max=len(self.edges))]
        return np.where(np.isnan(told)[:, None], otherwise, found)


def likely(values: FloatArray, *, column: int) -> FloatArray:
    """Return equally likely values of a column, in its own order; zeros where it has none."""
    if len(values) == 0:
        # A column without any value that counts tells nothing: constant, no tree looks at it.
        return np.zeros(N_POINTS)
    places = (np.arange(N_POINTS) + 0.5) / N_POINTS
    return shuffled(np.quantile(values, places, method="inverted_cdf"), column=column)


def shuffled(points: FloatArray, *, column: int) -> FloatArray:
    """Return rising points in an order of the column's own: two features not known are combined as if independent."""
    drawn = np.random.default_rng(column)
    # A row per fifth of the values; every N_EXPLAINED points hold one of each.
    parts = drawn.permuted(np.arange(N_POINTS).reshape(N_EXPLAINED, -1), axis=1).T
    found: FloatArray = points[drawn.permuted(parts, axis=1).ravel()]
    return found


def given_others(X: FloatArray, points: FloatArray, *, numbers: Sequence[int]) -> dict[int, Given]:
    """Return the likely values of each column that another one tells of.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), NaN where missing
    points : ndarray of shape (N_POINTS, n_features)
        What stands in where the telling column is in a part of too few rows.
    numbers : sequence of int
        Columns of numbers and flags: the others have no order.
    """
    found: dict[int, Given] = {}
    if len(numbers) < 2:
        return found
    alike = _rank_correlations(X[:, numbers])
    for position, column in enumerate(numbers):
        best = int(alike[position].argmax())
        if alike[position, best] < TELLING:
            continue
        by = numbers[best]
        both = np.isfinite(X[:, column]) & np.isfinite(X[:, by])
        values, told = X[both, column], X[both, by]
        places = np.arange(1, N_PARTS) / N_PARTS
        edges = np.unique(np.quantile(told, places, method="inverted_cdf"))
        part = np.searchsorted(edges, told, side="left")
        of_parts = [values[part == number] for number in range(len(edges) + 1)]
        rows = [likely(some, column=column) if len(some) >= N_POINTS else points[:, column] for some in of_parts]
        found[column] = Given(by=by, edges=edges, points=np.array(rows))
    return found


def _rank_correlations(X: FloatArray) -> FloatArray:
    """Return the size of the rank correlation of each pair, 0 with itself; a gap counts as the middle."""
    some = X[np.linspace(0, len(X) - 1, min(len(X), MOST_RANKED)).astype(np.intp)]
    known = np.isfinite(some)
    ranks = np.zeros(some.shape)
    for column in range(some.shape[1]):
        seen = known[:, column]
        if seen.any():
            of_seen = rankdata(some[seen, column])
            ranks[seen, column] = of_seen - of_seen.mean()
    length = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(length > 0, length, 1.0)
    alike: FloatArray = np.abs(ranks.T @ ranks)
    np.fill_diagonal(alike, 0.0)
    return alike
