"""What each feature looked like in training: medians for the reasons, bins for the drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.encoding import category_code
from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

# Ten bins of equal share: the usual choice for the population stability index (Siddiqi, 2006, chapter 9).
N_BINS = 10
# A share of 0 has no logarithm. One row in ten thousand is less than any cohort here can show.
SMALLEST_SHARE = 1e-4
# Which entry of a feature's reference is its typical value, by kind.
TYPICAL = {"number": "median", "flag": "most_common", "category": "most_common"}


def training_reference(frame: pd.DataFrame, features: Sequence[Feature]) -> dict[str, dict[str, Any]]:
    """Return the distribution of every feature in the training rows, as plain JSON types.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The training rows. A column it lacks counts as missing throughout.
    features : sequence of Feature

    Returns
    -------
    dict of feature name to dict
        Numbers and flags: ``median``, ``most_common``, ``edges`` (rising; a bin holds what is above its lower and
        at or below its upper edge, the first and last bin are open) and ``shares``, one more than edges.
        Categories: ``most_common`` and ``shares`` by code. Both: ``kind``, ``n`` and ``missing_share``;
        shares and missing share add up to 1.
    """
    empty = pd.Series(np.nan, index=frame.index)
    return {feature.name: _reference(feature, frame.get(feature.name, empty)) for feature in features}


def bin_shares(reference: Mapping[str, Any], values: pd.Series) -> FloatArray:
    """Return the share of values in each stored bin, then those in none of them, then the missing.

    Parameters
    ----------
    reference : mapping
        One entry of `training_reference`.
    values : Series of shape (n,), n at least 1

    Returns
    -------
    ndarray of shape (n_bins + 2,)
        Adds up to 1. Only a category never seen in training is in no bin: the outer bins of numbers are open.
    """
    if reference["kind"] == "category":
        codes = _codes(values)
        counts = [int((codes == code).sum()) for code in reference["shares"]]
        n_missing = int(codes.isna().sum())
    else:
        known = _known(values)
        bins = np.searchsorted(np.asarray(reference["edges"], dtype=float), known, side="left")
        counts = np.bincount(bins, minlength=len(reference["shares"])).tolist()
        n_missing = len(values) - len(known)
    elsewhere = len(values) - n_missing - sum(counts)
    return np.array([*counts, elsewhere, n_missing]) / len(values)


def population_stability_index(reference: Mapping[str, Any], values: pd.Series) -> float:
    """Return how far values have moved from the training rows: the sum over bins of (now - then) ln(now / then).

    Parameters
    ----------
    reference : mapping
        One feature's entry of the model's specification.
    values : Series of shape (n,), n at least 1

    Returns
    -------
    float, at least 0
        Missing values are a bin of their own, codes never seen in training are another. Shares below .0001 count as
        .0001, without scaling the rest.
    """
    now = np.maximum(bin_shares(reference, values), SMALLEST_SHARE)
    then = np.maximum(reference_shares(reference), SMALLEST_SHARE)
    return float(np.sum((now - then) * np.log(now / then)))


def usual_psi(
    references: Mapping[str, Mapping[str, Any]], frame: pd.DataFrame, *, chunks: Sequence[Any]
) -> dict[str, float]:
    """Return how far the chunks of the training rows lie from their pool: the furthest of them, per feature.

    Parameters
    ----------
    references : mapping of feature name to its entry of `training_reference`
    frame : DataFrame of shape (n, any)
        The training rows.
    chunks : sequence of n
        The chunk of each row: its snapshot date.

    Returns
    -------
    dict of feature name to float
        0 where there is one chunk only.
    """
    parts = [part for _, part in frame.groupby(np.asarray(chunks))]
    return {
        name: max(population_stability_index(reference, part[name]) for part in parts)
        for name, reference in references.items()
        if name in frame
    }


def reference_shares(reference: Mapping[str, Any]) -> FloatArray:
    """Return the stored shares in the order of `bin_shares`."""
    shares = reference["shares"]
    listed = shares.values() if reference["kind"] == "category" else shares
    return np.array([*listed, 0.0, reference["missing_share"]])


def _reference(feature: Feature, column: pd.Series) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": feature.kind, "n": len(column)}
    if feature.kind == "category":
        codes = _codes(column)
        counts = codes.value_counts().sort_index()
        described["most_common"] = str(counts.idxmax()) if len(counts) else None
        described["shares"] = {str(code): int(count) / len(column) for code, count in counts.items()}
        return described | {"missing_share": float(codes.isna().mean())}
    known = _known(column)
    edges = _edges(known)
    described["median"] = float(np.median(known)) if len(known) else None
    described["most_common"] = _most_common(known)
    described["edges"] = edges.tolist()
    bins = np.searchsorted(edges, known, side="left")
    described["shares"] = (np.bincount(bins, minlength=len(edges) + 1) / len(column)).tolist()
    return described | {"missing_share": 1 - len(known) / len(column)}


def _edges(known: FloatArray) -> FloatArray:
    distinct = np.unique(known)
    if len(distinct) == 0:
        return distinct
    if len(distinct) <= N_BINS:
        # Quantiles of a flag that is nearly always 0 would put everything into one bin and see no drift. Each value
        # gets a bin, and what lies below and above all of them gets one too.
        return np.concatenate([[np.nextafter(distinct[0], -np.inf)], distinct])
    return np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1]))


def _most_common(known: FloatArray) -> float | None:
    if len(known) == 0:
        return None
    distinct, counts = np.unique(known, return_counts=True)
    return float(distinct[counts.argmax()])


def _known(column: pd.Series) -> FloatArray:
    numbers: FloatArray = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers[np.isfinite(numbers)]


def _codes(column: pd.Series) -> pd.Series:
    codes = {value: category_code(value) for value in column.dropna().unique()}
    return column.astype(object).map(codes)
