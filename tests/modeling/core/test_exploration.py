"""The report of a dataset: what its columns hold, who left, and where it may mislead, without telling of anybody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.core import exploration, outcome_rates
from modeling.core.exploration import Data, explore
from modeling.core.feature import Feature
from modeling.core.rolls import on_roll
from tests.modeling.core.small_district import AMIR, BEA, district
from tests.modeling.core.small_district import rows as rows_of

FEATURES = [
    Feature(name="absence_rate_year", kind="number", label="Share missed", unit="share", low=0.0, high=1.0),
    Feature(name="course_average", kind="number", label="Average", unit="share", low=0.0, high=1.2),
    Feature(name="repeated_grade", kind="flag", label="Repeated"),
    Feature(name="track", kind="category", label="Track", levels={"a": "Arts"}),
]


def data(n: int = 400, **changes: Any) -> Data:
    """Return two snapshots of n students, of whom those who miss more leave more."""
    random = np.random.default_rng(3)
    absence = random.beta(1.5, 8, 2 * n)
    rows = pd.DataFrame(
        {
            "student_id": np.tile(np.arange(n), 2),
            "snapshot_on": np.repeat(pd.to_datetime(["2024-10-15", "2025-01-31"]), n),
            "y": (random.random(2 * n) < 1 / (1 + np.exp(2.5 - 8 * absence))).astype(float),
            "helped": False,
            "absence_rate_year": absence,
            "course_average": np.where(random.random(2 * n) < 0.2, np.nan, 0.9 - absence),
            "repeated_grade": (random.random(2 * n) < 0.2).astype(float),
            "track": random.choice(["a", "b"], 2 * n).astype(object),
        }
    )
    on_roll = rows[["student_id", "snapshot_on"]].assign(school=np.where(rows["student_id"] % 2, "Harbor", "Northside"))
    protected = pd.DataFrame({"student_id": np.arange(n), "name": "gender", "value": ["f", "m"] * (n // 2)})
    return replace(Data(rows=rows, features=FEATURES, on_roll=on_roll, protected=protected), **changes)


def group(report: dict[str, Any], attribute: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["groups"] if one["attribute"] == attribute)
    return found


def note(report: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["notes"] if one["kind"] == kind)
    return found


def test_the_report_is_plain_json_and_the_same_twice() -> None:
    one, other = explore(data()), explore(data())

    assert json.loads(json.dumps(one, allow_nan=False)) == one == other


def test_a_student_counts_once_in_a_group_and_once_a_day_in_a_trend() -> None:
    report = explore(data())

    assert sum(row["n"] for row in group(report, "track")["rows"]) == 400
    assert [day["n"] for day in report["trends"]["days"]] == [400, 400]


def test_shares_of_a_group_are_those_of_its_students() -> None:
    given = data()

    rows = group(explore(given), "gender")["rows"]

    newest = given.rows.loc[given.rows["snapshot_on"] == "2025-01-31"]
    assert rows[0]["share"] == pytest.approx(newest.loc[newest["student_id"] % 2 == 0, "y"].mean(), abs=1e-4)


def test_only_protected_attributes_and_none_of_the_features_are_marked_so() -> None:
    marked = {one["attribute"] for one in explore(data())["groups"] if one["is_protected"]}

    assert marked == {"gender"}


def test_codes_stand_in_the_words_of_the_schema() -> None:
    assert {row["value"] for row in group(explore(data()), "track")["rows"]} == {"Arts", "b"}


def test_a_group_of_nine_is_not_told_of_and_neither_is_its_neighbour() -> None:
    given = data()
    values = ["x"] * 9 + ["f"] * 150 + ["m"] * 241

    told = group(explore(replace(given, protected=given.protected.assign(value=values))), "gender")

    assert [row["value"] for row in told["rows"]] == ["m"]
    assert told["n_hidden"] == 2


def test_a_share_of_which_few_left_is_not_told() -> None:
    given = data()
    few_left = given.rows.assign(y=np.where(given.rows["student_id"] % 40 == 0, 1.0, 0.0))

    told = group(explore(replace(given, rows=few_left)), "gender")

    assert [row["n"] for row in told["rows"]] == [200, 200]
    assert [row["share"] for row in told["rows"]] == [None, None]


def test_rare_values_stand_together() -> None:
    values = pd.Series([f"v{place % 30}" for place in range(900)])

    rows = outcome_rates.rates(values, pd.Series([0.0] * 450 + [1.0] * 450), minimum=10)["rows"]

    assert len(rows) == outcome_rates.MOST_VALUES
    assert rows[0] == {"value": outcome_rates.REST, "is_rest": True, "n": 570, "share": 0.5}


def test_every_bin_holds_enough_of_those_who_left_and_of_those_who_stayed() -> None:
    given = data()

    shown = explore(given)["distributions"][0]

    newest = given.rows.loc[given.rows["snapshot_on"] == "2025-01-31"]
    edges = np.array(shown["edges"])
    for outcome in (0.0, 1.0):
        inside = np.histogram(newest.loc[newest["y"] == outcome, "absence_rate_year"], edges)[0]
        assert (inside >= 9).all()  # an edge written with four decimals may move one student
    assert sum(shown["left"]) == pytest.approx(1, abs=1e-3)
    assert (shown["n_left"], shown["n_left"] + shown["n_stayed"]) == (int(newest["y"].sum()), 400)


def test_with_nine_who_left_nothing_is_drawn_of_them() -> None:
    given = data()

    few_left = given.rows.assign(y=(given.rows["student_id"] < 9).astype(float))

    assert explore(replace(given, rows=few_left))["distributions"] == []


def test_a_column_says_what_is_missing_typical_and_beyond() -> None:
    values = pd.Series([*np.linspace(0.1, 0.3, 180), *[0.95] * 20, *[np.nan] * 50])

    about = exploration.column(values, FEATURES[0], minimum=10)

    assert (about["missing_share"], about["beyond_share"], about["outside_share"]) == (0.2, 0.1, 0.0)
    assert 0.1 < about["median"] < 0.3


def test_nine_rows_beyond_the_fences_are_single_students_and_not_counted() -> None:
    values = pd.Series([*np.linspace(0.1, 0.3, 191), *[3.0] * 9])

    about = exploration.column(values, FEATURES[0], minimum=10)

    assert (about["beyond_share"], about["outside_share"]) == (None, None)


def test_missing_is_told_by_year_and_complete_columns_are_left_out() -> None:
    missing = explore(data())["missing"]

    assert missing["years"] == [2024, 2025]
    assert [row["name"] for row in missing["rows"]] == ["course_average"]
    assert all(0.1 < share < 0.3 for share in missing["rows"][0]["shares"])


def test_rows_that_repeat_others_are_counted() -> None:
    given = data()
    doubled = pd.concat([given.rows, given.rows.iloc[:5], given.rows.iloc[5:8].assign(student_id=[900, 901, 902])])

    found = exploration.duplicates(doubled, FEATURES)

    assert (found["n_same_features"], found["n_student_twice"]) == (8, 5)


def test_correlations_are_spearmans_and_the_strongest_are_kept() -> None:
    given = data()

    found = exploration.correlations(given.rows, FEATURES, seed=1)

    both = given.rows[["absence_rate_year", "course_average"]].dropna()
    assert found["names"] == ["absence_rate_year", "course_average", "repeated_grade"]
    assert found["rho"][0][1] == pytest.approx(both.corr(method="spearman").iloc[0, 1], abs=0.005)
    assert found["with_outcome"][0] > 0.2


def test_schools_whose_outcomes_are_known_less_often_are_named() -> None:
    given = data()
    of_harbor_only_some = given.rows.loc[(given.rows["student_id"] % 2 == 0) | (given.rows["student_id"] % 5 < 3)]

    said = note(explore(replace(given, rows=of_harbor_only_some)), "known_outcomes")

    assert said["differs"]
    assert said["lowest"] == {"school": "Harbor", "n": 200, "share": 0.6}
    assert said["highest"] == {"school": "Northside", "n": 200, "share": 1.0}


@pytest.mark.parametrize(("n_helped", "told"), [(0, 0), (9, None), (30, 30)])
def test_helped_students_are_counted_unless_they_are_few(n_helped: int, told: int | None) -> None:
    given = data()

    report = explore(replace(given, rows=given.rows.assign(helped=given.rows["student_id"] < n_helped)))

    assert note(report, "helped")["n"] == told


def test_a_gap_that_tells_the_outcome_is_named() -> None:
    given = data()
    gone = given.rows.assign(course_average=given.rows["course_average"].fillna(0.5).where(given.rows["y"] == 0))

    said = note(explore(replace(given, rows=gone)), "missing_differs")

    assert (said["label"], said["left"], said["stayed"]) == ("Average", 1.0, 0.0)


def test_an_attribute_that_many_lack_is_named() -> None:
    given = data()

    said = note(explore(replace(given, protected=given.protected.iloc[:300])), "not_recorded")

    assert (said["label"], said["n"], said["share"]) == ("Gender", 100, 0.25)


def test_no_cell_of_the_report_tells_of_fewer_than_the_minimum() -> None:
    random = np.random.default_rng(9)
    for n in (40, 120):
        given = data(n)
        odd = given.protected.assign(
            value=random.choice(list("abcdefgh"), n, p=np.array([9, 9, 4, 3, 2, 1, 1, 1]) / 30)
        )

        report = explore(replace(given, protected=odd))

        for one in report["groups"]:
            for row in one["rows"]:
                assert row["n"] >= 10
                if row["share"] is not None:
                    n_left = round(row["share"] * row["n"])
                    assert min(n_left, row["n"] - n_left) >= 10


def test_everybody_on_the_roll_of_a_day_is_named_with_the_school_of_that_day() -> None:
    moved = rows_of(
        "enrolments",
        {"student_id": AMIR, "school_id": 1, "exited_on": "2025-09-10", "exit_known_on": "2025-09-10"},
        {"student_id": AMIR, "school_id": 2, "entered_on": "2025-09-10", "known_on": "2025-09-10"},
        {"student_id": BEA, "school_id": 1},
    )
    days = [date(2025, 9, 5), date(2025, 9, 26)]

    found = on_roll(district(enrolments=moved), dates=days, school_names={1: "Harbor"})

    assert list(zip(found["student_id"], found["school"].fillna("unknown"), strict=True)) == [
        (AMIR, "Harbor"),
        (BEA, "Harbor"),
        (AMIR, "unknown"),
        (BEA, "Harbor"),
    ]
