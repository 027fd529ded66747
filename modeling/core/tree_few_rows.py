"""Contributions of one row or a few, from the same tables: all trees at once, without a loop over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modeling.core.tree_tables import TreeTables

FloatArray = NDArray[np.float64]


class FewRows:
    """The contributions of a booster's features for so few rows that calls, not numbers, take the time.

    Attributes
    ----------
    tables : TreeTables
        Whose cells are read.
    """

    def __init__(self, tables: TreeTables) -> None:
        self.tables = tables
        n_bits = [len(table.marks) for table in tables.tables]
        n_features = [len(table.features) for table in tables.tables]
        # Of each table the marks of its pattern and their weight: 0 where a table has fewer bits than the widest.
        self._marks = np.zeros((len(n_bits), max(n_bits, default=0)), dtype=np.intp)
        self._weights = np.zeros(self._marks.shape, dtype=np.intp)
        for number, table in enumerate(tables.tables):
            self._marks[number, : n_bits[number]] = table.marks
            self._weights[number, : n_bits[number]] = 1 << np.arange(n_bits[number])
        # One entry per table and feature: the table it belongs to, the feature, and where its values begin.
        self._table = np.repeat(np.arange(len(n_bits)), n_features)
        self._feature = np.array([f for table in tables.tables for f in table.features], dtype=np.intp)
        lengths = np.repeat(1 << np.array(n_bits, dtype=np.intp), n_features)
        self._begins = np.cumsum(lengths) - lengths

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each column adds to the log-odds, as `TreeTables.contributions` does.

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
        self.tables.check_width(matrix.shape[1:])
        n, width = len(matrix), self.tables.n_features + 1
        if not len(self.tables.cells):
            return np.tile(np.append(np.zeros(width - 1), self.tables.base), (n, 1))
        marks = self.tables.answers.of_rows(matrix)
        patterns = (marks[:, self._marks] * self._weights).sum(axis=2)
        added = self.tables.cells[self._begins + patterns[:, self._table]]
        places = self._feature + width * np.arange(n)[:, None]
        sums = np.bincount(places.ravel(), weights=added.ravel(), minlength=n * width)
        found = np.asarray(sums, dtype=np.float64).reshape(n, width)
        found[:, -1] = self.tables.base
        return found
