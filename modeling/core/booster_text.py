"""Reads LightGBM's text as a grammar before LightGBM does: its own reader trusts every number and can crash on one.

Of 300 damaged texts given to LightGBM's reader 146 killed the process and 17 gave other answers without a word. What
passes here is a forest whose every child, feature and size is where the reader will look for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# As far as configs/training_config.yaml lets a training go (modeling.training.training_config.Trees).
MOST_TREES, MOST_LEAVES, DEEPEST = 5000, 255, 8
# Log-odds of 100 are a certainty beyond any record: a larger leaf is a damaged one.
LARGEST_LEAF = 100.0

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?"
_NUMBERS = re.compile(rf"(?:{_NUMBER}(?: {_NUMBER})*)?")
# A split that parts the missing from all the rest stands at infinity.
_THRESHOLDS = re.compile(rf"(?:(?:inf|{_NUMBER})(?: (?:inf|{_NUMBER}))*)?")
_WHOLE_NUMBERS = re.compile(r"(?:-?[0-9]+(?: -?[0-9]+)*)?")
_INFO = rf"(?:none|\[{_NUMBER}:{_NUMBER}\]|-?[0-9]+(?::-?[0-9]+)*)"
_INFOS = re.compile(rf"{_INFO}(?: {_INFO})*")
_PARAMETER = re.compile(r"\[[a-z_0-9]+: [ -Z\\^-~]*\]")
_BOTTOM = ("pandas_categorical:null", "")

_FIXED = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "label_index": "0",
    "objective": "binary sigmoid:1",
}
_HEADER = ("max_feature_idx", "feature_names", "feature_infos", "tree_sizes")
_WHOLE = (
    *("num_leaves", "num_cat", "split_feature", "decision_type", "left_child", "right_child"),
    *("leaf_count", "internal_count", "is_linear"),
)
_REAL = ("split_gain", "leaf_value", "leaf_weight", "internal_value", "internal_weight", "shrinkage")
_OF_CATEGORIES = ("cat_boundaries", "cat_threshold")
_PER_LEAF = ("leaf_weight", "leaf_count")
_PER_SPLIT = (
    *("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"),
    *("internal_value", "internal_weight", "internal_count"),
)


class DamagedBooster(ValueError):
    """The text is not a forest that LightGBM could have written for these features."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the forest may split on.

    Attributes
    ----------
    names : sequence of str
        In the order of the matrix.
    categories : collection of int
        Positions that hold category numbers.
    """

    names: Sequence[str]
    categories: Collection[int]


def check(text: str, columns: Columns) -> int:
    """Return the number of trees of a text that is what it should be, to the last line.

    Parameters
    ----------
    text : str
        LightGBM's own format, version 4, binary objective.
    columns : Columns
        What the specification says the matrix holds.

    Raises
    ------
    DamagedBooster
        At the first line that is not as expected.
    """
    head, found, rest = text.partition("\n\n")
    require(bool(found), "it ends within its header")
    sizes = _check_header(head, columns)
    # LightGBM jumps from tree to tree by these sizes, in bytes.
    body = rest.encode()
    start = 0
    for number, size in enumerate(sizes):
        _check_tree(body[start : start + size], number, columns)
        start += size
    _check_end(body[start:], columns)
    return len(sizes)


def _check_header(head: str, columns: Columns) -> list[int]:
    first, *lines = head.split("\n")
    require(first == "tree", "it does not begin as a forest")
    fields = read_fields(lines, "the header")
    directions = fields.pop("monotone_constraints", None)
    require(set(fields) == {*_FIXED, *_HEADER}, "the header's lines are not those of a binary forest")
    require(all(fields[name] == value for name, value in _FIXED.items()), "the header is of another kind of forest")
    n_features = len(columns.names)
    require(fields["max_feature_idx"] == str(n_features - 1), "it counts other features than the specification")
    require(fields["feature_names"] == " ".join(columns.names), "its features are not the specification's")
    infos = fields["feature_infos"]
    require(bool(_INFOS.fullmatch(infos)) and infos.count(" ") == n_features - 1, "the features' ranges are damaged")
    if directions is not None:
        signs = read_whole(directions, "monotone_constraints")
        require(len(signs) == n_features and bool(np.all(np.abs(signs) <= 1)), "the features' directions are damaged")
    sizes = read_whole(fields["tree_sizes"], "tree_sizes")
    require(1 <= len(sizes) <= MOST_TREES and bool(np.all(sizes > 0)), "it has no trees, or too many")
    return [int(size) for size in sizes]


def _check_tree(chunk: bytes, number: int, columns: Columns) -> None:
    what = f"tree {number}"
    require(chunk.isascii() and chunk.endswith(b"\n\n\n"), f"{what} is cut off")
    first, *lines = chunk.decode("ascii")[:-3].split("\n")
    require(first == f"Tree={number}", f"{what} is not where its size says")
    fields = read_fields(lines, what)
    of_categories = _OF_CATEGORIES if fields.get("num_cat", "0") != "0" else ()
    require(set(fields) == {"threshold", *_WHOLE, *_REAL, *of_categories}, f"{what} lacks a line or has one too many")
    tree: dict[str, NDArray[Any]] = {name: read_whole(fields[name], what) for name in (*_WHOLE, *of_categories)}
    tree |= {name: read_real(fields[name], what) for name in _REAL}
    tree["threshold"] = read_thresholds(fields["threshold"], what)
    _check_lengths(tree, what)
    require(bool(np.all(np.abs(tree["leaf_value"]) <= LARGEST_LEAF)), f"{what} has a leaf out of bounds")
    require(0 < tree["shrinkage"][0] <= 1 and tree["is_linear"][0] == 0, f"{what} is of another kind")
    _check_splits(tree, what, columns)
    _check_shape(tree["left_child"].tolist(), tree["right_child"].tolist(), what)


def _check_lengths(tree: dict[str, NDArray[Any]], what: str) -> None:
    alone = ("num_leaves", "num_cat", "is_linear", "shrinkage")
    require(all(len(tree[name]) == 1 for name in alone), f"{what} has a line of the wrong length")
    n_leaves = int(tree["num_leaves"][0])
    require(1 <= n_leaves <= MOST_LEAVES, f"{what} has {n_leaves} leaves")
    fits = all(len(tree[name]) == n_leaves - 1 for name in _PER_SPLIT) and len(tree["leaf_value"]) == n_leaves
    # A tree that is one leaf has no weight.
    of_leaves = all(len(tree[name]) in ({0, 1} if n_leaves == 1 else {n_leaves}) for name in _PER_LEAF)
    require(fits and of_leaves, f"{what} has a line of the wrong length")


def _check_splits(tree: dict[str, NDArray[Any]], what: str, columns: Columns) -> None:
    features, decisions = tree["split_feature"], tree["decision_type"]
    known = bool(np.all((features >= 0) & (features < len(columns.names))))
    # Bit 0: a category; bit 1: where missing goes; bits 2 and 3: what counts as missing, of three kinds.
    require(known and bool(np.all((decisions >= 0) & (decisions < 12))), f"{what} splits on what is not there")
    by_category = (decisions & 1).astype(bool)
    fits = np.isin(features, list(columns.categories)) == by_category
    require(bool(np.all(fits)), f"{what} takes a number for a category or the reverse")
    n_sets = int(tree["num_cat"][0])
    sets = np.sort(tree["threshold"][by_category])
    require(bool(np.array_equal(sets, np.arange(n_sets))), f"{what} has other sets of categories than it says")
    if n_sets:
        edges, codes = tree["cat_boundaries"], tree["cat_threshold"]
        fits_edges = len(edges) == n_sets + 1 and edges[0] == 0 and edges[-1] == len(codes)
        rising = bool(np.all(np.diff(edges) > 0)) and bool(np.all((codes >= 0) & (codes < 2**32)))
        require(bool(fits_edges) and rising, f"{what} has damaged sets of categories")


def _check_shape(left: list[int], right: list[int], what: str) -> None:
    """Walk the tree: each split and each leaf is reached once, from a split before it."""
    n_splits = len(left)
    depth = [0] * n_splits
    splits, leaves = [0] * n_splits, [0] * (n_splits + 1)
    for parent in range(n_splits):
        for child in (left[parent], right[parent]):
            if child >= 0:
                require(parent < child < n_splits, f"{what} points outside itself")
                splits[child] += 1
                depth[child] = depth[parent] + 1
            else:
                require(-child <= n_splits + 1, f"{what} points outside itself")
                leaves[-child - 1] += 1
    require(splits[1:] == [1] * (n_splits - 1) if n_splits else True, f"{what} does not hang together")
    require(leaves == [1] * (n_splits + 1) or n_splits == 0, f"{what} does not hang together")
    require(max(depth, default=-1) < DEEPEST, f"{what} is too deep")


def _check_end(end: bytes, columns: Columns) -> None:
    try:
        lines = end.decode().split("\n")
    except UnicodeDecodeError:
        raise DamagedBooster("The booster's text is damaged: what follows the trees is not text.") from None
    require(lines[:3] == ["end of trees", "", "feature_importances:"], "the trees do not end where they should")
    require("parameters:" in lines and "end of parameters" in lines, "it ends before its parameters do")
    begins, ends = lines.index("parameters:"), lines.index("end of parameters")
    used = [line.rpartition("=") for line in lines[3 : begins - 1]]
    known = all(name in columns.names and count.isascii() and count.isdigit() for name, _, count in used)
    require(known and len({name for name, _, _ in used}) == len(used), "the features' importance is damaged")
    require(all(map(_PARAMETER.fullmatch, lines[begins + 1 : ends - 1])), "its parameters are damaged")
    require(lines[begins - 1] == lines[ends - 1] == lines[ends + 1] == "", "its parameters are damaged")
    require(tuple(lines[ends + 2 :]) == _BOTTOM, "it does not end as it should")


def read_fields(lines: list[str], what: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in lines]
    fields = {name: value for name, sign, value in pairs if sign}
    require(len(fields) == len(lines), f"{what} has a line that is no field, or one twice")
    return fields


def read_whole(written: str, what: str) -> NDArray[np.int64]:
    # Eighteen digits at most fit 64 bits.
    parts = written.split()
    readable = bool(_WHOLE_NUMBERS.fullmatch(written)) and all(len(part) <= 18 for part in parts)
    require(readable, f"{what} has something else where a whole number should be")
    return np.array([int(part) for part in parts], dtype=np.int64)


def read_real(written: str, what: str) -> NDArray[np.float64]:
    require(bool(_NUMBERS.fullmatch(written)), f"{what} has something else where a number should be")
    numbers = np.array([float(part) for part in written.split()], dtype=np.float64)
    require(bool(np.isfinite(numbers).all()), f"{what} has a number beyond all bounds")
    return numbers


def read_thresholds(written: str, what: str) -> NDArray[np.float64]:
    require(bool(_THRESHOLDS.fullmatch(written)), f"{what} has something else where a number should be")
    return np.array([float(part) for part in written.split()], dtype=np.float64)


def require(fits: bool, why: str) -> None:
    if not fits:
        raise DamagedBooster(f"The booster's text is damaged: {why}.")
