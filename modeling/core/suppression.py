"""Which cells of a table of counts stay hidden, so that nobody is told apart: small ones, and those beside them.

A small cell alone is not hidden at all: the total less the others gives it away (complementary suppression). Small
cells that add up to next to nothing, or to as much as they can, are given away as well, so more is hidden until each
could be any of several numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

# A hidden count must leave at least so many numbers between the lowest and the highest it could be.
NARROWEST = 3
# A share to two decimals.
HALF_A_POINT = 0.005


def suppressed(
    counts: ArrayLike, minimum: int, *, hidden: ArrayLike | None = None, zero_is_small: bool = False
) -> Mask:
    """Return which cells must be hidden where their total is known.

    Parameters
    ----------
    counts : array-like of int, shape (n,)
        How many people each cell holds; nobody is in two cells, and the total is published or can be worked out.
    minimum : int
        Cells of fewer people are small.
    hidden : array-like of bool, shape (n,), optional
        Cells that are hidden already, for another reason.
    zero_is_small : bool
        Whether an empty cell tells something of the people who could have been in it. That nobody of a group left does;
        that nobody goes to a school does not.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where hidden. Every small cell is, and as many of the smallest others as it takes that no small one can be
        worked out to within `NARROWEST`. Where nothing helps all are hidden, and so must their total be.
    """
    n = np.asarray(counts, dtype=np.int64)
    before: Mask = np.zeros(len(n), dtype=bool) if hidden is None else np.asarray(hidden, dtype=bool)
    is_small = (n < minimum) & ((n > 0) | zero_is_small)
    low = np.where(is_small, 0 if zero_is_small else 1, np.where(n == 0, 0, minimum))
    mask = is_small | before
    while is_small.any():
        shown = np.flatnonzero(~mask & (n > 0))
        total = int(n[mask].sum())
        # The reader is taken to know which hidden cells are small, and that the others were the smallest of the rest.
        ceiling = n[shown].min() if len(shown) else total
        high = np.where(is_small, minimum - 1, np.where(before, total, np.where(n == 0, 0, ceiling)))
        if total >= minimum and _narrowest(low[mask], high[mask], is_small[mask], total) >= _wanted(
            low, high, is_small
        ):
            return mask
        if len(shown) == 0:
            return np.ones(len(n), dtype=bool)
        mask[shown[np.argmin(n[shown])]] = True
    return mask


def suppressed_shares(n: ArrayLike, n_positive: ArrayLike, minimum: int) -> Mask:
    """Return of which groups neither the share nor the counts behind it may be published.

    Parameters
    ----------
    n, n_positive : array-like of int, shape (n_groups,)
        The people of each group, and those of them that the share counts. Both totals are published.
    minimum : int
        A share tells of the people it counts and of those it does not: with fewer of either it is hidden.

    Returns
    -------
    ndarray of bool, shape (n_groups,)
    """
    people, positive = np.asarray(n, dtype=np.int64), np.asarray(n_positive, dtype=np.int64)
    # An empty group tells of nobody.
    someone = people > 0
    mask: Mask = someone & ((positive < minimum) | (people - positive < minimum))
    before = -1
    while mask.sum() != before:
        before = int(mask.sum())
        for counts in (positive, people - positive):
            mask[someone] = suppressed(counts[someone], minimum, hidden=mask[someone], zero_is_small=True)
    return mask


def suppressed_table(counts: ArrayLike, minimum: int) -> Mask:
    """Return which cells of a cross table must be hidden where the totals of its rows and columns are published.

    Parameters
    ----------
    counts : array-like of int, shape (n_rows, n_columns)
    minimum : int

    Returns
    -------
    ndarray of bool, shape (n_rows, n_columns)
        No small cell can be worked out from the margins to within `NARROWEST` (a linear program per cell tries). Where
        nothing helps all are hidden, and so must the margins of the small cells be.
    """
    table = np.asarray(counts, dtype=np.int64)
    is_small = (table < minimum) & (table > 0)
    mask: Mask = is_small.copy()
    for line in range(table.shape[0]):
        mask[line] = suppressed(table[line], minimum)
    for line in range(table.shape[1]):
        mask[:, line] = suppressed(table[:, line], minimum, hidden=mask[:, line])
    while not mask.all() and (given_away := _given_away(table, mask, is_small)) is not None:
        row, column = given_away
        beside = np.zeros_like(mask)
        beside[row], beside[:, column] = True, True
        # The smallest cell in line with it; once there is none, an empty one, then one from elsewhere.
        order = np.where(mask, np.inf, np.where(table == 0, 1e9, table) + np.where(beside, 0, 1e12))
        mask[np.unravel_index(np.argmin(order), table.shape)] = True
    return mask


def may_tell_groups(rows: Sequence[Mapping[str, Any]], *, minimum: int) -> bool:
    """Return whether an attribute's groups may be told with their shares: all of them, or none.

    From the size of a group and its three shares a reader works out how many of it left, were listed, and were both;
    and of the last group from the totals less the others. So one small cell in one group closes the attribute.

    Parameters
    ----------
    rows : sequence of mapping
        Of `fairness.audit`: ``n``, ``n_positive``, ``n_listed`` (None where hidden) and ``recall_at_capacity``, of each
        group of one attribute. Counts of people are known only where each group has `minimum` of both (`hides_counts`).
    minimum : int
        Fewer who left and were listed, left and were not, stayed and were listed, or neither, is a small cell.
    """
    return bool(rows) and all(_has_no_small_cell(row, minimum) for row in rows)


def _has_no_small_cell(row: Mapping[str, Any], minimum: int) -> bool:
    n, n_left, n_listed = (row.get(name) for name in ("n", "n_positive", "n_listed"))
    share = row["recall_at_capacity"]["value"]
    if n is None or n_left is None or n_listed is None or share is None:
        return False
    # The share is known to two decimals: each cell counts with the fewest it could be.
    least, most = (n_left * (share + sign * HALF_A_POINT) for sign in (-1, 1))
    return bool(min(least, n_left - most, n_listed - most, n - n_left - n_listed + least) >= minimum)


def _narrowest(low: Counts, high: Counts, is_small: Mask, total: int) -> int:
    """Return how many numbers at least a small cell leaves open, by the sum of the hidden cells."""
    least = np.maximum(low, total - (high.sum() - high))
    most = np.minimum(high, total - (low.sum() - low))
    return int((most - least)[is_small].min())


def _wanted(low: Counts, high: Counts, is_small: Mask) -> int:
    return int(min(NARROWEST, (high - low)[is_small].min()))


def _given_away(table: Counts, mask: Mask, is_small: Mask) -> tuple[int, int] | None:
    """Return a small cell that the margins pin down, None where they pin none."""
    # Imported here: a page that hides the small cells of a list does without it.
    from scipy.optimize import linprog

    cells = np.argwhere(mask)
    lines = [cells[:, axis] == line for axis in (0, 1) for line in range(table.shape[axis])]
    rest = np.where(mask, table, 0)
    sums = np.concatenate([rest.sum(axis=1), rest.sum(axis=0)])
    for place, (row, column) in enumerate(cells):
        if is_small[row, column]:
            cost = np.zeros(len(cells))
            cost[place] = 1.0
            # The cells as they are satisfy the margins, so both programs have an end.
            least, most = (
                float(linprog(sign * cost, A_eq=np.array(lines, dtype=float), b_eq=sums).fun or 0.0) * sign
                for sign in (1, -1)
            )
            if most - least < NARROWEST:
                return int(row), int(column)
    return None
