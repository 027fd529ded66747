"""The contributions of a booster: from tables where these were found equal to LightGBM's, else from LightGBM itself.

Whoever asks for contributions asks here. The tables are held to LightGBM's own on rows made of the booster's thresholds
and of every kind of value that is easily misread, each time they are made: so in every process that loads a version,
whichever way it came to decide, and after an update of LightGBM too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import lightgbm
import numpy as np
from numpy.typing import NDArray

from modeling.core.booster_text import DamagedBooster
from modeling.core.tree_few_rows import FewRows
from modeling.core.tree_paths import NEAREST_TO_ZERO, Condition
from modeling.core.tree_tables import TooManyNodes, TreeTables

FloatArray = NDArray[np.float64]

N_CHECKED = 256
# In log-odds. Rounding makes 1e-14 of it at most; a page shows two digits.
LARGEST_DIFFERENCE = 1e-9
# More rows are faster table by table. Both forms add in the same order, so a row gets the same floats either way.
MOST_FEW_ROWS = 200
# Of the rows checked: cells that hold a value of no threshold and no category.
_EDGE_SHARE = 0.3
_EDGES = (np.nan, np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-36, -1e-36, NEAREST_TO_ZERO, -0.5, -1.0, 0.7, 1e300, -1e300)


class TreeContributions:
    """Tells what each column adds to a booster's log-odds.

    Attributes
    ----------
    n_checked : int
        Rows on which the tables were held to LightGBM; 0 where no tables could be made.
    largest_difference : float, or None
        The largest difference found there, in log-odds; NaN if an answer was no number. None where none was checked.
    why_by_lightgbm : str
        A sentence that says why LightGBM answers; "" where tables do.
    is_faulty : bool
        Whether tables were made and failed the check, which no booster's tables should.
    """

    def __init__(self, booster: lightgbm.Booster) -> None:
        """Make the tables and check them: a tenth of a second for a usual booster."""
        self._booster = booster
        self._few: FewRows | None = None
        self.n_checked, self.largest_difference, self.why_by_lightgbm = 0, None, ""
        self.is_faulty = False
        try:
            few = FewRows(TreeTables.of(booster))
        except (TooManyNodes, DamagedBooster) as refusal:
            self.why_by_lightgbm = str(refusal)
            return
        rows = _rows_to_check(few.tables.answers.conditions, few.tables.n_features)
        self.n_checked, self.largest_difference = len(rows), self._difference(few, rows)
        # So written that NaN fails.
        if self.largest_difference <= LARGEST_DIFFERENCE:
            self._few = few
            return
        self.is_faulty = True
        self.why_by_lightgbm = f"The tables differ from LightGBM by {self.largest_difference:.1e} on {len(rows)} rows."

    @property
    def by(self) -> Literal["tables", "lightgbm"]:
        """Return who answers."""
        return "tables" if self._few is not None else "lightgbm"

    def of_matrix(self, matrix: FloatArray) -> FloatArray:
        """Return what each column adds to the log-odds.

        Parameters
        ----------
        matrix : ndarray of shape (n, n_features)
            As the booster reads it.

        Returns
        -------
        ndarray of shape (n, n_features + 1)
            In log-odds, the base last. A row gets the same floats alone and among others.
        """
        if self._few is None:
            return self._by_lightgbm(matrix)
        form = self._few if len(matrix) <= MOST_FEW_ROWS else self._few.tables
        return form.contributions(matrix)

    def as_json(self) -> dict[str, Any]:
        """Return who answers, why, and what the check found, as plain JSON types."""
        finite = self.largest_difference is not None and bool(np.isfinite(self.largest_difference))
        return {
            "by": self.by,
            "why": self.why_by_lightgbm,
            "n_checked": self.n_checked,
            "largest_difference": self.largest_difference if finite else None,
        }

    def _by_lightgbm(self, matrix: FloatArray) -> FloatArray:
        # One thread has to be asked for each time, or the process hangs in its forked children.
        return np.asarray(self._booster.predict(matrix, num_threads=1, pred_contrib=True), dtype=np.float64)

    def _difference(self, few: FewRows, rows: FloatArray) -> float:
        expected = self._by_lightgbm(rows)
        return float(np.max([np.abs(form.contributions(rows) - expected).max() for form in (few, few.tables)]))


def _rows_to_check(conditions: Sequence[Condition], n_features: int) -> FloatArray:
    """Return rows of a fixed draw, at and beside every kind of edge of what the trees ask."""
    rng = np.random.default_rng(0)
    rows = np.empty((N_CHECKED, n_features))
    for feature in range(n_features):
        asked = [condition for condition in conditions if condition.feature == feature]
        rows[:, feature] = rng.choice(_values_asked(asked), N_CHECKED)
    edges = rng.random(rows.shape) < _EDGE_SHARE
    rows[edges] = rng.choice(_EDGES, int(edges.sum()))
    return rows


def _values_asked(asked: Sequence[Condition]) -> FloatArray:
    """Return each threshold of a column and its neighbours, or each category and two that no tree knows."""
    levels = [level for condition in asked for level in condition.levels or ()]
    if levels:
        return np.arange(max(levels) + 3, dtype=np.float64)
    thresholds = np.array([condition.threshold for condition in asked] or [0.0])
    return np.concatenate([thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)])
