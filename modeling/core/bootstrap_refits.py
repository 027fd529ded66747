"""Refits on resamples of the students: what of a list and of its reasons is chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline

from modeling.core import fitting
from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings

FloatArray = NDArray[np.float64]


def refits(
    frame: pd.DataFrame,
    y: FloatArray,
    *,
    groups: ArrayLike,
    features: Sequence[Feature],
    settings: FitSettings,
    n_refits: int,
    seed: int,
) -> list[Pipeline]:
    """Return the trees fitted again on resamples of the students (Efron, 1979: the bootstrap).

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The training rows.
    y : ndarray of shape (n,), 0 or 1
    groups : array-like of shape (n,)
        The student of each row: a student is drawn with all rows.
    features : sequence of Feature
        Those of the fitted model.
    settings : FitSettings
        With as many trees as the fitted model has, so that refits differ by their rows alone.
    n_refits : int
    seed : int

    Returns
    -------
    list of fitted Pipeline, length `n_refits`
        Without calibration, which moves nobody: it rises strictly.
    """
    drawn = np.random.default_rng(seed)
    _, student_of_row = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(student_of_row, kind="stable")
    n_rows = np.bincount(student_of_row)
    first = np.concatenate([[0], np.cumsum(n_rows)[:-1]])
    fitted = []
    for _ in range(n_refits):
        students = drawn.integers(len(n_rows), size=len(n_rows))
        # A student's rows lie together in `order`: count on from where they begin.
        begins = np.repeat(first[students] - np.cumsum(n_rows[students]) + n_rows[students], n_rows[students])
        rows = order[begins + np.arange(len(begins))]
        pipeline = fitting.risk_pipeline(features, settings=settings, n_trees=settings.n_trees, seed=seed)
        fitted.append(pipeline.fit(frame.iloc[rows], y[rows]))
    return fitted
