"""Exact contributions of a booster's features by look-up, equal to LightGBM's own within rounding.

Path-dependent TreeSHAP (Lundberg et al., 2020, "From local explanations to global understanding with explainable AI for
trees", Nature Machine Intelligence 2, algorithm 2) walks every path of every tree for every row. What it finds there
hangs on nothing but the answers to the tree's conditions. So the answers of a few conditions are read as a binary number, and a
table holds the contributions for each such number, summed over all leaves that these conditions lead to: for a tree of
up to `MOST_BITS` splits one table; for a larger one several, each of a branch of it.

A leaf of value v, whose path asks d distinct features, adds for feature f
    v (o_f - z_f) integral from 0 to 1 over t of the product over the other features g of t o_g + (1 - t) z_g,
with o 1 where a row answers all of a feature's conditions as the path does, else 0, and z the share of training rows that
do. That is the Shapley value of a product game; the integrand is of degree d - 1 in t, for which Gauss-Legendre
quadrature with d / 2 points, rounded up, is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from modeling.core import tree_nodes
from modeling.core.tree_answers import Answers, Mark
from modeling.core.tree_nodes import Condition, Leaf, Node, TooManyNodes

FloatArray = NDArray[np.float64]

# Conditions per table: 256 rows. With ten the tables of 120 trees of 24 leaves no longer fit a processor's cache.
MOST_BITS = 8
MOST_LEAVES = 24
# A branch that cannot be parted any more is a leaf: its table has a bit for each distinct feature on the way to it.
MOST_FEATURES_OF_A_LEAF = 12
# Rows at a time: the sums of 40 columns stay in the cache.
_CHUNK = 4096

__all__ = ["TooManyNodes", "TreeTables"]


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One condition on the way to a leaf: which answer leads on, and for what share of the rows that are asked."""

    condition: Condition
    left: bool
    share: float


_Path = tuple[_Step, ...]


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
    """

    def __init__(self, forest: tree_nodes.Forest) -> None:
        """Make the tables.

        :raises TooManyNodes: if a leaf lies behind more than `MOST_FEATURES_OF_A_LEAF` distinct features
        """
        self.n_features = forest.n_features
        self.base = 0.0
        numbers: dict[Mark, int] = {}
        self.tables: list[Table] = []
        for tree in forest.trees:
            self.base += sum(leaf.value * _reach(path) for leaf, path in _leaves(tree, ()))
            for node, path in _branches(tree, ()):
                self.tables.append(_table(node, path, numbers))
        self.answers = Answers(list(numbers))

    @classmethod
    def of(cls, booster: lightgbm.Booster) -> Self:
        """Return the tables of a booster's trees, up to its best iteration where it has one.

        Raises
        ------
        TooManyNodes
            If a tree has more than `MOST_LEAVES` leaves, or a leaf lies behind more than `MOST_FEATURES_OF_A_LEAF`
            distinct features: let LightGBM compute them.
        DamagedBooster
            If it is not a forest of constant leaves and one score per row.
        """
        return cls(tree_nodes.read(booster.model_to_string(), most_leaves=MOST_LEAVES))

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each column adds to the log-odds, as LightGBM's `pred_contrib` does; a row's sum is its raw score.

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
        self._check_width(matrix.shape[1:])
        found = np.empty((len(matrix), self.n_features + 1))
        for start in range(0, len(matrix), _CHUNK):
            found[start : start + _CHUNK, :-1] = self._sums(matrix[start : start + _CHUNK]).T
        found[:, -1] = self.base
        return found

    def _check_width(self, shape: tuple[int, ...]) -> None:
        if shape != (self.n_features,):
            raise ValueError(f"the rows have shape {shape}; the trees read {self.n_features} columns")

    def _sums(self, rows: FloatArray) -> FloatArray:
        columns = np.ascontiguousarray(rows.T, dtype=np.float64)
        n = columns.shape[1]
        marks = self.answers.of_columns(columns)
        sums = np.zeros((self.n_features, n))
        index, found = np.empty(n, dtype=np.intp), np.empty(n)
        for table in self.tables:
            index[:] = _pattern([marks[mark] for mark in table.marks])
            for feature, values in zip(table.features, table.values, strict=True):
                # "clip" looks at no bounds: a pattern has none but its own.
                np.take(values, index, out=found, mode="clip")
                sums[feature] += found
        return sums


def _pattern(bits: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    # Bytes as long as eight bits will do: twice as many rows at a time.
    kind = np.uint8 if len(bits) <= 8 else np.uint16  # noqa: PLR2004
    pattern = bits[0].astype(kind)
    for place, bit in enumerate(bits[1:], 1):
        pattern |= np.left_shift(bit, place, dtype=kind)
    return pattern


def _reach(path: _Path) -> float:
    return float(np.prod([step.share for step in path]))


def _leaves(node: Node | Leaf, path: _Path) -> Iterator[tuple[Leaf, _Path]]:
    if isinstance(node, Leaf):
        yield node, path
        return
    for child, step in _ways(node):
        yield from _leaves(child, (*path, step))


def _ways(node: Node) -> list[tuple[Node | Leaf, _Step]]:
    return [
        (child, _Step(condition=node.condition, left=left, share=child.count / node.count))
        for child, left in ((node.left, True), (node.right, False))
    ]


def _branches(node: Node | Leaf, path: _Path) -> Iterator[tuple[Node | Leaf, _Path]]:
    """Return the fewest branches that cover the leaves and each fit a table; a tree of one leaf has none."""
    n_before = len({step.condition.feature for step in path})
    if n_before + _n_splits(node) <= (MOST_FEATURES_OF_A_LEAF if isinstance(node, Leaf) else MOST_BITS):
        if path or isinstance(node, Node):
            yield node, path
        return
    if isinstance(node, Leaf):
        raise TooManyNodes(f"A leaf lies behind {n_before} features; tables are made for {MOST_FEATURES_OF_A_LEAF}.")
    for child, step in _ways(node):
        yield from _branches(child, (*path, step))


def _n_splits(node: Node | Leaf) -> int:
    return 0 if isinstance(node, Leaf) else 1 + _n_splits(node.left) + _n_splits(node.right)


def _table(node: Node | Leaf, before: _Path, numbers: dict[Mark, int]) -> Table:
    """Return the table of a branch, all leaves of it together, and number its marks."""
    leaves = [(leaf, path, _wanted(path, len(before))) for leaf, path in _leaves(node, before)]
    marks = list(dict.fromkeys(mark for _, _, wanted in leaves for of in wanted.values() for mark, _ in of))
    features = sorted({feature for _, _, wanted in leaves for feature in wanted})
    pattern = np.arange(1 << len(marks))
    bears = {mark: (pattern >> place & 1).astype(np.bool_) for place, mark in enumerate(marks)}
    values = np.zeros((len(features), len(pattern)))
    for leaf, path, wanted in leaves:
        index = np.zeros(len(pattern), dtype=np.intp)
        for place, of in enumerate(wanted.values()):
            index |= np.logical_and.reduce([bears[mark] == yes for mark, yes in of]).astype(np.intp) << place
        shares = [_reach(tuple(step for step in path if step.condition.feature == feature)) for feature in wanted]
        added = _of_leaf(leaf.value, np.array(shares))
        for place, feature in enumerate(wanted):
            values[features.index(feature)] += added[place, index]
    return Table(marks=[numbers.setdefault(mark, len(numbers)) for mark in marks], features=features, values=values)


def _wanted(path: _Path, n_before: int) -> dict[int, list[tuple[Mark, bool]]]:
    """Return the marks that lead to a leaf by feature: one for all that was asked of it before the branch begins."""
    before: dict[int, Mark] = {}
    for step in path[:n_before]:
        before[step.condition.feature] = (*before.get(step.condition.feature, ()), (step.condition, step.left))
    wanted = {feature: [_as_asked(mark)] for feature, mark in before.items()}
    for step in path[n_before:]:
        wanted.setdefault(step.condition.feature, []).append((((step.condition, True),), step.left))
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
    points, weights = np.polynomial.legendre.leggauss((d + 1) // 2)
    t = ((points + 1) / 2)[:, None, None]
    factors = t * met + (1 - t) * shares[:, None]
    # The product over all others from both ends: a share of 0 forbids to divide by one's own.
    one = np.ones_like(factors[:, :1])
    up = np.cumprod(np.concatenate([one, factors[:, :-1]], axis=1), axis=1)
    down = np.cumprod(np.concatenate([one, factors[:, :0:-1]], axis=1), axis=1)[:, ::-1]
    integral = np.tensordot(weights / 2, up * down, axes=1)
    return np.asarray(value * (met - shares[:, None]) * integral)
