"""What a frozen dataset holds before anything is learned from it: columns, gaps, doubles, outliers, who left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from modeling.core import data_notes, outcome_rates
from modeling.core.feature import Feature

MOST_CORRELATED = 25
MOST_ROWS_CORRELATED = 50_000
FEWEST_ROWS_CORRELATED = 30
# Tukey (1977): beyond one and a half times the middle half's width on either side.
FENCE = 1.5
DECIMALS = 4
# What is drawn by outcome and over time, the first there is of each.
ATTENDANCE = ("absence_rate_year", "absence_rate_90d", "absence_rate_30d")
GRADES = ("course_average", "lowest_course", "credits_earned_share")
MOST_DRAWN = 4


@dataclass(frozen=True, kw_only=True)
class Data:
    """A frozen dataset, and what the records say beside it.

    Attributes
    ----------
    rows : DataFrame of shape (n, any)
        ``student_id``, ``snapshot_on``, ``y`` (0 or 1), ``helped`` and a column per feature.
    features : sequence of Feature
    on_roll : DataFrame
        ``student_id``, ``snapshot_on``, ``school`` (str or None): everybody on the roll at a snapshot, with or without
        a known outcome.
    protected : DataFrame
        ``student_id``, ``name``, ``value``: for the audit of groups alone.
    minimum : int
        Cells of fewer students are hidden.
    seed : int
        Draws the rows that are correlated where there are very many.
    """

    rows: pd.DataFrame
    features: Sequence[Feature]
    on_roll: pd.DataFrame
    protected: pd.DataFrame
    minimum: int = 10
    seed: int = 0


def explore(data: Data) -> dict[str, Any]:
    """Return the report of a dataset as plain JSON types.

    Returns
    -------
    dict
        ``columns``, ``missing``, ``duplicates``, ``correlation``, ``distributions``, ``groups`` (the schools last,
        protected attributes marked), ``trends``, ``outcome`` and ``notes``. Groups count students, each at their
        newest snapshot; no cell tells of fewer than `data.minimum`.
    """
    newest = outcome_rates.newest_of_each(data.rows)
    correlation = correlations(data.rows, data.features, seed=data.seed)
    drawn = _drawn(data.features, correlation)
    groups = _groups(data, newest)
    columns = [column(data.rows[feature.name], feature, minimum=data.minimum) for feature in data.features]
    return {
        "minimum": data.minimum,
        "outcome": _outcome(data.rows, newest),
        "columns": columns,
        "missing": missing(data.rows, data.features),
        "duplicates": duplicates(data.rows, data.features),
        "correlation": correlation,
        "distributions": _distributions(data, newest, drawn),
        "groups": groups,
        "trends": {
            "measures": drawn[:2],
            "days": outcome_rates.trends(data.rows, measures=drawn[:2], minimum=data.minimum),
        },
        "notes": data_notes.notes(data.rows, data.on_roll, groups=groups, columns=columns, minimum=data.minimum),
    }


def column(values: pd.Series, feature: Feature, *, minimum: int) -> dict[str, Any]:
    """Return what one feature holds.

    Parameters
    ----------
    values : Series of shape (n,)
        Numbers, or codes (str); NaN where missing.
    feature : Feature
    minimum : int
        Fewer rows beyond the fences, or outside the bounds, are not counted: they are single students.

    Returns
    -------
    dict
        The feature's own words and bounds; ``n_distinct``, ``missing_share``; of numbers ``low_5``, ``median``,
        ``high_95``, ``beyond_share`` (beyond Tukey's fences) and ``outside_share`` (outside the bounds of what is
        plausible), None where fewer than `minimum` rows are.
    """
    known = values.dropna()
    about: dict[str, Any] = {
        **{name: getattr(feature, name) for name in ("name", "label", "kind", "unit", "low", "high", "changeable")},
        "n_distinct": int(known.nunique()),
        "missing_share": round(float(values.isna().mean()), DECIMALS),
    }
    if feature.kind != "number" or len(known) < minimum:
        return about
    low_5, quarter, median, three_quarters, high_95 = known.quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    reach = FENCE * (three_quarters - quarter)
    beyond = (known < quarter - reach) | (known > three_quarters + reach)
    outside = pd.Series(False, index=known.index)
    if feature.low is not None:
        outside |= known < feature.low
    if feature.high is not None:
        outside |= known > feature.high
    return about | {
        "low_5": round(float(low_5), DECIMALS),
        "median": round(float(median), DECIMALS),
        "high_95": round(float(high_95), DECIMALS),
        "beyond_share": _share_of_many(beyond, minimum),
        "outside_share": _share_of_many(outside, minimum),
    }


def missing(rows: pd.DataFrame, features: Sequence[Feature]) -> dict[str, Any]:
    """Return the share of snapshots in which each feature is missing, by calendar year; complete features are left out.

    Returns
    -------
    dict
        ``years`` (list of int) and ``rows``: ``name`` and ``shares``, one a year.
    """
    names = [feature.name for feature in features if rows[feature.name].isna().any()]
    by_year = rows[names].isna().groupby(rows["snapshot_on"].dt.year).mean()
    return {
        "years": [int(year) for year in by_year.index],
        "rows": [
            {"name": name, "shares": [round(float(share), DECIMALS) for share in by_year[name]]} for name in names
        ],
    }


def duplicates(rows: pd.DataFrame, features: Sequence[Feature]) -> dict[str, int]:
    """Return how many rows repeat another.

    Returns
    -------
    dict of str to int
        ``n_same_features``: rows with every feature as in an earlier row of the same day; ``n_of_both_outcomes``: those
        of them where some left and some stayed; ``n_student_twice``: a student twice in one snapshot.
    """
    keys = ["snapshot_on", *(feature.name for feature in features)]
    twins = rows.duplicated(keys, keep=False)
    same = rows.loc[twins]
    outcomes = same.groupby(keys, dropna=False, sort=False)["y"].transform("nunique")
    return {
        "n_same_features": int(rows.duplicated(keys).sum()),
        "n_of_both_outcomes": int((outcomes > 1).sum()),
        "n_student_twice": int(rows.duplicated(["student_id", "snapshot_on"]).sum()),
    }


def correlations(rows: pd.DataFrame, features: Sequence[Feature], *, seed: int) -> dict[str, Any]:
    """Return Spearman's correlations of the numbers that go most with leaving.

    Parameters
    ----------
    rows : DataFrame of shape (n, any)
    features : sequence of Feature
    seed : int
        Draws `MOST_ROWS_CORRELATED` rows where there are more.

    Returns
    -------
    dict
        ``n_rows``; ``names``, at most `MOST_CORRELATED` in the features' own order; ``with_outcome``, one each;
        ``rho``, a square, None where too few rows have both.
    """
    sample = rows
    if len(rows) > MOST_ROWS_CORRELATED:
        chosen = np.random.default_rng(seed).choice(len(rows), MOST_ROWS_CORRELATED, replace=False)
        sample = rows.iloc[np.sort(chosen)]
    numbers = [
        feature.name for feature in features if feature.kind != "category" and sample[feature.name].nunique() > 1
    ]
    with_outcome = pd.Series({name: _spearman(sample[[name, "y"]]).iloc[0, 1] for name in numbers}, dtype=np.float64)
    with_outcome = with_outcome.dropna()
    strongest = set(with_outcome.abs().sort_values(ascending=False, kind="stable").index[:MOST_CORRELATED])
    names = [name for name in numbers if name in strongest]
    square = _spearman(sample[names])
    return {
        "n_rows": len(sample),
        "names": names,
        "with_outcome": [round(float(with_outcome[name]), 2) for name in names],
        "rho": [[None if np.isnan(rho) else round(float(rho), 2) for rho in line] for line in square.to_numpy()],
    }


def _spearman(columns: pd.DataFrame) -> pd.DataFrame:
    return columns.corr(method="spearman", min_periods=FEWEST_ROWS_CORRELATED)


def _drawn(features: Sequence[Feature], correlation: dict[str, Any]) -> list[str]:
    """Return an attendance and a grade; of a cohort that has neither, what goes most with leaving."""
    offered = {feature.name for feature in features}
    first = [next((name for name in names if name in offered), None) for names in (ATTENDANCE, GRADES)]
    chosen = [name for name in first if name]
    strongest = sorted(
        zip(correlation["names"], correlation["with_outcome"], strict=True), key=lambda pair: -abs(pair[1])
    )
    kinds = {feature.name: feature.kind for feature in features}
    more = [name for name, _rho in strongest if name not in chosen and kinds[name] == "number"]
    return [*chosen, *more][: max(len(chosen), MOST_DRAWN if len(chosen) < len(first) else len(first))]


def _distributions(data: Data, newest: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    labels = {feature.name: feature for feature in data.features}
    found = {name: outcome_rates.distribution(newest[name], newest["y"], minimum=data.minimum) for name in names}
    return [
        {"name": name, "label": labels[name].label, "unit": labels[name].unit, **bins}
        for name, bins in found.items()
        if bins
    ]


def _groups(data: Data, newest: pd.DataFrame) -> list[dict[str, Any]]:
    """Return who left by each attribute of the schema, by each protected one, and by school."""
    found = []
    for feature in data.features:
        if feature.kind != "number":
            found.append(_of(feature.name, feature.label, _codes(newest[feature.name], feature)))
    for name, rows in data.protected.groupby("name", sort=True):
        values = rows.drop_duplicates("student_id", keep="last").set_index("student_id")["value"]
        of_students = values.reindex(newest.index)
        if of_students.notna().any():
            found.append(_of(str(name), str(name).replace("_", " ").capitalize(), of_students) | {"is_protected": True})
    school = data.on_roll.sort_values("snapshot_on", kind="stable").drop_duplicates("student_id", keep="last")
    found.append(_of("school", "School", school.set_index("student_id")["school"].reindex(newest.index)))
    return [
        {name: value for name, value in group.items() if name != "values"}
        | outcome_rates.rates(group["values"], newest["y"], minimum=data.minimum)
        for group in found
    ]


def _of(name: str, label: str, values: pd.Series) -> dict[str, Any]:
    return {"attribute": name, "label": label, "is_protected": False, "values": values}


def _codes(values: pd.Series, feature: Feature) -> pd.Series:
    if feature.kind == "flag":
        return values.map({1.0: "yes", 0.0: "no"}).astype(object)
    return values.map(lambda code: feature.levels.get(str(code), code), na_action="ignore").astype(object)


def _outcome(rows: pd.DataFrame, newest: pd.DataFrame) -> dict[str, Any]:
    """Return the class balance, by snapshot and by student."""
    return {
        "n_rows": len(rows),
        "n_students": len(newest),
        "left_share": round(float(rows["y"].mean()), DECIMALS),
        "left_share_of_students": round(float(newest["y"].mean()), DECIMALS),
        "snapshots_per_student": round(len(rows) / max(1, len(newest)), 1),
    }


def _share_of_many(which: pd.Series, minimum: int) -> float | None:
    n = int(which.sum())
    return None if 0 < n < minimum else round(float(which.mean()), DECIMALS)
