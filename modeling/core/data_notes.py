"""Where a dataset may mislead: what is known of some and not of others, as figures that `modeling` puts into words."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Differences below these are the usual noise of a school's records.
NOTABLE_SHARE = 0.1
NOTABLE_RATE = 0.05
NEARLY_ALL_MISSING = 0.5
DECIMALS = 4


def notes(
    rows: pd.DataFrame,
    on_roll: pd.DataFrame,
    *,
    groups: list[dict[str, Any]],
    columns: list[dict[str, Any]],
    minimum: int,
) -> list[dict[str, Any]]:
    """Return what a reader of the figures should bear in mind.

    Parameters
    ----------
    rows : DataFrame
        ``student_id``, ``snapshot_on``, ``y``, ``helped`` and the features.
    on_roll : DataFrame
        ``student_id``, ``snapshot_on``, ``school``.
    groups : list of dict
        As `outcome_rates.rates` counts them, with ``attribute``, ``label`` and ``is_protected``.
    columns : list of dict
        With ``name``, ``label`` and ``missing_share``.
    minimum : int
        Fewer students are not counted.

    Returns
    -------
    list of dict
        Each with a ``kind``, one of "known_outcomes", "helped", "rates_differ", "not_recorded", "missing_differs",
        "mostly_missing", "constant", and that kind's own figures.
    """
    # That those who repeat a grade leave more is what a model is there to learn; that those of a school or a gender do,
    # a reader must know.
    of_people = [group for group in groups if group["is_protected"] or group["attribute"] == "school"]
    found = [
        *_known_outcomes(rows, on_roll, minimum=minimum),
        *_helped(rows, minimum=minimum),
        *(note for group in of_people for note in (*_rates_differ(group), *_not_recorded(group))),
        *_missing_differs(rows, columns, minimum=minimum),
    ]
    for column in columns:
        if column["missing_share"] > NEARLY_ALL_MISSING:
            found.append({"kind": "mostly_missing", "label": column["label"], "share": column["missing_share"]})
        elif column["n_distinct"] == 1 and column["missing_share"] == 0:
            found.append({"kind": "constant", "label": column["label"]})
    return found


def _known_outcomes(rows: pd.DataFrame, on_roll: pd.DataFrame, *, minimum: int) -> list[dict[str, Any]]:
    """Return of how many in a hundred students the outcome is known, by school: where few are known, who is?"""
    everyone = on_roll.drop_duplicates("student_id", keep="last")
    known = everyone["student_id"].isin(rows["student_id"])
    schools = known.groupby(everyone["school"]).agg(["size", "mean"])
    schools = schools.loc[schools["size"] >= minimum].sort_values("mean", kind="stable")
    if schools.empty:
        return []
    listed = [
        {"school": str(school), "n": int(size), "share": round(float(share), DECIMALS)}
        for school, size, share in schools.itertuples()
    ]
    note = {
        "kind": "known_outcomes",
        "n": len(everyone),
        "share": round(float(known.mean()), DECIMALS),
        "lowest": listed[0],
        "highest": listed[-1],
        "differs": float(schools["mean"].max() - schools["mean"].min()) >= NOTABLE_SHARE,
    }
    return [note]


def _helped(rows: pd.DataFrame, *, minimum: int) -> list[dict[str, Any]]:
    """Return how many got help within the horizon: their outcome is not what would have come without it."""
    n = int(rows.loc[rows["helped"].astype(bool), "student_id"].nunique())
    return [{"kind": "helped", "n": None if 0 < n < minimum else n}]


def _rates_differ(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the groups that leave least and most, where they lie far apart."""
    told = sorted((row for row in group["rows"] if row["share"] is not None), key=lambda row: row["share"])
    if len(told) < 2 or told[-1]["share"] - told[0]["share"] < NOTABLE_RATE:
        return []
    ends = {"lowest": told[0], "highest": told[-1]}
    return [{"kind": "rates_differ", **{name: group[name] for name in ("attribute", "label", "is_protected")}, **ends}]


def _not_recorded(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how many students a group says nothing of."""
    missing = next((row["n"] for row in group["rows"] if row["value"] is None), 0)
    n = sum(row["n"] for row in group["rows"])
    # Where nobody has it, its column says so.
    if missing == n or missing / n < NOTABLE_SHARE:
        return []
    return [{"kind": "not_recorded", "label": group["label"], "n": missing, "share": round(missing / n, DECIMALS)}]


def _missing_differs(rows: pd.DataFrame, columns: list[dict[str, Any]], *, minimum: int) -> list[dict[str, Any]]:
    """Return what is missing far more often of those who left, or of those who stayed: a gap that tells the outcome."""
    left = rows["y"] == 1
    if rows.loc[left, "student_id"].nunique() < minimum:
        return []
    found = []
    for column in columns:
        is_missing = rows[column["name"]].isna()
        of_left, of_stayed = float(is_missing[left].mean()), float(is_missing[~left].mean())
        if abs(of_left - of_stayed) >= NOTABLE_SHARE:
            shares = {"left": round(of_left, DECIMALS), "stayed": round(of_stayed, DECIMALS)}
            found.append({"kind": "missing_differs", "label": column["label"], **shares})
    return found
