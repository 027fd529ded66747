"""Names what is not known of each student: what is not recorded, and categories that are new here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature


def of_students(
    frame: pd.DataFrame, features: Sequence[Feature] = (), unfamiliar: NDArray[np.bool_] | None = None
) -> list[dict[str, Any]]:
    """Return what is not known of each student, as plain JSON types.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        What was looked at.
    features : sequence of Feature
        Those of the model, if one scored.
    unfamiliar : ndarray of bool, shape (n, n_features), or None
        Where a category is one that the model did not learn.

    Returns
    -------
    list of n dicts
        ``not_recorded`` (names of columns without a value, in their order) and ``unknown_categories`` (codes by name).
        Students of whom the same is not known may share a dict, or a list of it: they are for reading.
    """
    names = [str(name) for name in frame.columns]
    absent = np.column_stack([_absent(frame[name]) for name in names]) if names else np.zeros((len(frame), 0), bool)
    # There are far fewer ways to lack some features than students: each is written out once.
    _, first, of_student = np.unique(np.packbits(absent, axis=1), axis=0, return_index=True, return_inverse=True)
    ways = [[names[column] for column in np.flatnonzero(absent[row])] for row in first]
    shared: list[dict[str, Any]] = [{"not_recorded": way, "unknown_categories": {}} for way in ways]
    found = [shared[way] for way in of_student.ravel().tolist()]
    if unfamiliar is not None:
        for row in np.flatnonzero(unfamiliar.any(axis=1)).tolist():
            found[row] = found[row] | {"unknown_categories": {}}
        for column in np.flatnonzero(unfamiliar.any(axis=0)).tolist():
            name, rows = features[column].name, np.flatnonzero(unfamiliar[:, column]).tolist()
            for row, value in zip(rows, frame[name].iloc[rows], strict=True):
                found[row]["unknown_categories"][name] = category_code(value)
    return found


def _absent(column: pd.Series) -> NDArray[np.bool_]:
    absent = column.isna().to_numpy(dtype=np.bool_)
    if column.dtype == object:
        # A text of blanks is no value either; codes are looked at once per distinct value.
        blank = [value for value in column.dropna().unique() if category_code(value) is None]
        absent = absent | column.isin(blank).to_numpy(dtype=np.bool_)
    return absent
