"""No small cell between the cuts of a ranking can be worked out from what is told of them: a solver tries."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from modeling.core.nested_cuts import Ranking, Told, told

MINIMUM = 10


def reachable(rows, low, high, objective):
    """Return the least and the most of an objective over whole numbers, by a solver that shares nothing with ours."""
    ends = []
    for sign in (1, -1):
        found = milp(
            sign * np.array(objective, dtype=float),
            constraints=LinearConstraint(np.array(rows, dtype=float), low, high),
            bounds=Bounds(0, np.inf),
            integrality=np.ones(len(objective)),
        )
        assert found.success, found.message
        ends.append(round(sign * found.fun))
    return ends


def published(n, n_positive, sizes, bounds):
    """Return what is told as rows over the cells: who left in each band between cuts, then who stayed in it."""
    marks = [0, *sizes, n]
    n_bands = len(marks) - 1
    rows, low, high = [], [], []

    def add(left, stayed, least, most):
        rows.append([*left, *stayed])
        low.append(least)
        high.append(most)

    nothing, everything = [0] * n_bands, [1] * n_bands
    add(everything, nothing, n_positive, n_positive)
    for band in range(n_bands):
        one = [int(place == band) for place in range(n_bands)]
        add(one, one, marks[band + 1] - marks[band], marks[band + 1] - marks[band])
    for size, (least, most) in bounds.items():
        above = [int(marks[place + 1] <= size) for place in range(n_bands)]
        add(above, nothing, least, most)
    return rows, low, high


def check_every_small_cell(labels, sizes, bounds):
    """Assert that each small cell between two cuts may be any small number that the sizes alone allow."""
    n, running = len(labels), np.concatenate([[0], np.cumsum(labels)])
    marks = [0, *sizes, n]
    given_figures = published(n, int(running[-1]), sizes, bounds)
    given_sizes = published(n, int(running[-1]), sizes, {})
    for i in range(len(marks) - 1):
        for j in range(i + 1, len(marks)):
            inside = [int(i <= band < j) for band in range(len(marks) - 1)]
            n_left = int(running[marks[j]] - running[marks[i]])
            for n_there, objective in (
                (n_left, [*inside, *[0] * len(inside)]),
                (marks[j] - marks[i] - n_left, [*[0] * len(inside), *inside]),
            ):
                if n_there < MINIMUM:
                    least, most = reachable(*given_figures, objective)
                    free_least, free_most = reachable(*given_sizes, objective)
                    assert least <= free_least
                    assert most >= min(MINIMUM - 1, free_most)


def found_above(labels, size):
    return int(np.sum(labels[:size]))


@st.composite
def rankings(draw):
    """Return labels in the order of risk, better or worse than chance, and the sizes of cuts."""
    n = draw(st.integers(60, 400))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    odds = draw(st.floats(0.02, 0.5)) * np.exp(-draw(st.floats(0, 8)) * np.arange(n) / n) * draw(st.floats(0.5, 4))
    labels = (generator.random(n) < np.clip(odds, 0, 1)).astype(int)
    assume(MINIMUM <= labels.sum() <= n - MINIMUM)
    sizes = draw(st.lists(st.integers(2, n - 1), min_size=1, max_size=4, unique=True))
    return labels, sizes


@settings(max_examples=60, deadline=None)
@given(drawn=rankings())
def test_what_is_told_of_nested_cuts_gives_no_small_cell_away(drawn):
    labels, sizes = drawn
    ranking = Ranking(n=len(labels), n_positive=int(labels.sum()), minimum=MINIMUM)

    answer = told(ranking, tuple((size, float(found_above(labels, size))) for size in sizes))

    bounds = {size: ends for size, ends in zip(sizes, answer.cuts, strict=True) if ends}
    assert all(low <= found_above(labels, size) <= high for size, (low, high) in bounds.items())
    check_every_small_cell(labels, sorted(sizes), bounds)


@settings(max_examples=40, deadline=None)
@given(drawn=rankings(), edges=st.lists(st.integers(2, 399), max_size=4, unique=True))
def test_bins_of_the_calibration_beside_the_cuts_give_no_small_cell_away(drawn, edges):
    labels, sizes = drawn
    edges = sorted(edge for edge in edges if edge < len(labels))
    ranking = Ranking(n=len(labels), n_positive=int(labels.sum()), minimum=MINIMUM)

    answer = told(
        ranking,
        tuple((size, float(found_above(labels, size))) for size in sizes),
        edges=tuple((edge, found_above(labels, edge)) for edge in edges),
    )

    bounds = {size: ends for size, ends in zip(sizes, answer.cuts, strict=True) if ends}
    kept = [edge for edge, is_kept in zip(edges, answer.edges, strict=True) if is_kept]
    bounds |= {edge: (found_above(labels, edge),) * 2 for edge in kept}
    check_every_small_cell(labels, sorted({*sizes, *kept}), bounds)


def figures(n, n_positive, *cuts, **more):
    return told(Ranking(n=n, n_positive=n_positive, minimum=MINIMUM), cuts, **more)


def test_large_cells_are_told_as_they_are():
    assert figures(1000, 200, (100, 60.0)) == Told(cuts=((60, 60),))


def test_nineteen_of_twenty_four_is_told_as_a_half_and_more():
    assert figures(400, 60, (24, 19.0)).cuts == ((12, 24),)


@pytest.mark.parametrize("found", [8.0, 0.0])
def test_all_or_none_of_a_small_list_is_not_told(found):
    low, high = figures(400, 60, (8, found)).cuts[0] or (0, 8)

    assert (low, high) == (0, 8)


@pytest.mark.parametrize(("found", "bounds"), [(0.0, (0, 15)), (300.0, (285, 300))])
def test_all_or_none_of_a_large_list_is_told_as_a_bound(found, bounds):
    assert figures(2000, 900, (300, found)).cuts == (bounds,)


def test_neighbouring_cuts_do_not_give_the_one_between_them_away():
    first, second = figures(1000, 200, (100, 60.0), (101, 61.0)).cuts

    assert first == (60, 60)
    assert second is None or second[0] < second[1]


def test_with_few_who_left_nothing_is_told():
    assert figures(1000, 9, (100, 5.0), edges=((300, 8),), auc=0.9) == Told(cuts=(None,), edges=(False,))


@pytest.mark.parametrize("auc", [1.0, 0.999])
def test_a_perfect_order_is_not_told_where_it_would_say_that_nobody_who_stayed_is_on_top(auc):
    told_of = figures(60, 20, (15, 15.0), auc=auc)

    assert told_of.auc is None or told_of.auc[0] < 0.95


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n_left=st.integers(3, 9), cut=st.integers(1, 11), other=st.integers(1, 11))
def test_beside_a_told_auc_every_small_number_is_still_possible(seed, n_left, cut, other):
    """Every order of twelve people is tried, with three as the smallest number."""
    n, labels = 12, np.zeros(12, dtype=int)
    labels[np.random.default_rng(seed).choice(12, n_left, replace=False, p=np.arange(12, 0, -1) / 78)] = 1
    sizes = sorted({cut, other})
    orders = np.array([order for order in np.ndindex(*(2,) * n) if sum(order) == n_left])
    running = np.concatenate([np.zeros((len(orders), 1), dtype=int), np.cumsum(orders, axis=1)], axis=1)
    below = np.cumsum(1 - orders[:, ::-1], axis=1)[:, ::-1]
    aucs = (orders * below).sum(axis=1) / (n_left * (n - n_left))
    truth = int(np.flatnonzero((orders == labels).all(axis=1))[0])

    ranking = Ranking(n=n, n_positive=n_left, minimum=3)
    answer = told(ranking, tuple((size, float(found_above(labels, size))) for size in sizes), auc=aucs[truth])

    fits = np.ones(len(orders), dtype=bool)
    for size, ends in zip(sizes, answer.cuts, strict=True):
        if ends:
            fits &= (running[:, size] >= ends[0]) & (running[:, size] <= ends[1])
    if answer.auc:
        fits &= (aucs >= answer.auc[0] - 1e-9) & (aucs <= answer.auc[1] + 1e-9)
    assert fits[truth]
    marks = [0, *sizes, n]
    for i in range(len(marks) - 1):
        for j in range(i + 1, len(marks)):
            left = running[:, marks[j]] - running[:, marks[i]]
            for counts in (left, marks[j] - marks[i] - left):
                if counts[truth] < 3:
                    few = {number for number in counts if number < 3}
                    assert few == {number for number in counts[fits] if number < 3}
