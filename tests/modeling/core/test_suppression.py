"""Small cells are hidden, and cannot be worked out from what is shown beside them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from modeling.core.suppression import suppressed, suppressed_shares, suppressed_table

MINIMUM = 10
COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=9)


def span(counts, mask, place):
    """Return the lowest and the highest number a hidden cell could be, from the margins of what is shown."""
    table, hidden = np.atleast_2d(counts), np.atleast_2d(mask)
    cells = np.argwhere(hidden)
    rows = [[float(cell[axis] == line) for cell in cells] for axis in (0, 1) for line in range(table.shape[axis])]
    sums = [
        float(np.where(hidden, table, 0).sum(axis=1 - axis)[line])
        for axis in (0, 1)
        for line in range(table.shape[axis])
    ]
    if table.shape[0] == 1:  # only the total of the row is published
        rows, sums = rows[:1], sums[:1]
    cost = [float(tuple(cell) == place) for cell in cells]
    least, most = (linprog([sign * one for one in cost], A_eq=rows, b_eq=sums).fun * sign for sign in (1, -1))
    return least, most


def test_a_small_cell_is_hidden_with_the_next_smallest():
    assert suppressed([40, 3, 25, 60], MINIMUM).tolist() == [False, True, True, False]


def test_without_small_cells_nothing_is_hidden():
    assert suppressed([10, 40, 0], MINIMUM).tolist() == [False, False, False]


def test_an_empty_cell_is_small_only_where_it_tells_something():
    assert suppressed([0, 40, 50], MINIMUM).tolist() == [False, False, False]
    assert suppressed([0, 40, 50], MINIMUM, zero_is_small=True).tolist() == [True, True, False]


def test_two_small_cells_that_can_only_be_one_thing_take_a_third_with_them():
    assert suppressed([9, 9, 30, 40], MINIMUM).tolist() == [True, True, True, False]
    assert suppressed([1, 1, 30, 40], MINIMUM).tolist() == [True, True, True, False]


def test_two_small_cells_that_could_be_many_things_need_no_third():
    assert suppressed([4, 7, 30, 40], MINIMUM).tolist() == [True, True, False, False]


def test_hidden_cells_that_are_fewer_than_the_minimum_together_take_another_with_them():
    assert suppressed([2, 3, 3, 40], MINIMUM).tolist() == [True, True, True, True]


def test_where_nothing_helps_all_is_hidden():
    assert suppressed([3], MINIMUM).tolist() == [True]
    assert suppressed([3, 0], MINIMUM).tolist() == [True, True]


def test_a_cell_hidden_for_another_reason_stays_hidden():
    assert suppressed([20, 30, 40], MINIMUM, hidden=[True, False, False]).tolist() == [True, False, False]


def test_a_share_is_hidden_where_few_left_or_few_stayed():
    hidden = suppressed_shares([100, 50, 40, 200], [30, 3, 35, 60], MINIMUM)

    assert hidden.tolist() == [False, True, True, False]


def test_one_share_is_never_hidden_alone():
    hidden = suppressed_shares([100, 50, 200], [30, 3, 60], MINIMUM)

    assert hidden.tolist() == [True, True, False]


@pytest.mark.parametrize("zero_is_small", [False, True])
@settings(max_examples=200, deadline=None)
@given(counts=COUNTS)
def test_no_small_cell_is_shown_or_found_from_the_total(zero_is_small, counts):
    mask = suppressed(counts, MINIMUM, zero_is_small=zero_is_small)

    small = [place for place, n in enumerate(counts) if n < MINIMUM and (n or zero_is_small)]
    assert mask[small].all()
    if not mask.all():
        for place in small:
            least, most = span(counts, mask, (0, place))
            assert most - least >= 3


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n_rows=st.integers(2, 4), n_columns=st.integers(2, 4))
def test_no_small_cell_of_a_cross_table_is_found_from_its_margins(data, n_rows, n_columns):
    line = st.lists(st.integers(0, 40), min_size=n_columns, max_size=n_columns)
    counts = np.array(data.draw(st.lists(line, min_size=n_rows, max_size=n_rows)))

    mask = suppressed_table(counts, MINIMUM)

    assert mask[(counts > 0) & (counts < MINIMUM)].all()
    if not mask.all():
        for row, column in np.argwhere(mask & (counts > 0) & (counts < MINIMUM)):
            least, most = span(counts, mask, (row, column))
            assert most - least >= 3
