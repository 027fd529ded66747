"""What rows answer to the conditions of trees: each asked once, however many trees ask it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.core.tree_nodes import NEAREST_TO_ZERO, Condition

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

# Some conditions and the answer wanted of each. A row bears the mark if it gives all of them.
Mark = tuple[tuple[Condition, bool], ...]


class Answers:
    """Tells which marks rows bear.

    Attributes
    ----------
    marks : sequence of Mark
    conditions : sequence of Condition
        Those of the marks, each once.
    """

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = marks
        self.conditions = list(dict.fromkeys(condition for mark in marks for condition, _ in mark))
        number = {condition: number for number, condition in enumerate(self.conditions)}
        self._asked = [[(number[condition], wanted) for condition, wanted in mark] for mark in marks]
        self._n_levels: dict[int, int] = {}
        for condition in self.conditions:
            if condition.levels is not None:
                beyond = max(condition.levels, default=-1) + 1
                self._n_levels[condition.feature] = max(self._n_levels.get(condition.feature, 0), beyond)
        self._members = {number[c]: self._member(c) for c in self.conditions if c.levels is not None}

    def _member(self, condition: Condition) -> ByteArray:
        # One place more than there are levels, for all that goes right: negative, never seen, missing.
        member = np.zeros(self._n_levels[condition.feature] + 1, dtype=np.uint8)
        member[list(condition.levels or ())] = 1
        return member

    def of_columns(self, columns: FloatArray) -> Sequence[ByteArray]:
        """Return 1 where a row bears the mark, else 0: an array of shape (n,) for each mark.

        Parameters
        ----------
        columns : ndarray of shape (n_features, n), each column in one piece
        """
        answers = self._of_conditions(columns)
        return [
            answers[asked[0][0]]
            if len(asked) == 1 and asked[0][1]
            else np.logical_and.reduce([answers[number] == wanted for number, wanted in asked]).view(np.uint8)
            for asked in self._asked
        ]

    def _of_conditions(self, columns: FloatArray) -> ByteArray:
        found = np.empty((len(self.conditions), columns.shape[1]), dtype=np.uint8)
        missing: dict[int, NDArray[np.bool_] | None] = {}
        levels: dict[int, NDArray[np.intp]] = {}
        for number, condition in enumerate(self.conditions):
            feature = condition.feature
            if condition.levels is not None:
                if feature not in levels:
                    levels[feature] = _truncated(columns[feature], self._n_levels[feature])
                np.take(self._members[number], levels[feature], out=found[number], mode="clip")
                continue
            if feature not in missing:
                gaps = np.isnan(columns[feature])
                missing[feature] = gaps if gaps.any() else None
            _answer(condition, columns[feature], missing[feature], out=found[number].view(np.bool_))
        return found


def _truncated(values: FloatArray, n_levels: int | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return category numbers, `n_levels` for all that is none: LightGBM cuts off the fraction first, so -0.5 is 0."""
    return np.where((values > -1) & (values < n_levels), values, n_levels).astype(np.intp)


def _answer(
    condition: Condition, values: FloatArray, missing: NDArray[np.bool_] | None, *, out: NDArray[np.bool_]
) -> None:
    np.less_equal(values, condition.threshold, out=out)
    if condition.zero_is_missing:
        out[np.abs(values) <= NEAREST_TO_ZERO] = condition.if_missing
    if condition.if_missing and missing is not None:
        out |= missing
