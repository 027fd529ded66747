"""What may be told of the first so many of a ranking, so that no small group of people can be worked out from it.

The cuts of one ranking lie inside each other: the first 5 of 100 among the first 10, the bins of a calibration curve
beside them. So a reader subtracts one from another, from all tested and from all who left. Between any two cuts, the
ends of the ranking included, there are those who left and those who stayed: a cell each.

The criterion: of a cell of fewer than `minimum` nothing can be told but that it may be small. Every number from 0 to
`minimum` - 1 that the sizes of the cuts alone allow is still possible with all that is published (so the cell's range
is at least `minimum` numbers wide wherever it can be). An empty cell is a small one: it tells of everybody beside it.

Cuts and what is told of them are differences between running totals, each between two whole numbers. The tightest
bounds that follow are shortest paths (Cormen et al., 2009, section 24.4), and are exact for whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[int, int]
Matrix = NDArray[np.float64]

# A share is told as it is, or as lying between two multiples of one of these.
STEPS = (0.05, 0.1, 0.2, 0.5)
# So is a ROC-AUC: to two decimals, or between two multiples.
AUC_STEPS = (0.01, 0.05, 0.1)
ROUND = 1e-9


@dataclass(frozen=True, kw_only=True)
class Told:
    """What may be told of one ranking.

    Attributes
    ----------
    cuts : tuple of (low, high) or None, one per cut asked for
        Between which numbers the people who left lie, of those above the cut; None where nothing may be told. Both are
        the same where the number itself may.
    edges : tuple of bool, one per edge asked for
        Whether the size and the number who left above the edge may be told.
    auc : (low, high) or None
        Between which values the ROC-AUC is told to lie.
    """

    cuts: tuple[Bounds | None, ...]
    edges: tuple[bool, ...] = ()
    auc: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """People in the order of their risk: how many there are, and how many of them left."""

    n: int
    n_positive: int
    minimum: int

    @property
    def is_open(self) -> bool:
        """Return whether both totals may be told at all."""
        return min(self.n_positive, self.n - self.n_positive) >= self.minimum


@lru_cache(maxsize=256)
def told(
    ranking: Ranking,
    cuts: tuple[tuple[int, float], ...],
    *,
    edges: tuple[tuple[int, int], ...] = (),
    auc: float | None = None,
) -> Told:
    """Return what may be told of a ranking's cuts, the most important first.

    Parameters
    ----------
    ranking : Ranking
        `n` and `n_positive` are published.
    cuts : tuple of (size, found)
        How many are above the cut, a size the reader knows whatever is told, and how many of them left. That is no
        whole number where rows tie at the cut: then both numbers beside it are meant.
    edges : tuple of (size, found)
        Cuts whose size the reader does not know unless it is told, such as those between the bins of a calibration
        curve. They are told as they are or not at all.
    auc : float, or None

    Returns
    -------
    Told
        Cut by cut the finest that keeps the criterion, given what was granted before.
    """
    if not ranking.is_open:
        return Told(cuts=(None,) * len(cuts), edges=(False,) * len(edges))
    state = _Published(ranking=ranking, found=dict(_whole(size, found) for size, found in cuts))
    granted = [state.grant(size) for size, _found in cuts]
    state.grant_auc(auc)
    kept = tuple(state.grant_edge(size, found) for size, found in edges)
    return Told(cuts=tuple(granted), edges=kept, auc=state.auc)


def _whole(size: int, found: float) -> tuple[int, Bounds]:
    return size, (floor(found + ROUND), ceil(found - ROUND))


@dataclass(kw_only=True)
class _Published:
    """What is published of a ranking so far."""

    ranking: Ranking
    found: dict[int, Bounds]
    bounds: dict[int, Bounds] = field(default_factory=dict)
    auc: tuple[float, float] | None = None

    def grant(self, size: int) -> Bounds | None:
        """Publish the finest bounds of a cut that keep every small cell, and return them."""
        for step in (None, *STEPS):
            self.bounds[size] = _between(size, self.found[size], step)
            if self._keeps():
                return self.bounds[size]
        del self.bounds[size]
        return None

    def grant_edge(self, size: int, found: int) -> bool:
        """Publish a cut of a size that was not known, if that keeps every small cell."""
        if size in self.found:
            return size in self.bounds and self.bounds[size] == (found, found)
        self.found[size] = self.bounds[size] = (found, found)
        if self._keeps():
            return True
        del self.found[size], self.bounds[size]
        return False

    def grant_auc(self, auc: float | None) -> None:
        """Publish the finest bounds of the ROC-AUC that keep every small cell."""
        for step in AUC_STEPS if auc is not None else ():
            self.auc = _auc_between(float(auc or 0.0), step)
            if self._keeps():
                return
        self.auc = None

    def _keeps(self) -> bool:
        sizes = [0, *sorted(size for size in self.found if 0 < size < self.ranking.n), self.ranking.n]
        ends = {0: (0, 0), self.ranking.n: (self.ranking.n_positive,) * 2}
        truth = [{**self.found, **ends}[size] for size in sizes]
        alone = _tightest(sizes, ends)
        known = _tightest(sizes, {**self.bounds, **ends})
        for i in range(len(sizes)):
            for j in range(i + 1, len(sizes)):
                open_numbers = self._must_stay_open(sizes[j] - sizes[i], truth[i], truth[j], alone, (i, j))
                if any(not -known[j, i] <= number <= known[i, j] for number in open_numbers):
                    return False
                if self.auc and any(
                    not self._auc_allows(self.auc, sizes, _closed(known, (i, j), number)) for number in open_numbers
                ):
                    return False
        return True

    def _must_stay_open(
        self, size: int, before: Bounds, after: Bounds, alone: Matrix, pair: tuple[int, int]
    ) -> set[int]:
        """Return how many between two cuts may have left, as far as those who left or stayed there are few."""
        i, j = pair
        least, most = int(-alone[j, i]), int(alone[i, j])
        smallest_left, largest_left = max(0, after[0] - before[1]), min(size, after[1] - before[0])
        few = self.ranking.minimum - 1
        numbers: set[int] = set()
        if smallest_left <= few:
            numbers |= set(range(least, min(few, most) + 1))
        if size - largest_left <= few:
            numbers |= set(range(max(size - few, least), most + 1))
        return numbers

    def _auc_allows(self, auc: tuple[float, float], sizes: Sequence[int], fixed: Matrix) -> bool:
        """Return whether an order of people is at hand that keeps the bounds and has such a ROC-AUC.

        Not every order is tried: where none of five is found the ROC-AUC is told more coarsely than it might be.
        """
        lowest, highest = -fixed[:, 0], fixed[0]
        n_pairs = self.ranking.n_positive * (self.ranking.n - self.ranking.n_positive)
        # Rounded down, the middle of two solutions is one too: such sets are closed under it (Murota, 2003, chapter 5).
        middle = np.floor((lowest + highest) / 2)
        quarters = np.floor((lowest + middle) / 2), np.floor((middle + highest) / 2)
        for running in (middle, lowest, highest, *quarters):
            least, most = _pairs_in_order(sizes, running)
            if least <= auc[1] * n_pairs + ROUND and most >= auc[0] * n_pairs - ROUND:
                return True
        return False


def _between(size: int, found: Bounds, step: float | None) -> Bounds:
    """Return the numbers that a share told to a step leaves open."""
    if step is None:
        return found
    first = min(floor(found[0] / size / step + ROUND), round(1 / step) - 1)
    last = max(first + 1, ceil(found[1] / size / step - ROUND))
    return max(0, ceil(first * step * size - ROUND)), min(size, floor(last * step * size + ROUND))


def _auc_between(auc: float, step: float) -> tuple[float, float]:
    if step == AUC_STEPS[0]:
        return round(auc, 2) - step / 2, round(auc, 2) + step / 2
    first = min(floor(auc / step + ROUND), round(1 / step) - 1)
    return round(first * step, 2), round((first + 1) * step, 2)


def _tightest(sizes: Sequence[int], bounds: dict[int, Bounds]) -> Matrix:
    """Return by how much at most the running total of one cut exceeds that of another, shape (n_cuts, n_cuts)."""
    n = len(sizes)
    most = np.full((n, n), np.inf)
    np.fill_diagonal(most, 0.0)
    for i in range(n - 1):
        most[i, i + 1], most[i + 1, i] = sizes[i + 1] - sizes[i], 0.0
    for place, size in enumerate(sizes):
        if size in bounds:
            low, high = bounds[size]
            most[0, place], most[place, 0] = min(most[0, place], high), min(most[place, 0], -low)
    for k in range(n):
        most = np.minimum(most, most[:, k, None] + most[None, k, :])
    return most


def _closed(most: Matrix, pair: tuple[int, int], number: int) -> Matrix:
    """Return the tightest bounds where one difference is known as well."""
    i, j = pair
    fixed = np.minimum(most, most[:, i, None] + number + most[None, j, :])
    both: Matrix = np.minimum(fixed, fixed[:, j, None] - number + fixed[None, i, :])
    return both


def _pairs_in_order(sizes: Sequence[int], running: Matrix) -> tuple[float, float]:
    """Return the fewest and the most pairs of one who left and one who stayed in which the first ranks higher."""
    left = np.diff(running)
    stayed = np.diff(np.asarray(sizes, dtype=np.float64)) - left
    below = stayed[::-1].cumsum()[::-1] - stayed
    return float(left @ below), float(left @ (below + stayed))
