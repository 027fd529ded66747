"""Tells which values are the usual ones: what holds for everybody is no reason to speak with anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import FrameEncoder, category_code
from modeling.core.feature import Feature
from modeling.core.reference import TYPICAL
from modeling.core.spoken import TENTHS, said_of
from modeling.core.too_little_known import DAYS_ON_ROLL

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# A value that at least so many of a list share is usual there, whatever it was in training: early in a year nobody has
# been here for long.
USUAL_SHARE = 0.5
# Of fewer students half is three or four: that is no custom.
FEWEST_STUDENTS = 20
LAST_YEAR = "absence_rate_last_year"


class Usual:
    """The usual values of one version, kept as its encoder reads them: one prediction has a bound.

    Parameters
    ----------
    encoder : FrameEncoder
    reference : mapping of feature name to its entry of `reference.training_reference`
        The median of a number, the most common value of a flag or category is usual; a gap where half had none.
    """

    def __init__(self, encoder: FrameEncoder, reference: Mapping[str, Mapping[str, Any]]) -> None:
        self._encoder = encoder
        self._steps = steps(encoder.features)
        self._typical = self._row(typical_values(encoder.features, reference))

    def cells(
        self, matrix: FloatArray, gaps: BoolArray, *, listed: Mapping[str, Any], sessions: FloatArray
    ) -> BoolArray:
        """Return which values are said as the usual one is said: that of training, or that of the list.

        Parameters
        ----------
        matrix : ndarray of shape (n, n_features)
            As the encoder reads the students.
        gaps : ndarray of bool, shape (n, n_features)
            Where there is no value.
        listed : mapping of feature name to value
            What at least half of a list share, as `shared_values` returns it.
        sessions : ndarray of shape (n,)
            As `steps` takes them.

        Returns
        -------
        ndarray of bool, shape (n, n_features)
        """
        is_new = bool(np.isfinite(sessions).any())
        in_steps = steps(self._encoder.features, sessions) if is_new else self._steps
        said = np.round(matrix * in_steps)
        found = np.zeros(matrix.shape, dtype=np.bool_)
        for row, blank in (self._typical, self._row(listed)) if listed else (self._typical,):
            found |= said == np.round(row * in_steps)
            found |= gaps & blank
        return found

    def _row(self, usual: Mapping[str, Any]) -> tuple[FloatArray, BoolArray]:
        """Return usual values as one row, and where a gap is usual."""
        blank = [name in usual and usual[name] is None for name in self._encoder.names]
        return self._encoder.encode_row(usual), np.array(blank, dtype=np.bool_)


def typical_values(features: Sequence[Feature], reference: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the usual value of each feature in training: None where a gap is usual, {} of what the reference lacks."""
    return {
        feature.name: None if seen["missing_share"] >= USUAL_SHARE else seen[TYPICAL[feature.kind]]
        for feature in features
        if (seen := reference.get(feature.name)) is not None
    }


def shared_values(frame: pd.DataFrame, features: Sequence[Feature]) -> dict[str, Any]:
    """Return what at least half of the students of a list share, as plain JSON types; {} of a handful of students.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
    features : sequence of Feature

    Returns
    -------
    dict of feature name to value
        A number as it is said, a code, or None where half have no value.
    """
    if len(frame) < FEWEST_STUDENTS:
        return {}
    found = {}
    for feature, step in zip(features, steps(features).tolist(), strict=True):
        if feature.name not in frame:
            continue
        column = frame[feature.name]
        if feature.kind == "category":
            # A code is read once per distinct value.
            places, distinct = pd.factorize(column)
            codes = np.array([*map(category_code, distinct), None], dtype=object)
            said = pd.Series(codes[places])
        else:
            numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
            said = pd.Series(np.round(numbers * step) / step)
        counts = said.value_counts(dropna=False)
        if counts.iloc[0] >= USUAL_SHARE * len(frame):
            value = counts.index[0]
            found[feature.name] = None if pd.isna(value) else value
    return found


def sessions_of_new(frame: pd.DataFrame) -> FloatArray:
    """Return the school days that each new student has been here for, NaN of those with records of last year.

    Returns
    -------
    ndarray of shape (n,)
    """
    if DAYS_ON_ROLL not in frame:
        return np.full(len(frame), np.nan)
    days = frame[DAYS_ON_ROLL].to_numpy(dtype=np.float64, na_value=np.nan)
    if LAST_YEAR not in frame:
        return days
    return np.where(frame[LAST_YEAR].isna().to_numpy(), days, np.nan)


def steps(features: Sequence[Feature], sessions: FloatArray | None = None) -> FloatArray:
    """Return in how many steps one unit of each feature is said: values that round alike are said alike.

    Parameters
    ----------
    features : sequence of Feature
    sessions : ndarray of shape (n,), or None
        The school days each student has been on the roll for where a window may not speak of days before, else NaN.

    Returns
    -------
    ndarray of shape (n_features,), or (n, n_features) where sessions are given
        Days of the window for shares, 10 for other numbers, 1 for numbers of categories.
    """
    usual = np.array([_steps_of_one(feature) for feature in features], dtype=np.float64)
    if sessions is None or np.isnan(sessions).all():
        return usual
    windowed = [feature.said_in_days for feature in features]
    shorter = np.where(np.isfinite(sessions) & (sessions >= 1), np.floor(sessions), np.inf)[:, None]
    found: FloatArray = np.where(windowed, np.minimum(usual, shorter), usual)
    return found


def _steps_of_one(feature: Feature) -> int:
    if feature.kind == "category":
        return 1
    return said_of(feature) if feature.unit == "share" else TENTHS
