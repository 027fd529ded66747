"""What a model looks at over all students: importance, beeswarm and dependence, without anybody to recognise.

Contributions are those of the reasons: SHAP values of the trees (Lundberg et al., 2020), as LightGBM computes them and
the `shap` library says too (tests/modeling/core/test_shap_agreement.py). No row is kept: everything stored is of
`SMALLEST_GROUP` students or more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature
from modeling.core.risk_model import RiskModel
from modeling.core.sources import Sources

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

MOST_ROWS = 2000
SMALLEST_GROUP = 10
N_BEESWARM = 12
N_DEPENDENCE = 8
# Cells of the beeswarm over the whole width of the figure; bins of values in a dependence; levels of a category.
N_CELLS = 48
N_BINS = 12
N_LEVELS = 12
DECIMALS = 4
LOW, MIDDLE, HIGH, MISSING, UNORDERED = "low", "middle", "high", "missing", "unordered"


def describe(model: RiskModel, frame: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    """Return what a model looks at, measured on rows it has not seen, as plain JSON types.

    Parameters
    ----------
    model : RiskModel
    frame : DataFrame of shape (n, any)
        A draw of `MOST_ROWS` of them is looked at.
    seed : int

    Returns
    -------
    dict
        ``n_explained`` rows. ``importance``: per feature ``mean_abs`` contribution (log-odds) and its ``share`` of
        all, largest first; ``importance_by_source``: the same of the sums per ``source``, with its ``features``.
        ``beeswarm``: of the first features ``cells`` of [mean contribution, level of the value, students].
        ``dependence``: of the first features ``bins`` with ``n``, ``median``, ``low`` and ``high`` (the middle 80 of
        100) of the contribution, and ``value`` (the median of the bin), ``level`` (of a category) or ``missing``.
        Empty for fewer than `SMALLEST_GROUP` rows.
    """
    if len(frame) < SMALLEST_GROUP:
        return {}
    drawn = np.sort(np.random.default_rng(seed).permutation(len(frame))[:MOST_ROWS])
    rows = frame.iloc[drawn]
    contributions = model.score(rows).contributions[:, :-1]
    order = np.argsort(-np.abs(contributions).mean(axis=0), kind="stable")
    return {
        "n_explained": len(rows),
        "importance": _importance([feature.name for feature in model.features], contributions, key="feature"),
        "importance_by_source": _by_source(model.features, contributions),
        "beeswarm": _beeswarm(model.features, rows, contributions, order=order[:N_BEESWARM]),
        "dependence": [
            {
                "feature": model.features[column].name,
                "bins": _bins(model.features[column], rows, contributions[:, column]),
            }
            for column in order[:N_DEPENDENCE]
        ],
    }


def _importance(names: Sequence[str], contributions: FloatArray, *, key: str) -> list[dict[str, Any]]:
    mean_abs = np.abs(contributions).mean(axis=0)
    total = mean_abs.sum() or 1.0
    return [
        {
            key: names[column],
            "mean_abs": round(float(mean_abs[column]), DECIMALS),
            "share": round(float(mean_abs[column] / total), DECIMALS),
        }
        for column in np.argsort(-mean_abs, kind="stable")
    ]


def _by_source(features: Sequence[Feature], contributions: FloatArray) -> list[dict[str, Any]]:
    """Return the importance of sums: what two features of a source say against each other moves nobody."""
    sources = Sources.of(features)
    mean_abs = np.abs(contributions).mean(axis=0)
    members: dict[str, list[str]] = {name: [] for name in sources.names}
    for column in np.argsort(-mean_abs, kind="stable"):
        members[sources.names[sources.of_column[column]]].append(features[column].name)
    listed = _importance(sources.names, sources.sums(contributions), key="source")
    return [entry | {"features": members[entry["source"]]} for entry in listed]


def _beeswarm(
    features: Sequence[Feature], rows: pd.DataFrame, contributions: FloatArray, *, order: IntArray
) -> list[dict[str, Any]]:
    """Return the densities of the first features, on one width of cell for all of them."""
    shown = contributions[:, order]
    width = max(float(shown.max() - shown.min()) / N_CELLS, 10.0**-DECIMALS)
    swarm = []
    for column in order:
        levels = _levels(features[column], rows)
        cells = [
            [round(float(contributions[members, column].mean()), DECIMALS), level, len(members)]
            for level in (LOW, MIDDLE, HIGH, UNORDERED, MISSING)
            for members in _cells(contributions[:, column], np.flatnonzero(levels == level), width=width)
        ]
        swarm.append({"feature": features[column].name, "cells": cells})
    return swarm


def _levels(feature: Feature, rows: pd.DataFrame) -> NDArray[np.object_]:
    """Return low, middle or high third per row; a level of too few is added to the one beside it."""
    values = _numbers(feature, rows)
    known = values[np.isfinite(values)]
    levels = np.full(len(rows), MISSING, dtype=object)
    if feature.kind == "category":
        levels[np.isfinite(values)] = UNORDERED
    elif len(known):
        first, second = np.quantile(known, [1 / 3, 2 / 3])
        if len(np.unique(known)) == 2:
            levels[values == known.min()], levels[values == known.max()] = LOW, HIGH
        elif first == second:
            # Most have the same value: what is below and above it is low and high.
            levels[values < first], levels[values == first], levels[values > first] = LOW, MIDDLE, HIGH
        else:
            levels[values <= first], levels[(values > first) & (values <= second)] = LOW, MIDDLE
            levels[values > second] = HIGH
    for small, beside in ((LOW, MIDDLE), (HIGH, MIDDLE), (MIDDLE, LOW), (MIDDLE, HIGH), (MISSING, MIDDLE)):
        _add_small(levels, small, beside)
    # What is left small has no neighbour: then all are shown as one.
    sizes = [int((levels == level).sum()) for level in set(levels)]
    return np.full(len(rows), UNORDERED, dtype=object) if min(sizes) < SMALLEST_GROUP else levels


def _add_small(levels: NDArray[np.object_], small: str, beside: str) -> None:
    if 0 < (levels == small).sum() < SMALLEST_GROUP and (levels == beside).any():
        levels[levels == small] = beside


def _cells(contributions: FloatArray, members: IntArray, *, width: float) -> Iterator[IntArray]:
    """Yield groups of neighbours: cells of one width, joined until each holds enough students."""
    if len(members) == 0:
        return
    ordered = members[np.argsort(contributions[members], kind="stable")]
    cell_of = np.floor(contributions[ordered] / width)
    starts = np.flatnonzero(np.diff(cell_of, prepend=cell_of[0] - 1))
    yield from _joined(np.split(ordered, starts[1:]))


def _joined(groups: Sequence[IntArray]) -> Iterator[IntArray]:
    """Join neighbours until each group holds `SMALLEST_GROUP`; a small rest goes to the last."""
    enough: list[IntArray] = []
    waiting: list[IntArray] = []
    for group in groups:
        waiting.append(group)
        if sum(map(len, waiting)) >= SMALLEST_GROUP:
            enough.append(np.concatenate(waiting))
            waiting = []
    if waiting and enough:
        enough[-1] = np.concatenate([enough[-1], *waiting])
    yield from enough


def _bins(feature: Feature, rows: pd.DataFrame, contributions: FloatArray) -> list[dict[str, Any]]:
    """Return how the contribution goes with the value, in bins of enough students each."""
    values = _numbers(feature, rows)
    missing = np.flatnonzero(~np.isfinite(values))
    if feature.kind == "category":
        described = _level_bins(feature, rows, contributions)
    else:
        described = [
            {"value": round(float(np.median(values[members])), DECIMALS), **_spread(contributions[members])}
            for members in _value_bins(values)
        ]
    if len(missing) >= SMALLEST_GROUP:
        described.append({"missing": True, **_spread(contributions[missing])})
    return described


def _value_bins(values: FloatArray) -> Iterator[IntArray]:
    """Yield the rows of bins of about equal share; a value is never in two of them."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return
    ordered = known[np.argsort(values[known], kind="stable")]
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, N_BINS + 1)[1:-1]))
    # Few distinct values are their own bins: a flag that is nearly always 0 has no inner quantile but 0.
    distinct = np.unique(values[known])
    edges = distinct[:-1] if len(distinct) <= N_BINS else edges
    bin_of = np.searchsorted(edges, values[ordered], side="left")
    starts = np.flatnonzero(np.diff(bin_of, prepend=-1))
    yield from _joined(np.split(ordered, starts[1:]))


def _level_bins(feature: Feature, rows: pd.DataFrame, contributions: FloatArray) -> list[dict[str, Any]]:
    codes = _codes(feature, rows)
    counts = codes.value_counts()
    # By size, then by code: the same rows give the same bytes.
    large = sorted(((-int(n), str(code)) for code, n in counts.items() if n >= SMALLEST_GROUP))[:N_LEVELS]
    return [{"level": code, **_spread(contributions[np.flatnonzero((codes == code).to_numpy())])} for _, code in large]


def _spread(contributions: FloatArray) -> dict[str, Any]:
    low, median, high = np.quantile(contributions, [0.1, 0.5, 0.9]).round(DECIMALS).tolist()
    return {"n": len(contributions), "median": median, "low": low, "high": high}


def _numbers(feature: Feature, rows: pd.DataFrame) -> FloatArray:
    """Return values as numbers, NaN where missing; of a category only whether there is one."""
    if feature.name not in rows:
        return np.full(len(rows), np.nan)
    if feature.kind == "category":
        return np.where(_codes(feature, rows).isna(), np.nan, 0.0)
    return rows[feature.name].to_numpy(dtype=np.float64, na_value=np.nan)


def _codes(feature: Feature, rows: pd.DataFrame) -> pd.Series:
    return rows[feature.name].map(category_code).astype(object) if feature.name in rows else pd.Series(dtype=object)
