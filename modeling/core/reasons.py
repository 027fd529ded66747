"""Chooses what to say of each student: the sources that contribute most and hold, as codes and values to be worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature
from modeling.core.reference import TYPICAL
from modeling.core.risk_model import RiskModel, Scores
from modeling.core.sources import Sources
from modeling.core.standing import MOST_TOLD, Noise, Standing, first_sources
from modeling.core.usual import sessions_of_new

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Direction = Literal["raises", "lowers"]


def top_reasons(
    model: RiskModel,
    frame: pd.DataFrame,
    scores: Scores,
    *,
    n_raising: int = MOST_TOLD,
    n_lowering: int = MOST_TOLD,
    listed: Mapping[str, Any] | None = None,
) -> list[list[dict[str, Any]]]:
    """Return the reasons of each student, the largest contribution first.

    A reason is a source: what its features contribute is added up, and the one of them that contributes most in the
    same direction gives the words. It is told if it stays among the first ones when the model is fitted to other
    students, as far as `reason_stability.bound` could tell; a version without that bound tells every reason. What a
    value contributes that is the usual one here counts for nothing (`modeling.core.usual`).

    Parameters
    ----------
    model : RiskModel
    frame : DataFrame of shape (n, any)
        What was scored.
    scores : Scores
        What `model` said of `frame`.
    n_raising, n_lowering : int
        The most reasons of each direction. The bound speaks of `MOST_TOLD`.
    listed : mapping of feature name to value, or None
        What is usual on the list, beside what was usual in training.

    Returns
    -------
    list of n lists of dict
        Plain JSON types: ``code`` (name of the feature that gives the words), ``source``, ``value`` (as in the frame;
        None where missing), ``comparison`` (the training median of a number, the most common value of a flag or
        category), ``direction`` ("raises" or "lowers"), ``changeable``, ``contribution`` (log-odds, of the whole
        source), ``holds`` (True; None where the version cannot tell), and of a new student ``sessions``, the school
        days they have been here for. Empty where nothing contributes enough or holds.
    """
    sessions = sessions_of_new(frame)
    usual = model.usual_cells(frame, scores, listed=listed or {}, sessions=sessions)
    sources = Sources.of(model.features)
    contributions, sums = sources.telling(scores.contributions[:, :-1], usual)
    bound = model.specification.get("reasons") or None
    parts = []
    for sign, n_most in ((1.0, n_raising), (-1.0, n_lowering)):
        standing = first_sources(sign * sums, n_most=n_most)
        told = np.ones(len(standing.rows), dtype=np.bool_) if bound is None else _holds(standing, bound, sources)
        rows, chosen = standing.rows[told], standing.sources[told]
        strongest = _strongest_columns(sign * contributions, sources, rows=rows, chosen=chosen)
        parts.append((rows, chosen, strongest))
    rows, chosen, columns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((chosen, -np.abs(sums[rows, chosen]), rows))
    rows, chosen, columns = rows[order], chosen[order], columns[order]
    reasons: list[list[dict[str, Any]]] = [[] for _ in range(len(frame))]
    described = _described(model, frame, rows=rows, columns=columns, contributions=sums[rows, chosen])
    for row, source, reason in zip(rows.tolist(), chosen.tolist(), described, strict=True):
        here = {} if np.isnan(sessions[row]) else {"sessions": int(sessions[row])}
        told_of = {"source": sources.names[source], "holds": None if bound is None else True}
        reasons[row].append(reason | told_of | here)
    return reasons


def _holds(standing: Standing, bound: Mapping[str, Any], sources: Sources) -> NDArray[np.bool_]:
    if bound["margin"] is None:
        return np.zeros(len(standing.rows), dtype=np.bool_)
    held: NDArray[np.bool_] = standing.margins(Noise.from_json(bound, sources.names)) >= bound["margin"]
    return held


def _strongest_columns(contributions: FloatArray, sources: Sources, *, rows: IntArray, chosen: IntArray) -> IntArray:
    """Return for each student and source the feature of that source with the largest contribution."""
    strongest = np.empty(len(rows), dtype=np.intp)
    for source in np.unique(chosen):
        at = chosen == source
        columns = np.flatnonzero(sources.of_column == source)
        strongest[at] = columns[contributions[np.ix_(rows[at], columns)].argmax(axis=1)]
    return strongest


def _described(
    model: RiskModel, frame: pd.DataFrame, *, rows: IntArray, columns: IntArray, contributions: FloatArray
) -> list[dict[str, Any]]:
    values = [_plain_values(feature, frame) for feature in model.features]
    comparisons = _comparisons(model.features, model.specification["reference"])
    described = []
    for row, column, contribution in zip(rows.tolist(), columns.tolist(), contributions.tolist(), strict=True):
        feature = model.features[column]
        direction: Direction = "raises" if contribution > 0 else "lowers"
        described.append(
            {
                "code": feature.name,
                "value": values[column][row],
                "comparison": comparisons[column],
                "direction": direction,
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
    return [reference[feature.name][TYPICAL[feature.kind]] for feature in features]
