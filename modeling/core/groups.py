"""The groups of a protected attribute: every student in exactly one, few enough to compare."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.suppression import suppressed, suppressed_table

Mask = NDArray[np.bool_]

# Of more levels, such as ages and countries, no table could be read.
MOST_LEVELS = 12
# Of an intersection fewer: two attributes of six levels make thirty-six groups already.
MOST_LEVELS_CROSSED = 6
N_RANGES = 4
# A column of numbers may hold a few words, "unknown" for one.
NUMBERS_SHARE = 0.9
NOT_RECORDED = "not recorded"
OTHERS = "all others"


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """The students of the test parted by one attribute, or by two at once.

    Attributes
    ----------
    attribute : str
        "a & b" where two are crossed.
    values : list of str
        The groups' names.
    member : ndarray of int, shape (n_students,)
        Position in `values` of each student.
    n : ndarray of int, shape (n_groups,)
        Students of each group.
    hidden : ndarray of bool, shape (n_groups,)
        Groups whose size would give a small group away, the small groups among them.
    small : ndarray of bool, shape (n_groups,)
        Groups that are not shown at all.
    """

    attribute: str
    values: list[str]
    member: NDArray[np.intp]
    n: NDArray[np.int64]
    hidden: Mask
    small: Mask

    @property
    def is_crossed(self) -> bool:
        """Return whether two attributes are crossed."""
        return " & " in self.attribute


def groupings(protected: pd.DataFrame, students: NDArray[np.int64], *, smallest: int) -> list[Grouping]:
    """Return the students by each attribute with at least two values, then by every two attributes.

    Parameters
    ----------
    protected : DataFrame
        ``student_id``, ``name``, ``value``; of a student and name the last row holds.
    students : ndarray of shape (n_students,)
        The distinct students to part; who is not in `protected` counts as not recorded.
    smallest : int
        Groups of fewer students are small.
    """
    single = []
    for name, rows in sorted(protected.groupby("name", sort=True)):
        values = rows.drop_duplicates("student_id", keep="last").set_index("student_id")["value"].reindex(students)
        words = _levels(values)
        if words.nunique() > 1:
            single.append(_by_one(str(name).replace(" & ", " and "), words, smallest=smallest))
    crossed = [_by_two(one, other, smallest=smallest) for one, other in combinations(single, 2)]
    return single + crossed


def _levels(values: pd.Series) -> pd.Series:
    """Return the group of each student in words: numbers with many values as ranges, rare words together."""
    words = values.astype("string").str.strip()
    words = words.mask(words == "")
    if words.nunique() > MOST_LEVELS:
        numbers = pd.to_numeric(words, errors="coerce")
        if numbers.notna().sum() >= NUMBERS_SHARE * words.notna().sum():
            words = _ranges(numbers).fillna(words.where(numbers.isna()))
        if words.nunique() > MOST_LEVELS:
            common = words.value_counts().index[: MOST_LEVELS - 1]
            words = words.where(words.isin(common) | words.isna(), OTHERS)
    return words.fillna(NOT_RECORDED).astype(object)


def _ranges(numbers: pd.Series) -> pd.Series:
    """Return quarters of about the same size, as "18 to 21"."""
    known = numbers.dropna()
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_RANGES + 1)[1:-1], method="lower"))
    quarter = np.searchsorted(edges, known.to_numpy(), side="left")
    names = {}
    for number in np.unique(quarter):
        inside = known.to_numpy()[quarter == number]
        low, high = f"{inside.min():g}", f"{inside.max():g}"
        names[number] = low if low == high else f"{low} to {high}"
    named: pd.Series = pd.Series([names[number] for number in quarter], index=known.index, dtype="string")
    return named.reindex(numbers.index)


def _by_one(attribute: str, words: pd.Series, *, smallest: int) -> Grouping:
    member, values = pd.factorize(words, sort=True)
    n = np.bincount(member, minlength=len(values))
    return Grouping(
        attribute=attribute,
        values=[str(value) for value in values],
        member=member,
        n=n,
        hidden=suppressed(n, smallest),
        small=n < smallest,
    )


def _by_two(one: Grouping, other: Grouping, *, smallest: int) -> Grouping:
    """Cross two attributes; levels whose size is hidden are pooled, so that every margin may be known."""
    (rows, row_names), (columns, column_names) = _pooled(one), _pooled(other)
    member = rows * len(column_names) + columns
    n = np.bincount(member, minlength=len(row_names) * len(column_names))
    table = n.reshape(len(row_names), len(column_names))
    hidden = suppressed_table(table, smallest)
    pooled = np.array([name == "" for name in row_names])[:, None] | np.array([name == "" for name in column_names])
    small = (table < smallest) | pooled
    return Grouping(
        attribute=f"{one.attribute} & {other.attribute}",
        values=[f"{row} & {column}" for row in row_names for column in column_names],
        member=member,
        n=n,
        hidden=(hidden | small).ravel(),
        small=small.ravel(),
    )


def _pooled(grouping: Grouping) -> tuple[NDArray[np.intp], list[str]]:
    """Return the groups of known size, at most six with the pool; the pool of the others has no name."""
    shown = np.flatnonzero(~grouping.hidden)
    kept = shown[np.argsort(-grouping.n[shown], kind="stable")]
    if len(kept) < len(grouping.values) or len(kept) > MOST_LEVELS_CROSSED:
        kept = kept[: MOST_LEVELS_CROSSED - 1]
    kept = np.sort(kept)
    place = np.full(len(grouping.values), len(kept))
    place[kept] = np.arange(len(kept))
    names = [grouping.values[number] for number in kept]
    return place[grouping.member], [*names, ""] if len(kept) < len(grouping.values) else names
