"""Which features come from one record: a survey that was not answered is one gap, not eighteen.

Features of one source (`modeling.core.sources`) belong together, and so do those whose gaps fall on the same students
in training. What is missing of a student is counted by such parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Of those who lack the one that is missing less often, so many lack the other too, and it is missing no more than twice
# as often: on a form that was answered single questions are skipped.
SAME_GAPS, AT_MOST_TIMES = 0.75, 2
# Fewer gaps fall together by chance.
FEWEST_GAPS = 10


def recorded_together(matrix: FloatArray, names: Sequence[str]) -> dict[str, str]:
    """Return which features lack their values in the same training rows as an earlier one.

    Parameters
    ----------
    matrix : ndarray of shape (n, n_features), NaN where missing
    names : sequence of n_features str

    Returns
    -------
    dict of feature name to the name of the first feature of its part
        Features that stand alone are left out.
    """
    gaps = np.isnan(matrix)
    n_gaps = gaps.sum(axis=0)
    firsts: list[int] = []
    found = {}
    # The one with the most gaps is the record itself: those who answered skipped single questions.
    for column in np.argsort(-n_gaps, kind="stable").tolist():
        if n_gaps[column] < FEWEST_GAPS:
            continue
        first = next((other for other in firsts if _agree(gaps[:, column], gaps[:, other])), None)
        if first is None:
            firsts.append(column)
        else:
            found[names[column]] = names[first]
    return found


def _agree(one: BoolArray, other: BoolArray) -> bool:
    fewer, more = sorted((int(one.sum()), int(other.sum())))
    return int((one & other).sum()) >= SAME_GAPS * fewer and more <= AT_MOST_TIMES * fewer


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of what is recorded of a student.

    Attributes
    ----------
    order : ndarray of int, shape (n_features,)
        Columns, those of a part side by side.
    starts : ndarray of int, shape (n_parts,)
        Where each part begins in `order`.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, features: Sequence[Feature], together: Mapping[str, str]) -> Self:
        """Group features by source and by what `recorded_together` found; who shares one with a third shares a part."""
        part = {feature.name: feature.source for feature in features}
        for name, first in together.items():
            old, new = part.get(name), part.get(first)
            if old and new:
                part = {of: new if source == old else source for of, source in part.items()}
        parts = [part[feature.name] for feature in features]
        _, of_column = np.unique(parts, return_inverse=True)
        order = np.argsort(of_column, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(of_column[order]) > 0))
        return cls(order=order, starts=starts)

    def missing_share(self, absent: BoolArray) -> FloatArray:
        """Return the share of parts of which nothing is there.

        Parameters
        ----------
        absent : ndarray of bool, shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,), in [0, 1]
        """
        gone = np.logical_and.reduceat(absent[:, self.order], self.starts, axis=1)
        share: FloatArray = gone.mean(axis=1)
        return share
