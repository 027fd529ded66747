"""Exact contributions of a booster's features by look-up, equal to LightGBM's own within rounding.

Path-dependent TreeSHAP (Lundberg et al., 2020, "From local explanations to global understanding with explainable AI
for trees", Nature Machine Intelligence 2, algorithm 2) walks every path of every tree for every row. What it finds
hangs on nothing but the answers to the tree's conditions. So the answers to a few conditions are read as a binary
number, and a table holds the contributions for each such number, summed over all leaves these conditions lead to. A
tree of up to `MOST_BITS` splits has one table; a larger one has several, each of leaves side by side.

A leaf of value v, whose path asks d distinct features, adds for feature f
    v (o_f - z_f) integral from 0 to 1 over t of the product over the other features g of t o_g + (1 - t) z_g,
with o 1 where a row answers all of a feature's conditions as the path does, else 0, and z the share of training rows
that do. That is the Shapley value of a product game; the integrand is of degree d - 1 in t, for which Gauss-Legendre
quadrature with d / 2 points, rounded up, is exact.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from modeling.core import tree_paths
from modeling.core.tree_answers import Answers, Mark
from modeling.core.tree_paths import Leaf, Path, TooManyNodes

FloatArray = NDArray[np.float64]

# Conditions per table: 1,024 rows. With eleven the tables of 120 trees of 24 leaves take twice the
# memory and no less time.
MOST_BITS = 10
MOST_LEAVES = 24
# A branch that cannot be parted any more is a leaf: its table has a bit for each distinct feature on the way to it.
MOST_FEATURES_OF_A_LEAF = 12
# Together 128 MB: seven times what 120 trees of 24 leaves take.
MOST_CELLS = 1 << 24
# Rows at a time: enough that NumPy's calls cost little, few enough that the sums of 40 columns stay near.
_CHUNK = 8192
_BYTE = 8
# To make a pattern and an index of it takes as long as the look-ups of two features.
_COST_OF_A_PATTERN = 2

__all__ = ["TooManyNodes", "TreeTables"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """The contributions of some leaves of one tree.

    Attributes
    ----------
    marks : sequence of int
        Number of the mark that each bit of a pattern stands for, the lowest first.
    features : sequence of int
    values : ndarray of shape (n_features of the table, 2 ** n_bits)
        What each of the features adds to the log-odds under each pattern.
    """

    marks: Sequence[int]
    features: Sequence[int]
    values: FloatArray


class TreeTables:
    """The contributions of a booster's features, for many rows.

    Attributes
    ----------
    n_features : int
    base : float
        The mean log-odds of the trees over their training rows.
    answers : Answers
        What a row says to the conditions.
    tables : sequence of Table
    cells : ndarray of shape (n_cells,)
        The values of all tables, one after the other; each table looks at its own.
    """

    def __init__(self, forest: tree_paths.Forest) -> None:
        """Make the tables.

        :raises TooManyNodes: if a leaf lies behind too many distinct features, or there are too many trees
        """
        self.n_features = forest.n_features
        self.base = sum(leaf.value * _share(leaf.path) for leaves in forest.trees for leaf in leaves)
        numbers: dict[Mark, int] = {}
        parts = [part for leaves in forest.trees for part in _parted(leaves)]
        n_cells = sum(_n_cells(part) for part in parts)
        if n_cells > MOST_CELLS:
            raise TooManyNodes(f"The tables would have {n_cells} cells; {MOST_CELLS} at most are kept in memory.")
        self.tables, self.cells = _in_one_piece([_table(part, numbers) for part in parts])
        self.answers = Answers(forest.conditions, list(numbers))

    @classmethod
    def of(cls, booster: lightgbm.Booster) -> Self:
        """Return the tables of a booster's trees, up to its best iteration where it has one.

        Raises
        ------
        TooManyNodes
            If a tree has more than `MOST_LEAVES` leaves, a leaf lies behind more than `MOST_FEATURES_OF_A_LEAF`
            distinct features, or all tables have more than `MOST_CELLS` cells: let LightGBM compute them.
        DamagedBooster
            If it is not a forest of constant leaves and one score per row.
        """
        return cls(tree_paths.read(booster.model_to_string(), most_leaves=MOST_LEAVES))

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each column adds to the log-odds, as `pred_contrib` does; a row's sum is its raw score.

        Parameters
        ----------
        matrix : ndarray of shape (n, n_features)
            NaN where missing, category numbers where the booster splits by category.

        Returns
        -------
        ndarray of shape (n, n_features + 1)
            In log-odds, the base last.

        Raises
        ------
        ValueError
            If the matrix has another number of columns.
        """
        self.check_width(matrix.shape[1:])
        found = np.empty((len(matrix), self.n_features + 1))
        for some in np.array_split(np.arange(len(matrix)), -(-len(matrix) // _CHUNK) or 1):
            rows = slice(some[0], some[-1] + 1) if len(some) else slice(0)
            found[rows, :-1] = self._sums(matrix[rows]).T
        found[:, -1] = self.base
        return found

    def check_width(self, shape: tuple[int, ...]) -> None:
        """Check that rows are of the shape that the trees read.

        :raises ValueError: if they are not
        """
        if shape != (self.n_features,):
            raise ValueError(f"the rows have shape {shape}; the trees read {self.n_features} columns")

    def _sums(self, rows: FloatArray) -> FloatArray:
        columns = np.ascontiguousarray(rows.T, dtype=np.float64)
        n = columns.shape[1]
        marks = self.answers.of_columns(columns)
        sums = np.zeros((self.n_features, n))
        found = np.empty(n)
        for table in self.tables:
            index = _pattern([marks[mark] for mark in table.marks])
            for feature, values in zip(table.features, table.values, strict=True):
                # "clip" looks at no bounds: a pattern has none but its own.
                np.take(values, index, out=found, mode="clip")
                sums[feature] += found
        return sums


def _in_one_piece(tables: Sequence[Table]) -> tuple[list[Table], FloatArray]:
    """Return the tables as views of one array, and the array: the form for few rows reads it without a copy."""
    cells = np.concatenate([np.zeros(0), *(table.values.ravel() for table in tables)])
    begins = np.cumsum([0, *(table.values.size for table in tables)])
    views = [
        replace(table, values=cells[begin : begin + table.values.size].reshape(table.values.shape))
        for table, begin in zip(tables, begins[:-1], strict=True)
    ]
    return views, cells


def _pattern(bits: Sequence[NDArray[np.uint8]]) -> NDArray[np.intp]:
    # Byte by byte: sixteen bits at once are slower than twice eight.
    low, high = _byte(bits[:_BYTE]), bits[_BYTE:]
    if not high:
        return low.astype(np.intp)
    return (low | _byte(high).astype(np.uint16) << _BYTE).astype(np.intp)


def _byte(bits: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    # Doubled by adding, the highest bit first: NumPy adds bytes far faster than it shifts them.
    found = bits[-1].copy()
    for bit in bits[-2::-1]:
        found += found
        found += bit
    return found


def _share(path: Path) -> float:
    return math.prod(step.share for step in path)


def _parted(leaves: Sequence[Leaf]) -> list[Sequence[Leaf]]:
    """Return the leaves in parts that each fit a table, so that a row has the least to look up.

    :raises TooManyNodes: if a leaf alone does not fit one
    """
    if not leaves[0].path:
        return []
    if _fits(leaves):
        # Whatever the parts, each would look up its features and make a pattern of its own.
        return [leaves]
    # cheapest[end]: what the first `end` leaves cost at least, and where their last part begins.
    cheapest = [(0, 0)]
    for end in range(1, len(leaves) + 1):
        ways = []
        for begin in reversed(range(end)):
            part = leaves[begin:end]
            if not _fits(part):
                break
            ways.append((cheapest[begin][0] + _n_features(part) + _COST_OF_A_PATTERN, begin))
        cheapest.append(min(ways))
    parts = []
    end = len(leaves)
    while end:
        begin = cheapest[end][1]
        parts.append(leaves[begin:end])
        end = begin
    return parts[::-1]


def _fits(part: Sequence[Leaf]) -> bool:
    if len(part) > 1:
        return _n_bits(part) <= MOST_BITS
    n_features = _n_bits(part)
    if n_features > MOST_FEATURES_OF_A_LEAF:
        raise TooManyNodes(f"A leaf lies behind {n_features} features; {MOST_FEATURES_OF_A_LEAF} at most fit a table.")
    return True


def _n_bits(part: Sequence[Leaf]) -> int:
    n_shared = _n_shared(part)
    before = {step.feature for step in part[0].path[:n_shared]}
    return len(before) + len({step.condition for leaf in part for step in leaf.path[n_shared:]})


def _n_cells(part: Sequence[Leaf]) -> int:
    return _n_features(part) << _n_bits(part)


def _n_features(part: Sequence[Leaf]) -> int:
    return len({step.feature for leaf in part for step in leaf.path})


def _n_shared(part: Sequence[Leaf]) -> int:
    """Return how many steps all leaves of a part share: what the first and the last do, for they stand in order."""
    same = (one == other for one, other in zip(part[0].path, part[-1].path, strict=False))
    return sum(itertools.takewhile(bool, same))


def _table(part: Sequence[Leaf], numbers: dict[Mark, int]) -> Table:
    """Return the table of a part, all leaves of it together, and number its marks."""
    n_shared = _n_shared(part)
    ways = [(leaf, _wanted(leaf.path, n_shared)) for leaf in part]
    marks = list(dict.fromkeys(mark for _, wanted in ways for of in wanted.values() for mark, _ in of))
    features = sorted({feature for _, wanted in ways for feature in wanted})
    pattern = np.arange(1 << len(marks))
    bears = {mark: (pattern >> place & 1).astype(np.bool_) for place, mark in enumerate(marks)}
    values = np.zeros((len(features), len(pattern)))
    for leaf, wanted in ways:
        index = np.zeros(len(pattern), dtype=np.intp)
        for place, of in enumerate(wanted.values()):
            index |= np.logical_and.reduce([bears[mark] == yes for mark, yes in of]).astype(np.intp) << place
        shares = [_share(tuple(step for step in leaf.path if step.feature == feature)) for feature in wanted]
        added = _of_leaf(leaf.value, np.array(shares))
        for place, feature in enumerate(wanted):
            values[features.index(feature)] += added[place, index]
    return Table(marks=[numbers.setdefault(mark, len(numbers)) for mark in marks], features=features, values=values)


def _wanted(path: Path, n_shared: int) -> dict[int, list[tuple[Mark, bool]]]:
    """Return the marks that lead to a leaf by feature: one for all that is asked of it before the part begins."""
    before: dict[int, Mark] = {}
    for step in path[:n_shared]:
        before[step.feature] = (*before.get(step.feature, ()), (step.condition, step.left))
    wanted = {feature: [_as_asked(mark)] for feature, mark in before.items()}
    for step in path[n_shared:]:
        wanted.setdefault(step.feature, []).append((((step.condition, True),), step.left))
    return wanted


def _as_asked(mark: Mark) -> tuple[Mark, bool]:
    """Return one condition alone as it is asked elsewhere, and the answer to it."""
    if len(mark) > 1:
        return mark, True
    condition, left = mark[0]
    return ((condition, True),), left


def _of_leaf(value: float, shares: FloatArray) -> FloatArray:
    """Return what the d features on the way to a leaf add, whichever of them are met: shape (d, 2 ** d)."""
    d = len(shares)
    met = (np.arange(1 << d) >> np.arange(d)[:, None] & 1).astype(np.float64)
    points, weights = _quadrature((d + 1) // 2)
    t = ((points + 1) / 2)[:, None, None]
    factors = t * met + (1 - t) * shares[:, None]
    # The product over all others from both ends: a share of 0 forbids to divide by one's own.
    one = np.ones_like(factors[:, :1])
    up = np.cumprod(np.concatenate([one, factors[:, :-1]], axis=1), axis=1)
    down = np.cumprod(np.concatenate([one, factors[:, :0:-1]], axis=1), axis=1)[:, ::-1]
    integral = np.tensordot(weights / 2, up * down, axes=1)
    return np.asarray(value * (met - shares[:, None]) * integral)


@functools.cache
def _quadrature(n_points: int) -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(n_points)
    return points, weights
