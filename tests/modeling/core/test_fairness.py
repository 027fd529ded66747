"""Groups are compared at the line where the list is cut; a small group cannot be told, nor worked out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from modeling.core import fairness, groups, intervals

SMALLEST = 10


def audited(values, *, y, listed, risk=None, helped=None, student_ids=None, smallest=SMALLEST):
    """Return the audit of students given by the values of their attributes, {"name": [value, …]}."""
    n = len(y)
    students = np.arange(n) if student_ids is None else np.asarray(student_ids)
    tested = pd.DataFrame(
        {
            "student_id": students,
            "y": np.asarray(y, dtype=float),
            "risk": np.asarray(risk if risk is not None else y, dtype=float),
            "listed": np.asarray(listed, dtype=float),
            "helped": np.zeros(n) if helped is None else np.asarray(helped, dtype=float),
        }
    )
    rows = [
        {"student_id": student, "name": name, "value": value}
        for name, of in values.items()
        for student, value in zip(students, of, strict=True)
        if value is not None
    ]
    protected = pd.DataFrame(rows, columns=["student_id", "name", "value"])
    drawn = intervals.resamples(students, n_bootstraps=100, seed=0)
    return fairness.audit(tested, protected, drawn=drawn, smallest=smallest, smallest_positives=smallest)


def by_value(found):
    return {(group["attribute"], group["value"]): group for group in found["groups"]}


def two_groups(found_of_a: int, found_of_b: int):
    """Return 100 of a and 100 of b, 40 of each of whom left, so many of them listed and ten who stayed of each."""
    y, listed = np.tile(np.repeat([1, 0], [40, 60]), 2), np.zeros(200)
    listed[:found_of_a] = listed[100 : 100 + found_of_b] = 1
    listed[50:60] = listed[150:160] = 1
    return {"values": {"letter": ["a"] * 100 + ["b"] * 100}, "y": y, "listed": listed}


def test_each_group_is_measured_at_the_line():
    found = by_value(audited(**two_groups(30, 10), risk=np.full(200, 0.5)))

    group = found["letter", "a"]
    assert (group["n"], group["n_positive"], group["n_listed"], group["verdict"]) == (100, 40, 40, "told")
    assert group["recall_at_capacity"]["value"] == 0.75
    assert group["precision_at_capacity"]["value"] == 0.75
    assert group["false_alarm_share"]["value"] == pytest.approx(10 / 60, abs=0.005)
    assert group["calibration_gap"]["value"] == pytest.approx(0.1)
    assert found["letter", "b"]["recall_at_capacity"]["value"] == 0.25
    for measure in fairness.MEASURES:
        assert group[measure]["low"] <= group[measure]["value"] <= group[measure]["high"]


@pytest.mark.parametrize(("found_of_b", "verdict"), [(10, "gap"), (28, "no_gap")])
def test_a_gap_is_called_one_only_where_chance_does_not_explain_it(found_of_b, verdict):
    (gap,) = audited(**two_groups(30, found_of_b))["gaps"]

    assert gap["gap"] == pytest.approx((30 - found_of_b) / 40)
    assert gap["between"] == ["a", "b"]
    assert gap["verdict"] == verdict


def test_where_too_few_left_there_is_too_little_to_tell():
    y = np.repeat([1, 0, 1, 0], [40, 60, 9, 91])

    found = audited({"letter": ["a"] * 100 + ["b"] * 100}, y=y, listed=np.ones(200))

    group = by_value(found)["letter", "b"]
    assert (group["verdict"], group["n_positive"]) == ("too_few", None)
    assert group["recall_at_capacity"] == group["calibration_gap"] == fairness.NOTHING
    assert found["gaps"][0]["verdict"] == "too_few"
    assert found["gaps"][0]["gap"] is None


def test_where_none_was_found_the_next_may_be_all_the_same():
    found = by_value(audited(**two_groups(0, 40)))

    none, all_of_them = (found["letter", letter]["recall_at_capacity"] for letter in "ab")
    assert (none["value"], none["low"]) == (0.0, 0.0)
    assert none["high"] == pytest.approx(0.09)
    assert (all_of_them["value"], all_of_them["high"]) == (1.0, 1.0)
    assert all_of_them["low"] == pytest.approx(0.91)


def test_a_gap_that_is_the_largest_of_many_needs_to_be_clearer():
    random = np.random.default_rng(1)
    n_gaps = 0
    for _ in range(30):
        y, listed = random.random(600) < 0.4, random.random(600) < 0.3
        (gap,) = audited({"letter": list("abcdef") * 100}, y=y, listed=listed)["gaps"]
        n_gaps += gap["verdict"] == "gap"

    assert n_gaps <= 3


def test_a_small_group_is_left_out_and_the_next_one_loses_its_counts():
    values = ["a"] * 100 + ["b"] * 60 + ["c"] * 3
    y = np.arange(163) % 2

    found = audited({"letter": values}, y=y, listed=y)

    assert set(by_value(found)) == {("letter", "a"), ("letter", "b")}
    assert found["n_suppressed_groups"] == 1
    assert by_value(found)["letter", "a"]["n"] == 100
    assert by_value(found)["letter", "b"]["n"] is None
    assert by_value(found)["letter", "b"]["recall_at_capacity"]["value"] == 1.0


def test_two_attributes_are_crossed():
    random = np.random.default_rng(0)
    one, other = random.choice(["f", "m"], 400), random.choice(["yes", "no"], 400)
    y = random.random(400) < 0.4

    found = by_value(audited({"fee": other, "gender": one}, y=y, listed=y))

    crossed = {group["value"]: group for (attribute, _), group in found.items() if attribute == "fee & gender"}
    assert set(crossed) == {"no & f", "no & m", "yes & f", "yes & m"}
    assert crossed["no & f"]["n"] == ((other == "no") & (one == "f")).sum()
    assert all(group["n_positive"] is None and group["n_listed"] is None for group in crossed.values())


def test_who_was_never_asked_is_a_group_too():
    values = ["a"] * 40 + [None] * 30 + [""] * 10

    found = by_value(audited({"letter": values}, y=np.arange(80) % 2, listed=np.arange(80) % 2))

    assert found["letter", groups.NOT_RECORDED]["n"] == 40


def test_ages_become_ranges_and_rare_countries_one_group():
    ages = [str(18 + number % 40) for number in range(400)]
    countries = [f"{min(int(number**0.5), 19):02d}a" for number in range(400)]

    found = by_value(audited({"age": ages, "country": countries}, y=np.arange(400) % 2, listed=np.arange(400) % 2))

    assert [value for attribute, value in found if attribute == "age"] == [
        "18 to 27",
        "28 to 37",
        "38 to 47",
        "48 to 57",
    ]
    assert groups.OTHERS in [value for attribute, value in found if attribute == "country"]
    assert sum(attribute == "country" for attribute, _ in found) <= groups.MOST_LEVELS


def test_sizes_are_of_students_not_of_rows():
    students = np.repeat(np.arange(18), 4)
    letters = np.where(students < 9, "a", "b")

    found = audited({"letter": letters}, y=students % 2, listed=students % 2, student_ids=students)

    assert found["groups"] == []
    assert found["n_suppressed_groups"] == 2


def test_the_share_that_was_helped_is_told_of_those_above_the_line():
    letters, listed = ["a"] * 60 + ["b"] * 60, np.tile(np.repeat([1, 0], [40, 20]), 2)
    helped = np.zeros(120)
    helped[:20] = helped[59] = 1

    found = audited({"letter": letters}, y=np.arange(120) % 2, listed=listed, helped=helped)["helped"]

    assert found["share"] == 0.25
    assert {group["value"]: group["share"] for group in found["groups"]} == {"a": 0.5, "b": 0.0}


def test_without_protected_attributes_there_is_nothing_to_audit():
    found = audited({}, y=np.arange(40) % 2, listed=np.arange(40) % 2)

    assert found == {"groups": [], "gaps": [], "helped": {"share": 0.0, "groups": []}, "n_suppressed_groups": 0}


def published(sizes, lefts, smallest):
    """Return the counts that are shown of groups with so many students, so many of whom left."""
    letters = [letter for letter, n in zip("abcd", sizes, strict=False) for _ in range(n)]
    y = [float(number < left) for n, left in zip(sizes, lefts, strict=True) for number in range(n)]
    member = np.array(["abcd".index(letter) for letter in letters])
    protected = pd.DataFrame({"student_id": np.arange(len(letters)), "name": "letter", "value": letters})
    (grouping,) = groups.groupings(protected, np.arange(len(letters)), smallest=smallest)
    hides_left = fairness.hides_counts(grouping, np.array(y) > 0, smallest=smallest)
    assert (grouping.member == member).all()
    n = tuple(None if hidden else size for size, hidden in zip(sizes, grouping.hidden, strict=True))
    return n, tuple(None if hides_left else count for count in lefts)


def test_no_small_size_can_be_worked_out_even_by_one_who_knows_how_they_are_hidden():
    smallest, total = 4, 18
    tables = [sizes for sizes in product(range(1, total), repeat=3) if sum(sizes) == total]
    shown = {sizes: published(sizes, (0, 0, 0), smallest)[0] for sizes in tables}

    for sizes in tables:
        alike = [other for other in tables if shown[other] == shown[sizes]]
        for place in range(3):
            if sizes[place] < smallest:
                assert shown[sizes][place] is None
                assert len({other[place] for other in alike}) > 1, (sizes, shown[sizes])


def test_no_small_number_who_left_can_be_worked_out_either():
    smallest, sizes = 3, (9, 8, 7)
    tables = list(product(*(range(n + 1) for n in sizes)))
    shown = {lefts: (sum(lefts), published(sizes, lefts, smallest)[1]) for lefts in tables}

    alike: dict[tuple, list] = {}
    for lefts in tables:
        alike.setdefault(shown[lefts], []).append(lefts)
    for lefts in tables:
        for place, n in enumerate(sizes):
            if smallest <= sum(lefts) <= sum(sizes) - smallest and min(lefts[place], n - lefts[place]) < smallest:
                assert shown[lefts][1][place] is None
                assert len({other[place] for other in alike[shown[lefts]]}) > 1, (lefts, shown[lefts])


def could_be(table, known):
    """Return every table with the margins given and the cells that are known."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    for cells in product(*(range(min(row, column) + 1) for row in rows[:2] for column in columns[:2])):
        other = np.array([[cells[0], cells[1], 0], [cells[2], cells[3], 0], [0, 0, 0]])
        other[:2, 2] = rows[:2] - other[:2].sum(axis=1)
        other[2] = columns - other[:2].sum(axis=0)
        if (other >= 0).all() and (other[known] == table[known]).all():
            yield other


@pytest.mark.parametrize("seed", range(12))
def test_no_small_crossed_group_can_be_worked_out_from_the_single_ones(seed):
    random, smallest = np.random.default_rng(seed), 4
    table = random.integers(0, 7, (3, 3))
    # Every single group is large enough to be shown, which gives the most away.
    table[random.permutation(3), np.arange(3)] += 5
    rows = [(row, column) for row, column in np.ndindex(3, 3) for _ in range(table[row, column])]
    values = {"a": [f"a{row}" for row, _ in rows], "b": [f"b{column}" for _, column in rows]}
    y = np.arange(len(rows)) % 2

    found = by_value(audited(values, y=y, listed=y, smallest=smallest))

    sizes = {value: group["n"] for (attribute, value), group in found.items() if attribute == "a & b"}
    known = np.array([[sizes.get(f"a{row} & b{column}") is not None for column in range(3)] for row in range(3)])
    possible = list(could_be(table, known))
    for row, column in np.argwhere((table < smallest) & (table > 0)):
        assert f"a{row} & b{column}" not in sizes
        assert len({int(other[row, column]) for other in possible}) > 1
