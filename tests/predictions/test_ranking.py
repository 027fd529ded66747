"""The order of a list by the model and by the rule, and the line at what the team can see."""

import math

import numpy as np
import pandas as pd
import pytest

from modeling.scoring import Scored
from predictions import ranking


def scored(risks=(), insufficient=None, keys=None):
    """Return what a model, or a rule with the given places in its order, might say of students 1, 2, …"""
    n = len(keys) if keys else len(risks)
    unknown = np.array(insufficient or [False] * n, dtype=bool)
    index = pd.Index(range(1, n + 1), name="student_id")
    return Scored(
        frame=pd.DataFrame(index=index),
        probability=np.array(risks, dtype=float),
        log_odds=np.zeros(n),
        contributions=np.zeros((n, 1)),
        term_probability=np.full(n, np.nan),
        told=None,
        insufficient=unknown,
        rule_sort_keys=pd.DataFrame(keys or [[0.0, 0.0]] * n, columns=["points", "absence_rate_year"], index=index),
        rules_met=[[]] * n,
        rule_insufficient=unknown,
        unknown=[{}] * n,
        usual={},
    )


def test_students_with_the_same_risk_share_their_tier_and_stand_by_number():
    table = ranking.ranked(scored([0.1, 0.5, 0.9, 0.5, 0.5, 0.2]), capacity=2)

    assert table["rank"].tolist() == [6, 2, 1, 3, 4, 5]
    assert table["tier"].tolist() == ["routine_support", *["review_first"] * 4, "routine_support"]


def test_the_unknown_take_nobodys_place_in_the_ranking():
    table = ranking.ranked(scored([0.9, 0.8, 0.1], [True, False, False]), capacity=1)

    assert table["rank"].tolist() == [pd.NA, 1, 2]
    assert table["tier"].tolist() == ["", "review_first", "check_in"]


@pytest.mark.parametrize(
    ("risks", "expected"),
    [([], (None, None)), ([0.3], (0.3, 0.3)), ([0.1, 0.9, 0.5], (0.5, 0.1)), ([0.5, 0.4, 0.3, 0.2, 0.1], (0.4, 0.2))],
)
def test_cuts_fall_back_to_the_lowest_where_there_are_fewer_than_the_team_can_see(risks, expected):
    assert ranking.cuts(pd.Series(risks, dtype=float), capacity=2) == expected


def test_of_equal_points_who_missed_more_stands_first_then_the_lower_number():
    table = ranking.ranked_by_rule(scored(keys=[[1, 0.1], [2, 0.1], [1, 0.3], [1, -math.inf], [1, 0.1]]), capacity=2)

    assert table["rank"].tolist() == [3, 1, 2, 5, 4]


def test_the_rules_line_stands_at_the_capacity_within_those_who_share_their_points():
    table = ranking.ranked_by_rule(scored(keys=[[1, 0.4], [1, 0.3], [1, 0.2], [1, 0.1], [1, 0.0]]), capacity=2)

    assert table["tier"].tolist() == ["review_first"] * 2 + ["check_in"] * 2 + ["routine_support"]


def test_who_shows_no_sign_is_on_nobodys_list():
    table = ranking.ranked_by_rule(scored(keys=[[1, 0.0], [0, 0.9], [0, 0.0]]), capacity=2)

    assert table["tier"].tolist() == ["review_first", "routine_support", "routine_support"]
    assert table["rank"].tolist() == [1, 2, 3]


def test_the_rule_ranks_nobody_of_whom_too_little_is_known():
    table = ranking.ranked_by_rule(scored(insufficient=[True, False], keys=[[3, 0.5], [1, 0.0]]), capacity=1)

    assert table["rank"].tolist() == [pd.NA, 1]
    assert table["tier"].tolist() == ["", "review_first"]


def test_a_run_keeps_its_lines_and_who_shares_so_that_a_place_can_be_told_later():
    keys = [[2, 0.2], [1, 0.4], [1, 0.3], [1, -math.inf], [0, 0.1]]
    everybody = scored(keys=keys)

    standing = ranking.rule_standing(everybody, capacity=2)

    assert standing == {"cuts": [[1.0, 0.4], [1.0, None]], "n_by_points": {"2": 1, "1": 3, "0": 1}}
    told = [ranking.tier_by_rule(key, standing) for key in keys]
    assert told == ranking.ranked_by_rule(everybody, capacity=2)["tier"].tolist()


def test_before_the_first_list_there_is_no_tier_by_the_rule():
    assert ranking.tier_by_rule([3.0, 0.5], {}) == ""
    assert ranking.rule_standing(scored(), capacity=2) == {"cuts": [], "n_by_points": {}}
