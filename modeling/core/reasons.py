"""Chooses what to say of each student: the sources that contribute most and hold, as codes and values to be worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature
from modeling.core.reason_rank import MOST_TOLD, Noise, ReasonRank, first_sources
from modeling.core.reference import TYPICAL
from modeling.core.risk_model import RiskModel, Scores
from modeling.core.sources import Sources
from modeling.core.usual import sessions_of_new

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Direction = Literal["raises", "lowers"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """The reasons of n students as columns: student after student, of each the largest contribution first.

    Attributes
    ----------
    n : int
    kinds : list of dict, one per feature of the model
        What every reason in the words of that feature says alike: ``code``, ``source``, ``comparison``, ``changeable``
        and ``holds``, as `top_reasons` describes them.
    rows, columns : ndarray of shape (n_reasons,)
        The student, and the feature that gives the words.
    contributions : ndarray of shape (n_reasons,)
        Log-odds, of the whole source; above 0 it raises the risk.
    numbers : ndarray of shape (n_reasons,)
        The value; NaN where it is missing or a code.
    codes : dict of position among the reasons to str
        The value where it is a code.
    sessions : ndarray of shape (n_reasons,)
        School days that a new student has been here for; NaN of others.
    """

    n: int
    kinds: list[dict[str, Any]]
    rows: IntArray
    columns: IntArray
    contributions: FloatArray
    numbers: FloatArray
    codes: dict[int, str]
    sessions: FloatArray

    def as_dicts(self) -> list[list[dict[str, Any]]]:
        """Return the reasons of each student, as `top_reasons` describes them."""
        reasons: list[list[dict[str, Any]]] = [[] for _ in range(self.n)]
        columns = (self.rows, self.columns, self.contributions, self.numbers, self.sessions)
        told = zip(*(column.tolist() for column in columns), strict=True)
        for place, (row, column, contribution, number, sessions) in enumerate(told):
            direction: Direction = "raises" if contribution > 0 else "lowers"
            value = self.codes.get(place) if np.isnan(number) else number
            here = {} if np.isnan(sessions) else {"sessions": int(sessions)}
            said = {"value": value, "direction": direction, "contribution": contribution}
            reasons[row].append(self.kinds[column] | said | here)
        return reasons


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
    students, as far as `reason_stability.stability_threshold` could tell; a version without a threshold tells every
    reason. What a value contributes that is the usual one here counts for nothing (`modeling.core.usual`).

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
    return told(model, frame, scores, n_raising=n_raising, n_lowering=n_lowering, listed=listed).as_dicts()


def told(
    model: RiskModel,
    frame: pd.DataFrame,
    scores: Scores,
    *,
    n_raising: int = MOST_TOLD,
    n_lowering: int = MOST_TOLD,
    listed: Mapping[str, Any] | None = None,
) -> Told:
    """Return the same reasons as `top_reasons` as columns, for many students at once."""
    sessions = sessions_of_new(frame)
    usual = model.usual_cells(frame, scores, listed=listed or {}, sessions=sessions)
    sources = Sources.of(model.features)
    contributions, sums = sources.telling(scores.contributions[:, :-1], usual)
    bound = model.specification.get("reasons") or None
    parts = []
    for sign, n_most in ((1.0, n_raising), (-1.0, n_lowering)):
        rank = first_sources(sign * sums, n_most=n_most)
        is_stable = np.ones(len(rank.rows), dtype=np.bool_) if bound is None else _are_stable(rank, bound, sources)
        rows, chosen = rank.rows[is_stable], rank.sources[is_stable]
        strongest = _strongest_columns(sign * contributions, sources, rows=rows, chosen=chosen)
        parts.append((rows, chosen, strongest))
    rows, chosen, columns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((chosen, -np.abs(sums[rows, chosen]), rows))
    rows, chosen, columns = rows[order], chosen[order], columns[order]
    numbers, codes = _values(model.features, frame, rows=rows, columns=columns)
    return Told(
        n=len(frame),
        kinds=_kinds(model, sources, holds=None if bound is None else True),
        rows=rows,
        columns=columns,
        contributions=sums[rows, chosen],
        numbers=numbers,
        codes=codes,
        sessions=sessions[rows],
    )


def _are_stable(rank: ReasonRank, bound: Mapping[str, Any], sources: Sources) -> NDArray[np.bool_]:
    if bound["margin"] is None:
        return np.zeros(len(rank.rows), dtype=np.bool_)
    held: NDArray[np.bool_] = rank.margins(Noise.from_json(bound, sources.names)) >= bound["margin"]
    return held


def _strongest_columns(contributions: FloatArray, sources: Sources, *, rows: IntArray, chosen: IntArray) -> IntArray:
    """Return for each student and source the feature of that source with the largest contribution."""
    strongest = np.empty(len(rows), dtype=np.intp)
    for source in np.unique(chosen):
        at = chosen == source
        columns = np.flatnonzero(sources.of_column == source)
        strongest[at] = columns[contributions[np.ix_(rows[at], columns)].argmax(axis=1)]
    return strongest


def _kinds(model: RiskModel, sources: Sources, *, holds: bool | None) -> list[dict[str, Any]]:
    comparisons = _comparisons(model.features, model.specification["reference"])
    return [
        {
            "code": feature.name,
            "source": sources.names[source],
            "comparison": comparison,
            "changeable": feature.changeable,
            "holds": holds,
        }
        for feature, source, comparison in zip(model.features, sources.of_column, comparisons, strict=True)
    ]


def _values(
    features: Sequence[Feature], frame: pd.DataFrame, *, rows: IntArray, columns: IntArray
) -> tuple[FloatArray, dict[int, str]]:
    """Return the values that reasons speak of: numbers, and codes by the position of the reason."""
    numbers, codes = np.full(len(rows), np.nan), dict[int, str]()
    for column in np.unique(columns).tolist():
        feature, at = features[column], np.flatnonzero(columns == column)
        if feature.name not in frame:
            continue
        values = frame[feature.name].iloc[rows[at]]
        if feature.kind == "category":
            # A code is read once per distinct value.
            places, distinct = pd.factorize(values)
            read = [*map(category_code, distinct), None]
            coded = zip(at.tolist(), (read[place] for place in places.tolist()), strict=True)
            codes.update((place, code) for place, code in coded if code is not None)
        else:
            found = values.to_numpy(dtype=np.float64, na_value=np.nan)
            numbers[at] = np.where(np.isfinite(found), found, np.nan)
    return numbers, codes


def _comparisons(features: Sequence[Feature], reference: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    return [reference[feature.name][TYPICAL[feature.kind]] for feature in features]
