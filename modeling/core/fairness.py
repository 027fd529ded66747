"""Audits the list at the line where it is cut, group by group; no count of fewer than the minimum can be told from it.

Recall among those who left is the measure that decides, "equality of opportunity" (Hardt, Price and Srebro, 2016,
definition 2.2): of the students who would leave, the list must find those of one group as often as those of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from modeling.core import intervals
from modeling.core.groups import Grouping, Mask, groupings
from modeling.core.intervals import Resamples

FloatArray = NDArray[np.float64]
Told = dict[str, float | None]

MEASURES = ("recall_at_capacity", "precision_at_capacity", "false_alarm_share", "calibration_gap")
NOTHING: Told = {"value": None, "low": None, "high": None}
# Two decimals: of 5 in 12 three would tell both numbers.
DECIMALS = 2
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Line:
    """The students of the test and where the list was cut, held fixed while they are resampled.

    Attributes
    ----------
    sums : ndarray of shape (n_students, 6)
        Per student: rows, rows that left, listed, listed that left, risk, listed that were helped.
    is_positive, is_listed : ndarray of bool, shape (n_students,)
        Who left, and who was listed, on any date tested.
    drawn : Resamples
    smallest, smallest_positives : int
        Groups with fewer students are not shown; with fewer who left their recall is not told.
    """

    sums: FloatArray
    is_positive: Mask
    is_listed: Mask
    drawn: Resamples
    smallest: int
    smallest_positives: int


def audit(
    tested: pd.DataFrame, protected: pd.DataFrame, *, drawn: Resamples, smallest: int, smallest_positives: int
) -> dict[str, Any]:
    """Return how the list treats the groups of each protected attribute, and of every two.

    Parameters
    ----------
    tested : DataFrame of shape (n_rows, 5)
        ``student_id``, ``y``, ``risk``, ``listed`` (0 to 1) and ``helped``.
    protected : DataFrame
        ``student_id``, ``name``, ``value``. May be empty.
    drawn : Resamples
        Of the students of `tested`.
    smallest : int
        Groups with fewer students are left out, and counts that would give them or any small count away are None
        (NCES, 2011, SLDS technical brief 3, on small groups in published tables).
    smallest_positives : int
        With fewer students who left there is too little to tell a recall from.

    Returns
    -------
    dict
        ``groups``, ``gaps``, ``helped`` and ``n_suppressed_groups``.
    """
    students = np.unique(tested["student_id"].to_numpy())
    columns = tested[["y", "risk", "listed", "helped"]].to_numpy(dtype=np.float64)
    left, risk, listed, helped = columns.T
    per_row = np.column_stack([np.ones(len(tested)), left, listed, listed * left, risk, listed * helped])
    sums = drawn.by_student(per_row)
    line = Line(
        sums=sums,
        is_positive=sums[:, 1] > 0,
        is_listed=sums[:, 2] > 0,
        drawn=drawn,
        smallest=smallest,
        smallest_positives=smallest_positives,
    )
    groups, gaps, helps, n_suppressed = [], [], [], 0
    for grouping in groupings(protected, students, smallest=smallest):
        measured = {int(number): _Group(line, grouping, int(number)) for number in np.flatnonzero(~grouping.small)}
        n_suppressed += int((grouping.small & (grouping.n > 0)).sum())
        groups += _rows(line, grouping, measured)
        if not grouping.is_crossed:
            gaps.append(_gap(grouping, measured))
            helps += [
                {"attribute": grouping.attribute, "value": grouping.values[number], **group.helped()}
                for number, group in measured.items()
            ]
    return {"groups": groups, "gaps": gaps, "helped": _helped(line, helps), "n_suppressed_groups": n_suppressed}


class _Group:
    """One group at the line: its measures, and those of its resamples."""

    def __init__(self, line: Line, grouping: Grouping, number: int) -> None:
        members = np.flatnonzero(grouping.member == number)
        self.n = len(members)
        self.n_positive = int(line.is_positive[members].sum())
        self.n_listed = int(line.is_listed[members].sum())
        self._line = line
        self._once = _measures(line.sums[members].sum(axis=0, keepdims=True))
        self._resampled = _measures(line.drawn.sums(line.sums, members))

    @property
    def can_tell_recall(self) -> bool:
        return self.n_positive >= self._line.smallest_positives

    def value(self, measure: str) -> float:
        return float(self._once[measure][0])

    def resampled(self, measure: str) -> FloatArray:
        return self._resampled[measure]

    def told(self, measure: str) -> Told:
        """Return a measure with its interval; nothing where too few students stand behind it."""
        smallest = self._line.smallest
        enough = {
            "recall_at_capacity": self.can_tell_recall,
            "precision_at_capacity": self.n_listed >= smallest,
            "false_alarm_share": self.n - self.n_positive >= smallest,
            # Beside the mean risk the gap would tell how many left.
            "calibration_gap": min(self.n_positive, self.n - self.n_positive) >= smallest,
            "helped_share": self.n_listed >= smallest,
        }
        if not enough[measure]:
            return dict(NOTHING)
        n_behind = {"recall_at_capacity": self.n_positive, "false_alarm_share": self.n - self.n_positive}
        return _told(self.value(measure), self.resampled(measure), n=n_behind.get(measure, self.n_listed))

    def helped(self) -> dict[str, Any]:
        told = self.told("helped_share")
        return {"share": told["value"], "low": told["low"], "high": told["high"]}


def _measures(sums: FloatArray) -> dict[str, FloatArray]:
    """Return the measures of each line of sums; NaN where nobody stands behind one."""
    rows, left, listed, found, risk, helped = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "recall_at_capacity": found / left,
            "precision_at_capacity": found / listed,
            "false_alarm_share": (listed - found) / (rows - left),
            "calibration_gap": (risk - left) / rows,
            "helped_share": helped / listed,
        }


def _told(value: float, resampled: FloatArray, *, n: int) -> Told:
    if not np.isfinite(value):
        return dict(NOTHING)
    found = intervals.interval_of_share(value, resampled, n=n)
    low, high = (_rounded(found[0]), _rounded(found[1])) if found else (None, None)
    return {"value": _rounded(value), "low": low, "high": high}


def _rounded(value: float) -> float:
    # Plus nothing, so that a little less than nothing does not read "-0.0".
    return round(value, DECIMALS) + 0.0


def _rows(line: Line, grouping: Grouping, measured: dict[int, _Group]) -> list[dict[str, Any]]:
    hides_positive, hides_listed = (
        hides_counts(grouping, chosen, smallest=line.smallest) for chosen in (line.is_positive, line.is_listed)
    )
    return [
        {
            "attribute": grouping.attribute,
            "value": grouping.values[number],
            "n": None if grouping.hidden[number] else group.n,
            "n_positive": None if hides_positive else group.n_positive,
            "n_listed": None if hides_listed else group.n_listed,
            **{measure: group.told(measure) for measure in MEASURES},
            "verdict": "told" if group.can_tell_recall else "too_few",
        }
        for number, group in measured.items()
    ]


def hides_counts(grouping: Grouping, chosen: Mask, *, smallest: int) -> bool:
    """Return whether it must not be said how many students of each group were chosen.

    Either all the counts of an attribute are said or none. Of some of them a reader who knows the total, and the way
    in which the others were picked to be hidden, could work small ones out; the shares say as much without.

    Parameters
    ----------
    grouping : Grouping
    chosen : ndarray of bool, shape (n_students,)
        Who left, or who was listed.
    smallest : int
        Fewer chosen in a group, or fewer others, cannot be told. Of crossed attributes no count can: they could be
        added up against those of either attribute.
    """
    n_chosen = np.bincount(grouping.member[chosen], minlength=len(grouping.values))
    fewest = min(int(n_chosen.min()), int((grouping.n - n_chosen).min()))
    return grouping.is_crossed or fewest < smallest


def _gap(grouping: Grouping, measured: dict[int, _Group]) -> dict[str, Any]:
    """Return the largest difference in recall at the line between two groups of an attribute.

    The two are picked for being farthest apart, so their interval is widened for as many comparisons as there were
    pairs to pick from (Bonferroni; Dunn, 1961). So far out there are few resamples to count, so it is the normal one
    (Efron and Tibshirani, 1993, section 13.2).
    """
    measure = "recall_at_capacity"
    gap: dict[str, Any] = {"attribute": grouping.attribute, "measure": measure, "gap": None, "low": None, "high": None}
    able = {number: group for number, group in measured.items() if group.can_tell_recall}
    if len(able) < 2:
        return gap | {"between": [], "verdict": "too_few"}
    most = max(able, key=lambda number: able[number].value(measure))
    least = min(able, key=lambda number: able[number].value(measure))
    if most == least:
        most, least = list(able)[:2]
    difference = able[most].value(measure) - able[least].value(measure)
    n_pairs = len(able) * (len(able) - 1) // 2
    spread = float(np.nanstd(able[most].resampled(measure) - able[least].resampled(measure), ddof=1))
    reach = float(norm.ppf(1 - (1 - LEVEL) / 2 / n_pairs)) * spread
    return gap | {
        "gap": _rounded(difference),
        "low": _rounded(difference - reach),
        "high": _rounded(min(1.0, difference + reach)),
        "between": [grouping.values[most], grouping.values[least]],
        "verdict": "gap" if difference > reach else "no_gap",
    }


def _helped(line: Line, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the share of those above the line who were helped within the horizon: of all, and of each group."""
    share = None
    if int(line.is_listed.sum()) >= line.smallest:
        share = round(float(_measures(line.sums.sum(axis=0, keepdims=True))["helped_share"][0]), DECIMALS)
    return {"share": share, "groups": [group for group in groups if group["share"] is not None]}
