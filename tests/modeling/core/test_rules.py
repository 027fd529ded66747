"""The rule twin, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas.testing import assert_series_equal

from modeling.core.catalogue import BY_NAME
from modeling.core.not_known import of_students
from modeling.core.rules import Operation, Rule, met, missing_share, rule_points, sort_keys

RULES_FILE = Path(__file__).parents[3] / "configs" / "rules.yaml"
STUDENTS = pd.Index([1, 2, 3, 4, 5, 6], name="student_id")


def abc() -> list[Rule]:
    named = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))
    return [Rule(**fields) for fields in named["abc"]["rules"]]


def six_students() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "absence_rate_year": [0.10, 0.09, 0.30, np.nan, 0.00, np.nan],
            "days_removed_365d": [0.0, 0.0, 2.0, 0.0, 1.0, np.nan],
            "incidents_365d": [1.0, 2.0, 5.0, 0.0, 0.0, np.nan],
            "core_failures_term": [0.0, 0.0, 3.0, 1.0, np.nan, np.nan],
            "on_track": [1.0, np.nan, 0.0, 0.0, 1.0, np.nan],
        },
        index=STUDENTS,
    )


def test_the_default_rule_counts_attendance_behaviour_and_courses_once_each() -> None:
    points = rule_points(six_students(), abc())

    assert_series_equal(points, pd.Series([1.0, 1.0, 3.0, 1.0, 1.0, 0.0], index=STUDENTS, name="points"))


def test_missing_values_give_no_points_and_are_counted() -> None:
    missing = missing_share(six_students(), abc())

    # Four sources: days out and incidents are one, conduct.
    assert missing.tolist() == [0, 0.25, 0, 0.25, 0.25, 1]


def test_the_default_rule_asks_only_for_features_of_the_catalogue() -> None:
    assert {rule.feature for rule in abc()} <= set(BY_NAME)


@pytest.mark.parametrize(
    ("op", "who"),
    [
        ("at_least", [False, True, True, False]),
        ("at_most", [True, True, False, False]),
        ("above", [False, False, True, False]),
        ("below", [True, False, False, False]),
        ("equals", [False, True, False, False]),
    ],
)
def test_each_operation_compares_as_it_says(op: str, who: list[bool]) -> None:
    frame = pd.DataFrame({"tardies_30d": [1.0, 2.0, 3.0, np.nan]})

    found = met(frame, [Rule(feature="tardies_30d", op=op, value=2, points=1, words="")])

    assert found[0].tolist() == who


def test_a_category_equals_its_code() -> None:
    frame = pd.DataFrame({"grade_level": pd.Series(["9", "10", np.nan], dtype=object)})

    points = rule_points(frame, [Rule(feature="grade_level", op="equals", value="9", points=2, words="")])

    assert points.tolist() == [2.0, 0.0, 0.0]


def test_rules_without_a_domain_add_up() -> None:
    frame = pd.DataFrame({"units_approved_1st": [6.0, 3.0, 0.0]})
    rules = [Rule(feature="units_approved_1st", op="at_most", value=limit, points=1, words="") for limit in (4, 2, 0)]

    assert rule_points(frame, rules).tolist() == [0.0, 1.0, 3.0]


def test_a_rule_on_a_feature_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="lacks: shoe_size"):
        rule_points(pd.DataFrame({"a": [1.0]}), [Rule(feature="shoe_size", op="above", value=40, points=1, words="")])


def test_no_rules_give_no_points() -> None:
    assert rule_points(six_students(), []).tolist() == [0.0] * 6


def test_of_equal_points_who_is_further_past_the_first_sign_stands_higher() -> None:
    frame = pd.DataFrame({"absence": [0.2, 0.4, np.nan], "average": [0.5, 0.3, 0.1], "grade": ["9", "9", "9"]})
    rules = [
        Rule(feature="absence", op="at_least", value=0.1, points=1, words="Away"),
        Rule(feature="average", op="below", value=0.6, points=2, words="Low"),
        Rule(feature="grade", op="equals", value="9", points=1, words="Ninth grade"),
    ]

    order = sort_keys(frame, rules)

    assert order.columns.tolist() == ["points", "absence", "average"]
    assert order["points"].tolist() == [4, 4, 3]
    assert order["absence"].tolist() == [0.2, 0.4, -np.inf]
    assert order["average"].tolist() == [-0.5, -0.3, -0.1]


@pytest.mark.parametrize("op", ["at_least", "at_most", "above", "below", "equals"])
def test_a_rule_about_a_missing_value_is_not_known_and_is_counted_so(op: Operation) -> None:
    rule = [Rule(feature="on_track", op=op, value=0, points=1, words="")]
    frame = six_students()

    assert not met(frame, rule)[0][frame["on_track"].isna()].any()
    assert missing_share(frame, rule).tolist() == [0, 1, 0, 0, 0, 1]
    assert [student["not_recorded"] for student in of_students(frame[["on_track"]])] == [
        [], ["on_track"], [], [], [], ["on_track"],
    ]  # fmt: skip
