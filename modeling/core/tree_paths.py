"""Reads the trees of a booster from LightGBM's own text, each question put so that it can be answered in NumPy.

The text and not `dump_model`: that one says 1e300 where the text says inf, and an infinite
value would go the other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core import booster_text

# LightGBM takes what is nearer to zero than this for zero. It is a 32-bit number there, a little above 1e-35.
NEAREST_TO_ZERO = float(np.float32(1e-35))
_CATEGORY, _DEFAULT_LEFT = 1, 2
# Bits 2 and 3 of a decision: what counts as missing. Where nothing does, a missing value is read as 0.
_MISSING_NONE, _MISSING_ZERO = 0, 1
_BITS_PER_WORD = 32
_WHOLE = ("split_feature", "decision_type", "left_child", "right_child", "leaf_count", "internal_count")


class TooManyNodes(ValueError):
    """A tree is too large for tables; LightGBM's own recursion answers for it."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A question that a row answers with left or right. Equal ones of several trees are asked once.

    Attributes
    ----------
    feature : int
        Position of its column.
    threshold : float
        Left if the value is at most this; it holds for values that LightGBM takes for 0, too.
    if_missing : bool
        Whether a missing value goes left.
    zero_is_missing : bool
        Whether what is as near to zero as `NEAREST_TO_ZERO` counts as missing.
    levels : tuple of int, or None
        Categories that go left. None: the column holds numbers.
    """

    feature: int
    threshold: float
    if_missing: bool
    zero_is_missing: bool
    levels: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One split on the way to a leaf.

    Attributes
    ----------
    condition : int
        Its number in the forest.
    feature : int
    left : bool
        The answer that leads on.
    share : float
        Share of the rows of training asked here that gave this answer.
    """

    condition: int
    feature: int
    left: bool
    share: float


Path = tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """What a tree adds to the log-odds of the rows that end here, and the way from the root."""

    value: float
    path: Path


@dataclass(frozen=True, kw_only=True)
class Forest:
    """The trees of a booster.

    Attributes
    ----------
    n_features : int
        Columns of the matrix that they read.
    conditions : sequence of Condition
        Each once, those on numbers first, then those on categories.
    trees : sequence of sequence of Leaf
        The leaves of each tree from the left to the right.
    """

    n_features: int
    conditions: Sequence[Condition]
    trees: Sequence[Sequence[Leaf]]


def read(text: str, *, most_leaves: int) -> Forest:
    """Return the trees of a booster's text.

    Parameters
    ----------
    text : str
        As `lightgbm.Booster.model_to_string` writes it: one score per row, constant leaves.
    most_leaves : int
        How many leaves a tree may have.

    Raises
    ------
    TooManyNodes
        If a tree has more leaves.
    DamagedBooster
        If the text cannot be read, or is of another kind of forest.
    """
    head, _, rest = text.partition("\n\n")
    header = booster_text.read_fields(head.split("\n")[1:], "the header")
    booster_text.require({"max_feature_idx", "num_tree_per_iteration"} <= set(header), "its header lacks a line")
    booster_text.require(header["num_tree_per_iteration"] == "1", "it has several scores per row")
    n_features = int(booster_text.read_whole(header["max_feature_idx"], "the header")[0]) + 1
    chunks = rest.partition("end of trees")[0].split("\n\n\n")
    trees = [_splits(chunk.strip(), most_leaves=most_leaves) for chunk in chunks if chunk.strip()]
    every = dict.fromkeys(condition for tree in trees for condition in tree.conditions)
    conditions = sorted(every, key=lambda condition: condition.levels is not None)
    numbers = {condition: number for number, condition in enumerate(conditions)}
    return Forest(n_features=n_features, conditions=conditions, trees=[_leaves(tree, numbers) for tree in trees])


@dataclass(frozen=True, kw_only=True)
class _Splits:
    conditions: Sequence[Condition]
    children: Sequence[tuple[int, int]]
    counts: Sequence[int]
    leaf_values: Sequence[float]
    leaf_counts: Sequence[int]

    def count(self, child: int) -> int:
        # A negative number counts the leaves from -1 down.
        return self.counts[child] if child >= 0 else self.leaf_counts[-1 - child]


def _splits(chunk: str, *, most_leaves: int) -> _Splits:
    what, *lines = chunk.split("\n")
    fields = booster_text.read_fields(lines, what)
    booster_text.require({*_WHOLE, "leaf_value", "threshold", "num_cat"} <= set(fields), f"{what} lacks a line")
    booster_text.require(fields.get("is_linear", "0") == "0", f"{what} is of another kind")
    values = booster_text.read_real(fields["leaf_value"], what).tolist()
    if len(values) > most_leaves:
        raise TooManyNodes(f"A tree has {len(values)} leaves; tables are made of {most_leaves} at most.")
    whole = {name: booster_text.read_whole(fields[name], what).tolist() for name in _WHOLE}
    counts = whole["internal_count"]
    booster_text.require(min(counts, default=1) > 0, f"{what} has a split that no row of training reached")
    return _Splits(
        conditions=_conditions(fields, whole, what),
        children=list(zip(whole["left_child"], whole["right_child"], strict=True)),
        counts=counts,
        leaf_values=values,
        leaf_counts=whole["leaf_count"],
    )


def _leaves(tree: _Splits, numbers: Mapping[Condition, int]) -> list[Leaf]:
    if not tree.conditions:
        return [Leaf(value=tree.leaf_values[0], path=())]
    found: list[Leaf] = []
    ahead: list[tuple[int, Path]] = [(0, ())]
    while ahead:
        place, path = ahead.pop()
        if place < 0:
            found.append(Leaf(value=tree.leaf_values[-1 - place], path=path))
            continue
        condition = tree.conditions[place]
        # The left child is put on top, so that it comes first.
        for left in (False, True):
            child = tree.children[place][0 if left else 1]
            share = tree.count(child) / tree.counts[place]
            step = Step(condition=numbers[condition], feature=condition.feature, left=left, share=share)
            ahead.append((child, (*path, step)))
    return found


def _conditions(fields: dict[str, str], whole: dict[str, list[int]], what: str) -> list[Condition]:
    thresholds = booster_text.read_thresholds(fields["threshold"], what).tolist()
    sets = _sets(fields, what)
    of_nodes = zip(whole["split_feature"], whole["decision_type"], thresholds, strict=True)
    return [
        _category(feature, sets[int(threshold)]) if kind & _CATEGORY else _number(feature, kind, threshold)
        for feature, kind, threshold in of_nodes
    ]


def _category(feature: int, levels: tuple[int, ...]) -> Condition:
    return Condition(feature=feature, threshold=0.0, if_missing=False, zero_is_missing=False, levels=levels)


def _number(feature: int, kind: int, threshold: float) -> Condition:
    missing = kind >> 2
    if abs(threshold) <= NEAREST_TO_ZERO:
        # LightGBM sets what it takes for 0 to 0 before it compares: all of it goes the way 0 goes.
        threshold = NEAREST_TO_ZERO if threshold >= 0 else float(np.nextafter(-NEAREST_TO_ZERO, -np.inf))
    if_missing = threshold >= 0 if missing == _MISSING_NONE else bool(kind & _DEFAULT_LEFT)
    zero_is_missing = missing == _MISSING_ZERO
    return Condition(feature=feature, threshold=threshold, if_missing=if_missing, zero_is_missing=zero_is_missing)


def _sets(fields: dict[str, str], what: str) -> list[tuple[int, ...]]:
    """Return the categories of each set: words of 32 bits, the lowest first."""
    if fields["num_cat"] == "0":
        return []
    edges = booster_text.read_whole(fields["cat_boundaries"], what)
    words = booster_text.read_whole(fields["cat_threshold"], what)
    return [_levels(words[begin:end]) for begin, end in zip(edges[:-1], edges[1:], strict=True)]


def _levels(words: NDArray[Any]) -> tuple[int, ...]:
    bits = (words[:, None] >> np.arange(_BITS_PER_WORD)) & 1
    return tuple(np.flatnonzero(bits).tolist())
