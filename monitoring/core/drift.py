"""How far today's students have moved from those the model learned from, feature by feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd
from scipy.stats import chi2

from modeling.core.reference import bin_shares, population_stability_index, reference_shares

Level = Literal["too_few", "stable", "watch", "drifted"]

# Siddiqi (2006), Credit Risk Scorecards, chapter 9: below .1 no change, .1 to .25 some, above .25 a shift.
WATCH = 0.10
DRIFTED = 0.25
# With fewer rows ten bins hold a handful each, and chance alone passes .1 every other time.
MINIMUM_ROWS = 50
# The chance that a feature that has not moved is reported.
FALSE_ALARM_SHARE = 0.01
# These count the calendar: they differ between any two days of the year, and say nothing about students.
CALENDAR = frozenset({"days_enrolled"})
# Twice what the training dates differ among themselves.
FAR_BEYOND_USUAL = 2.0


class FeatureDrift(TypedDict):
    """The drift of one feature; `psi` is None where there are no rows."""

    feature: str
    psi: float | None
    n: int
    missing_share: float | None
    reference_missing_share: float
    level: Level


def drift_table(frame: pd.DataFrame, specification: Mapping[str, Any]) -> list[FeatureDrift]:
    """Return the drift of every feature of a model, the furthest moved first.

    A feature is "watch" from .1 and "drifted" from .25, but only where chance is an unlikely cause: if nothing has
    moved, PSI / (1/n + 1/N) follows a chi-squared law with one degree of freedom fewer than bins (Yurdakul and
    Naranjo, 2020, theorem 1), so that small cohorts move further by chance. Fewer than 50 rows say "too_few".
    A rate over a school year differs between October and April as well: where the model's reference says how far its
    own training dates lie from their pool (``usual_psi``), "watch" begins there and "drifted" at twice that.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The students scored. A feature it lacks is missing throughout.
    specification : mapping
        The model's, with ``features`` and ``reference``.
    """
    return sorted(
        (
            _feature_drift(name, frame, reference)
            for name, reference in specification["reference"].items()
            if name not in CALENDAR
        ),
        key=lambda drift: (-(drift["psi"] or 0.0), drift["feature"]),
    )


def chance_bound(reference: Mapping[str, Any], *, n: int) -> float:
    """Return the PSI that n rows without any drift exceed one time in a hundred."""
    n_bins = int(np.count_nonzero(reference_shares(reference)))
    return float(chi2.ppf(1 - FALSE_ALARM_SHARE, max(n_bins - 1, 1)) * (1 / n + 1 / reference["n"]))


def _feature_drift(name: str, frame: pd.DataFrame, reference: Mapping[str, Any]) -> FeatureDrift:
    n = len(frame)
    values = frame[name] if name in frame else pd.Series(np.nan, index=frame.index)
    psi = population_stability_index(reference, values) if n else None
    return {
        "feature": name,
        "psi": psi,
        "n": n,
        "missing_share": float(bin_shares(reference, values)[-1]) if n else None,
        "reference_missing_share": float(reference["missing_share"]),
        "level": "too_few" if psi is None or n < MINIMUM_ROWS else _level(psi, reference, n=n),
    }


def _level(psi: float, reference: Mapping[str, Any], *, n: int) -> Level:
    usual = float(reference.get("usual_psi") or 0.0)
    if psi < max(WATCH, usual) or psi <= chance_bound(reference, n=n):
        return "stable"
    return "watch" if psi < max(DRIFTED, FAR_BEYOND_USUAL * usual) else "drifted"
