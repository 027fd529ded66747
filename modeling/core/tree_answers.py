"""What rows answer to the conditions of trees: each asked once, however many trees ask it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.core.tree_paths import NEAREST_TO_ZERO, Condition

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]

# Numbers of conditions and the answer wanted of each, true for left. A row bears the mark if it gives all of them.
Mark = tuple[tuple[int, bool], ...]


class Answers:
    """Tells which marks rows bear.

    Parameters
    ----------
    conditions : sequence of Condition
        Those on numbers first, then those on categories.
    marks : sequence of Mark
        At least one condition each.
    """

    def __init__(self, conditions: Sequence[Condition], marks: Sequence[Mark]) -> None:
        self.conditions = conditions
        self.marks = marks
        n_levels: dict[int, int] = {}
        for condition in conditions:
            beyond = max(condition.levels or (), default=-1) + 1
            n_levels[condition.feature] = max(n_levels.get(condition.feature, 0), beyond)
        self._n_levels = np.array([n_levels[condition.feature] for condition in conditions], dtype=np.intp)
        self._members = [self._member(number) for number in range(len(conditions))]
        self._keep_for_few_rows()

    def _member(self, number: int) -> ByteArray:
        levels = self.conditions[number].levels
        if levels is None:
            return np.zeros(0, dtype=np.uint8)
        # One place more than there are levels, for all that goes right: negative, never seen, missing.
        member = np.zeros(self._n_levels[number] + 1, dtype=np.uint8)
        member[list(levels)] = 1
        return member

    def of_columns(self, columns: FloatArray) -> Sequence[ByteArray]:
        """Return 1 where a row bears the mark, else 0: an array of shape (n,) for each mark.

        Parameters
        ----------
        columns : ndarray of shape (n_features, n), each column in one piece
        """
        answers = self._of_conditions(columns)
        return [answers[mark[0][0]] if mark[0][1] and len(mark) == 1 else _all(mark, answers) for mark in self.marks]

    def _of_conditions(self, columns: FloatArray) -> ByteArray:
        found = np.empty((len(self.conditions), columns.shape[1]), dtype=np.uint8)
        missing: dict[int, BoolArray | None] = {}
        levels: dict[int, NDArray[np.intp]] = {}
        for number, condition in enumerate(self.conditions):
            feature = condition.feature
            if condition.levels is not None:
                if feature not in levels:
                    levels[feature] = _truncated(columns[feature], self._n_levels[number])
                np.take(self._members[number], levels[feature], out=found[number], mode="clip")
                continue
            if feature not in missing:
                gaps = np.isnan(columns[feature])
                missing[feature] = gaps if gaps.any() else None
            _answer(condition, columns[feature], missing[feature], out=found[number].view(np.bool_))
        return found

    def of_rows(self, rows: FloatArray) -> BoolArray:
        """Return whether each of a few rows bears each mark, all at once: of shape (n, n_marks).

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
        """
        values = rows[:, self._features]
        numbers, codes = values[:, : self._n_numbers], values[:, self._n_numbers :]
        answers = np.empty(values.shape, dtype=np.bool_)
        missing = np.isnan(numbers)
        if self._some_zero_is_missing:
            missing |= self._zero_is_missing & (np.abs(numbers) <= NEAREST_TO_ZERO)
        answers[:, : self._n_numbers] = np.where(missing, self._if_missing, numbers <= self._thresholds)
        if codes.shape[1]:
            places = _truncated(codes, self._n_levels[self._n_numbers :])
            answers[:, self._n_numbers :] = self._flat_members[self._first_member + places]
        if self._first is None:
            return answers[:, self._asked]
        return np.logical_and.reduceat(answers[:, self._asked] == self._answers_wanted, self._first, axis=1)

    def _keep_for_few_rows(self) -> None:
        numbers = [condition for condition in self.conditions if condition.levels is None]
        self._n_numbers = len(numbers)
        self._features = np.array([condition.feature for condition in self.conditions], dtype=np.intp)
        self._thresholds = np.array([condition.threshold for condition in numbers])
        self._if_missing = np.array([condition.if_missing for condition in numbers], dtype=np.bool_)
        self._zero_is_missing = np.array([condition.zero_is_missing for condition in numbers], dtype=np.bool_)
        self._some_zero_is_missing = bool(self._zero_is_missing.any())
        members = self._members[self._n_numbers :]
        self._flat_members = np.concatenate([np.zeros(0, dtype=np.uint8), *members]).astype(np.bool_)
        self._first_member = np.cumsum([0, *map(len, members)])[:-1]
        self._asked = np.array([number for mark in self.marks for number, _ in mark], dtype=np.intp)
        self._answers_wanted = np.array([wanted for mark in self.marks for _, wanted in mark], dtype=np.bool_)
        plain = len(self._asked) == len(self.marks) and bool(self._answers_wanted.all())
        self._first = None if plain else np.cumsum([0, *map(len, self.marks)])[:-1]


def _all(mark: Mark, answers: ByteArray) -> ByteArray:
    number, wanted = mark[0]
    found: ByteArray = answers[number] ^ (not wanted)
    for number, wanted in mark[1:]:
        found &= answers[number] if wanted else answers[number] ^ 1
    return found


def _truncated(values: FloatArray, n_levels: np.intp | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return category numbers, `n_levels` for all that is none: LightGBM cuts off the fraction first, so -0.5 is 0."""
    return np.where((values > -1) & (values < n_levels), values, n_levels).astype(np.intp)


def _answer(condition: Condition, values: FloatArray, missing: BoolArray | None, *, out: BoolArray) -> None:
    np.less_equal(values, condition.threshold, out=out)
    if condition.zero_is_missing:
        out[np.abs(values) <= NEAREST_TO_ZERO] = condition.if_missing
    if condition.if_missing and missing is not None:
        out |= missing
