"""Who left, by group, by value and over time, in figures that tell of no single student."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.suppression import suppressed, suppressed_shares

# A bar each; what is rarer stands together.
MOST_VALUES = 12
REST = "…"
LONGEST_VALUE = 60
N_BINS = 10
DECIMALS = 4


def newest_of_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each student's newest snapshot: a student counts once, however long they were here.

    Parameters
    ----------
    rows : DataFrame of shape (n, any)
        With ``student_id`` and ``snapshot_on``.

    Returns
    -------
    DataFrame of shape (n_students, any), index ``student_id``
    """
    newest = rows.sort_values(["snapshot_on"], kind="stable").drop_duplicates("student_id", keep="last")
    return newest.set_index("student_id").sort_index()


def rates(group: pd.Series, y: pd.Series, *, minimum: int) -> dict[str, Any]:
    """Return how many of each group left.

    Parameters
    ----------
    group : Series of str or NaN, shape (n_students,)
        NaN where it is not recorded.
    y : Series of 0 or 1, shape (n_students,), in the same order
    minimum : int
        Groups of fewer students are not told of, nor shares of which fewer left or fewer stayed; where the totals would
        give them away, nor are their neighbours.

    Returns
    -------
    dict
        ``rows``, the largest group first: ``value`` (str, None where not recorded), ``is_rest`` (the rarer values
        together), ``n`` and ``share`` (None where hidden); ``n_hidden``: how many groups are not told of.
    """
    is_missing = group.isna().to_numpy()
    values = np.array([str(value)[:LONGEST_VALUE] for value in group], dtype=object)
    common = pd.Series(values[~is_missing], dtype=object).value_counts().sort_index()
    common = common.sort_values(ascending=False, kind="stable")
    if len(common) > MOST_VALUES:
        values[~is_missing & np.isin(values, common.index[MOST_VALUES - 1 :])] = REST
    values[is_missing] = ""
    counted = pd.DataFrame({"is_missing": is_missing, "value": values, "y": y.to_numpy()})
    counted = counted.groupby(["is_missing", "value"], sort=True)["y"].agg(["size", "sum"])
    n, n_left = counted["size"].to_numpy(dtype=np.int64), counted["sum"].to_numpy(dtype=np.int64)
    # How many lack a record is no secret: the share that is missing stands beside every column.
    recorded = np.array([not missing for missing, _value in counted.index])
    hidden = ~recorded & (n < minimum)
    hidden[recorded] = suppressed(n[recorded], minimum)
    no_share = suppressed_shares(n, n_left, minimum) | hidden
    listed = [
        {
            "value": None if missing else value,
            "is_rest": not missing and value == REST,
            "n": int(n[place]),
            "share": None if no_share[place] else round(float(n_left[place] / n[place]), DECIMALS),
        }
        for place, (missing, value) in enumerate(counted.index)
        if not hidden[place]
    ]
    return {
        "rows": sorted(listed, key=lambda row: (-row["n"], str(row["value"]))),
        "n_hidden": int((hidden & recorded).sum()),
    }


def distribution(values: pd.Series, y: pd.Series, *, minimum: int) -> dict[str, Any] | None:
    """Return how a number lies among those who left and among those who stayed.

    Parameters
    ----------
    values : Series of float, shape (n_students,)
        NaN where missing.
    y : Series of 0 or 1, shape (n_students,), in the same order
    minimum : int
        Neighbouring bins are joined until each holds so many of both.

    Returns
    -------
    dict, or None where fewer than two bins are left
        ``edges`` (n_bins + 1), ``left`` and ``stayed`` (n_bins shares that add up to 1 each), ``n_left``, ``n_stayed``.
    """
    known = values.notna().to_numpy()
    x, left = values.to_numpy(dtype=np.float64)[known], y.to_numpy()[known] == 1
    if min(left.sum(), (~left).sum()) < 2 * minimum or np.ptp(x) == 0:
        return None
    edges = np.linspace(x.min(), x.max(), N_BINS + 1)
    of_left = np.histogram(x[left], edges)[0]
    of_stayed = np.histogram(x[~left], edges)[0]
    kept = _joined(of_left, of_stayed, minimum)
    if len(kept) < 2:
        return None
    return {
        "edges": [round(float(edges[place]), DECIMALS) for place in [*kept, N_BINS]],
        "left": _shares(np.add.reduceat(of_left, kept)),
        "stayed": _shares(np.add.reduceat(of_stayed, kept)),
        "n_left": int(left.sum()),
        "n_stayed": int((~left).sum()),
    }


def trends(rows: pd.DataFrame, *, measures: list[str], minimum: int) -> list[dict[str, Any]]:
    """Return per day of a snapshot how many left and what was usual.

    Parameters
    ----------
    rows : DataFrame of shape (n, any)
        With ``snapshot_on``, ``y`` and the columns of `measures`.
    measures : list of str
        Numbers whose mean is told.
    minimum : int

    Returns
    -------
    list of dict, the oldest day first
        ``on`` (ISO date), ``n`` (None where hidden), ``share`` (None where hidden) and ``means`` by measure.
    """
    days = rows.groupby("snapshot_on", sort=True)
    n = days.size().to_numpy(dtype=np.int64)
    n_left = days["y"].sum().to_numpy(dtype=np.int64)
    hidden = suppressed(n, minimum)
    no_share = suppressed_shares(n, n_left, minimum) | hidden
    means, known = days[measures].mean(), days[measures].count()
    return [
        {
            "on": day.date().isoformat(),
            "n": None if hidden[place] else int(n[place]),
            "share": None if no_share[place] else round(float(n_left[place] / n[place]), DECIMALS),
            "means": {
                name: round(float(means[name].iloc[place]), DECIMALS) if known[name].iloc[place] >= minimum else None
                for name in measures
            },
        }
        for place, day in enumerate(means.index if measures else days.size().index)
    ]


def _joined(of_left: NDArray[np.intp], of_stayed: NDArray[np.intp], minimum: int) -> list[int]:
    """Return where the bins begin that hold enough of both; what is left over at the end joins the last."""
    begins, n_left, n_stayed = [0], 0, 0
    for place in range(len(of_left)):
        n_left, n_stayed = n_left + int(of_left[place]), n_stayed + int(of_stayed[place])
        rest = min(of_left[place + 1 :].sum(), of_stayed[place + 1 :].sum())
        if n_left >= minimum and n_stayed >= minimum and rest >= minimum:
            begins.append(place + 1)
            n_left = n_stayed = 0
    return begins


def _shares(counts: NDArray[np.intp]) -> list[float]:
    return [round(float(share), DECIMALS) for share in counts / counts.sum()]
