"""Puts scored students in order, by the model and by the rule, and draws the line at the team's capacity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from modeling.scoring import Scored
from predictions.models import Tier


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What decides the places of n students and no more: a few numbers of each, so that all are held at once.

    The attributes are those of `modeling.scoring.Scored`.
    """

    students: pd.Index
    probability: np.ndarray
    insufficient: np.ndarray
    rule_sort_keys: pd.DataFrame
    rule_insufficient: np.ndarray

    @classmethod
    def of(cls, parts: Sequence[Scored | Placed]) -> Self:
        """Put together students who were scored one part after the other; at least one part."""
        return cls(
            students=parts[0].students.append([part.students for part in parts[1:]]),
            probability=np.concatenate([part.probability for part in parts]),
            insufficient=np.concatenate([part.insufficient for part in parts]),
            rule_sort_keys=pd.concat([part.rule_sort_keys for part in parts]),
            rule_insufficient=np.concatenate([part.rule_insufficient for part in parts]),
        )


def cuts(risks: pd.Series, *, capacity: int) -> tuple[float | None, float | None]:
    """Return the k-th and the 2k-th highest risk; the lowest where there are fewer, None where there are none."""
    if risks.empty:
        return None, None
    highest = np.sort(risks.to_numpy())[::-1]
    return float(highest[min(capacity, len(highest)) - 1]), float(highest[min(2 * capacity, len(highest)) - 1])


def ranked(scored: Scored | Placed, *, capacity: int) -> pd.DataFrame:
    """Return risk, rank and tier by student, by the model; who is too little known has neither rank nor tier."""
    table = pd.DataFrame({"risk": scored.probability}, index=scored.students)
    table["rank"] = _places(_falling(table, ~scored.insufficient))
    first, second = cuts(table["risk"][~scored.insufficient], capacity=capacity)
    table["tier"] = _tiers(table["rank"], table["risk"] >= _from(first), table["risk"] >= _from(second))
    return table


def _from(line: float | None) -> float:
    return math.inf if line is None else line


def _tiers(places: pd.Series, above: pd.Series, near: pd.Series) -> np.ndarray:
    """Return the tiers of places, "" of those without one, by who is above the first line and the second."""
    names = ["", Tier.REVIEW_FIRST.value, Tier.CHECK_IN.value]
    return np.select([places.isna(), above, near], names, Tier.ROUTINE_SUPPORT.value).astype(object)


def ranked_by_rule(scored: Scored | Placed, *, capacity: int) -> pd.DataFrame:
    """Return points, rank and tier by student, by the rule; who is too little known has neither rank nor tier.

    A rule gives so few points that a third of a school may share them. The line is drawn at the team's capacity all the
    same, within those who share: by `modeling.core.rules.sort_keys`, then by the student's number. Who shows no sign at
    all is on nobody's list.
    """
    table = scored.rule_sort_keys[["points"]].copy()
    order = _in_order(scored)
    table["rank"] = _places(order)
    place, shows_a_sign = table["rank"].astype("float64"), table["points"] > 0
    table["tier"] = _tiers(place, shows_a_sign & (place <= capacity), shows_a_sign & (place <= 2 * capacity))
    return table


def rule_standing(scored: Scored | Placed, *, capacity: int) -> dict[str, Any]:
    """Return what a run keeps of the rule's order: where its lines lie, and how many share each number of points."""
    order = _in_order(scored)
    lines = [min(k, len(order)) - 1 for k in (capacity, 2 * capacity)] if len(order) else []
    shared = scored.rule_sort_keys["points"].loc[order].value_counts()
    return {
        "cuts": [[_plain(value) for value in scored.rule_sort_keys.loc[order[line]]] for line in lines],
        "n_by_points": {f"{points:g}": int(n) for points, n in shared.items()},
    }


def tier_by_rule(key: Sequence[float | None], standing: dict[str, Any]) -> str:
    """Return the tier of a place in the rule's order by a run's lines; "" before the first run.

    Who stands exactly where the last one above the line does, counts as above it.
    """
    lines = [_comparable(line) for line in standing.get("cuts", [])]
    if not lines:
        return ""
    place = _comparable(key)
    if place[0] <= 0 or place < lines[1]:
        return Tier.ROUTINE_SUPPORT
    return Tier.REVIEW_FIRST if place >= lines[0] else Tier.CHECK_IN


def _in_order(scored: Scored | Placed) -> pd.Index:
    return _falling(scored.rule_sort_keys, ~scored.rule_insufficient)


def _falling(keys: pd.DataFrame, which: np.ndarray) -> pd.Index:
    """Return some students of a table by its falling columns, the first one first.

    The student's number breaks ties, so that the same scores always make the same list.
    """
    students = keys.index[which]
    # Negative numbers rise; one copy of the columns is enough of so many students.
    falling = keys.to_numpy(dtype=np.float64)[which]
    np.negative(falling, out=falling)
    return students[np.lexsort((students, *falling.T[::-1]))]


def _places(order: pd.Index) -> pd.Series:
    return pd.Series(range(1, len(order) + 1), index=order, dtype="Int64")


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _comparable(key: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(-math.inf if value is None else value for value in key)
