"""Chooses what to say of each student: the largest contributions, as codes and values to be worded on screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature
from modeling.core.risk_model import RiskModel, Scores

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Direction = Literal["raises", "lowers"]

# In log-odds: .05 moves a risk of 20 % to 20.8 % at most. Less than that is not worth a sentence to a family.
SMALLEST_CONTRIBUTION = 0.05
# Absence over 10, 30 and 90 days are one thing said three times: at most this many reasons share a source.
MOST_OF_ONE_SOURCE = 2

_WINDOW = re.compile(r"_(\d+d|(last_)?(year|term)|\d+(st|nd|rd|th))$")
# The catalogue's other ways of saying the same.
_SAME_SOURCE = {
    "absence_trend": "absence_rate",
    "unexcused_share": "absence_rate",
    "chronic_absence": "absence_rate",
    "course_average_change": "course_average",
    "lowest_course": "course_average",
    "credits_behind": "credits",
    "credits_earned_share": "credits",
}


def source_of(name: str) -> str:
    """Return what a feature is about, without the window or term it looks at.

    "absence_rate_10d" and "absence_rate_year" are both about "absence_rate", "grade_1st" and "grade_2nd" about "grade".
    """
    subject = _WINDOW.sub("", name)
    return _SAME_SOURCE.get(subject, subject)


def top_reasons(
    model: RiskModel, frame: pd.DataFrame, scores: Scores, *, n_raising: int = 5, n_lowering: int = 3
) -> list[list[dict[str, Any]]]:
    """Return the reasons of each student, the largest contribution first.

    Parameters
    ----------
    model : RiskModel
    frame : DataFrame of shape (n, any)
        What was scored.
    scores : Scores
        What `model` said of `frame`.
    n_raising, n_lowering : int
        The most reasons of each direction.

    Returns
    -------
    list of n lists of dict
        Plain JSON types: ``code`` (the feature's name), ``value`` (as in the frame; None where missing),
        ``comparison`` (the training median of a number, the most common value of a flag or category),
        ``direction`` ("raises" or "lowers"), ``changeable``, ``contribution`` (log-odds). Empty where nothing
        contributes enough.
    """
    contributions = scores.contributions[:, :-1]
    groups = np.unique([source_of(feature.name) for feature in model.features], return_inverse=True)[1]
    chosen = [
        *_strongest(contributions, groups=groups, n_most=n_raising),
        *_strongest(-contributions, groups=groups, n_most=n_lowering),
    ]
    rows = np.concatenate([rows for rows, _ in chosen])
    columns = np.concatenate([columns for _, columns in chosen])
    strength = np.abs(contributions[rows, columns])
    order = np.lexsort((columns, -strength, rows))
    reasons: list[list[dict[str, Any]]] = [[] for _ in range(len(frame))]
    described = _described(model, frame, rows=rows[order], columns=columns[order], contributions=contributions)
    for row, reason in zip(rows[order].tolist(), described, strict=True):
        reasons[row].append(reason)
    return reasons


def _strongest(contributions: FloatArray, *, groups: IntArray, n_most: int) -> list[tuple[IntArray, IntArray]]:
    """Return (rows, columns) of the largest positive contributions, at most two of a group in a row."""
    n_rows, n_columns = contributions.shape
    order = np.argsort(-contributions, axis=1, kind="stable")
    n_taken = np.zeros(n_rows, dtype=np.intp)
    n_of_group = np.zeros((n_rows, int(groups.max(initial=0)) + 1), dtype=np.intp)
    every_row = np.arange(n_rows)
    chosen = []
    for rank in range(n_columns):
        columns = order[:, rank]
        strong = (contributions[every_row, columns] >= SMALLEST_CONTRIBUTION) & (n_taken < n_most)
        if not strong.any():
            break
        rows = every_row[strong & (n_of_group[every_row, groups[columns]] < MOST_OF_ONE_SOURCE)]
        n_taken[rows] += 1
        n_of_group[rows, groups[columns[rows]]] += 1
        chosen.append((rows, columns[rows]))
    return chosen or [(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))]


def _described(
    model: RiskModel, frame: pd.DataFrame, *, rows: IntArray, columns: IntArray, contributions: FloatArray
) -> list[dict[str, Any]]:
    values = [_plain_values(feature, frame) for feature in model.features]
    comparisons = _comparisons(model.features, model.specification["reference"])
    described = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        feature, contribution = model.features[column], float(contributions[row, column])
        described.append(
            {
                "code": feature.name,
                "value": values[column][row],
                "comparison": comparisons[column],
                "direction": "raises" if contribution > 0 else "lowers",
                "changeable": feature.changeable,
                "contribution": contribution,
            }
        )
    return described


def _plain_values(feature: Feature, frame: pd.DataFrame) -> list[Any]:
    if feature.name not in frame:
        return [None] * len(frame)
    column = frame[feature.name]
    if feature.kind == "category":
        return [category_code(value) for value in column.tolist()]
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return [number if finite else None for number, finite in zip(numbers.tolist(), np.isfinite(numbers), strict=True)]


def _comparisons(features: Sequence[Feature], reference: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    typical = {"number": "median", "flag": "most_common", "category": "most_common"}
    return [reference[feature.name][typical[feature.kind]] for feature in features]
