"""The rule twin: points that add up over plain conditions on features, computed beside every model."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.catalogue import source_of

FloatArray = NDArray[np.float64]
Operation = Literal["at_least", "at_most", "above", "below", "equals"]

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
    "equals": operator.eq,
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One condition on one feature and what it is worth.

    Attributes
    ----------
    feature : str
        Name of a feature.
    op : "at_least", "at_most", "above", "below" or "equals"
    value : float or str
        What the feature is compared with; a code for a category.
    points : float
        Added where the condition holds.
    words : str
        What a student who meets it is told to have in common, an English message id.
    domain : str
        Of the rules of one domain only the one with the most points counts: two signs of the same trouble
        are one sign. Rules without a domain all count.
    """

    feature: str
    op: Operation
    value: float | str
    points: float
    words: str
    domain: str = ""


def met(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return which rules each student meets; a missing value meets none.

    Parameters
    ----------
    frame : DataFrame of shape (n_students, n_features)
        A snapshot.
    rules : sequence of Rule

    Returns
    -------
    DataFrame of bool, shape (n_students, n_rules), columns 0 … n_rules - 1

    Raises
    ------
    ValueError
        If a rule names a feature that the snapshot lacks.
    """
    lacking = sorted({rule.feature for rule in rules} - set(frame.columns))
    if lacking:
        raise ValueError(f"The rules need features that the snapshot lacks: {', '.join(lacking)}.")
    columns = {n: _holds(frame[rule.feature], rule) for n, rule in enumerate(rules)}
    return pd.DataFrame(columns, index=frame.index, dtype=bool)


def rule_points(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.Series:
    """Return the points of each student: the more, the sooner the rule would have the team look.

    Parameters
    ----------
    frame : DataFrame of shape (n_students, n_features)
        A snapshot.
    rules : sequence of Rule

    Returns
    -------
    Series of float, index as `frame`
        A missing value gives no points; `missing_share` counts them.
    """
    worth = met(frame, rules) * np.array([rule.points for rule in rules], dtype=np.float64)
    total = pd.Series(0.0, index=frame.index, name="points")
    for domain in dict.fromkeys(rule.domain for rule in rules):
        of_domain = worth[[n for n, rule in enumerate(rules) if rule.domain == domain]]
        total += of_domain.max(axis=1) if domain else of_domain.sum(axis=1)
    return total


def sort_keys(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return what the rule's list is sorted by: points, then how far a student is past each condition.

    A rule has few points to give, so that many students share them. Of equal points, who is further in the direction
    of the first condition stands first (who missed more school), then of the second, and so on.

    Parameters
    ----------
    frame : DataFrame of shape (n_students, n_features)
        A snapshot.
    rules : sequence of Rule

    Returns
    -------
    DataFrame of float, index as `frame`
        Column ``points`` and one per feature that is compared by more or less, each the larger the sooner; -inf where
        the value is missing.
    """
    columns = {"points": rule_points(frame, rules)}
    for rule in rules:
        if rule.op == "equals" or rule.feature in columns or not pd.api.types.is_numeric_dtype(frame[rule.feature]):
            continue
        sign = 1.0 if rule.op in ("at_least", "above") else -1.0
        columns[rule.feature] = (frame[rule.feature].astype("float64") * sign).fillna(-np.inf)
    return pd.DataFrame(columns, index=frame.index, dtype=np.float64)


def missing_share(frame: pd.DataFrame, rules: Sequence[Rule]) -> FloatArray:
    """Return the share of the sources the rules ask about of which nothing is there, per student.

    Returns
    -------
    ndarray of shape (n_students,), in [0, 1]
        0 without any rule.
    """
    asked: dict[str, list[str]] = {}
    for rule in rules:
        asked.setdefault(source_of(rule.feature), []).append(rule.feature)
    if not asked:
        return np.zeros(len(frame))
    gone = [frame[features].isna().all(axis=1).to_numpy() for features in asked.values()]
    share: FloatArray = np.mean(gone, axis=0)
    return share


def _holds(values: pd.Series, rule: Rule) -> pd.Series:
    present = values.notna()
    holds = pd.Series(False, index=values.index)
    # Compared where present only: a category's NaN cannot be ordered, and NaN == NaN is not a rule.
    holds[present] = COMPARISONS[rule.op](values[present], rule.value)
    return holds
