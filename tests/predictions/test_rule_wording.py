"""What the rule says: each trouble once, in the words it was written in, and by when help still fits."""

from __future__ import annotations

import datetime as dt

import pytest

from modeling.core.feature import Feature
from predictions import rule_wording
from predictions.models import RiskScore, ScoringRun


def step(feature: str, op: str, value: float | str, points: float = 1.0, domain: str = "") -> rule_wording.Step:
    words = f"{feature} {op} {value}"
    return {"feature": feature, "op": op, "value": value, "points": points, "words": words, "domain": domain}


UNITS = [step("units", "below", 3, 2), step("units", "below", 5, 2), step("units", "below", 6, 2)]
BEHAVIOUR = [step("removed", "above", 0, 1, "behaviour"), step("incidents", "at_least", 2, 2, "behaviour")]


def test_of_one_thing_only_the_strictest_is_said() -> None:
    fees = step("fees", "equals", 0, 5)

    assert rule_wording.sentences([*UNITS, fees], [0, 1, 2, 3]) == ["fees equals 0.", "units below 3."]
    assert rule_wording.sentences(UNITS, [1, 2]) == ["units below 5."]


def test_of_one_kind_of_trouble_only_the_weightiest_is_said_and_it_is_one_sign() -> None:
    assert rule_wording.sentences(BEHAVIOUR, [0, 1]) == ["incidents at_least 2."]
    assert rule_wording.signs([*BEHAVIOUR, *UNITS], [0, 1]) == "1 of 2 signs"
    assert rule_wording.signs([*BEHAVIOUR, *UNITS], []) == "0 of 2 signs"


def test_words_end_like_a_sentence_once() -> None:
    assert [rule_wording.with_a_stop(words) for words in ("Away", "Away.", "Why?")] == ["Away.", "Away.", "Why?"]


def test_who_shares_their_points_is_counted_and_nobody_alone_hears_of_it() -> None:
    run = ScoringRun(rule_standing={"n_by_points": {"2": 23, "3": 1, "1.5": 2}})

    said = [rule_wording.shared_words(run, RiskScore(rule_points=points)) for points in (2.0, 3.0, 1.5, 7.0)]

    assert said == ["23 students share these points.", "", "2 students share these points.", ""]


@pytest.mark.parametrize(
    ("act_by", "expected"),
    [
        (dt.date(2026, 4, 23), "Act by 23 April 2026: help usually takes 49 days here, and the term ends on 11 June"),
        (dt.date(2026, 3, 1), "Help usually takes 102 days here. It no longer fits before the term ends on 11 June"),
        (None, ""),
    ],
)
def test_by_when_help_still_fits_is_said_as_of_the_list(act_by: dt.date | None, expected: str) -> None:
    run = ScoringRun(as_of=dt.date(2026, 3, 20), act_by=act_by, term_ends_on=dt.date(2026, 6, 11))

    assert rule_wording.until_when(run).startswith(expected)
    assert bool(rule_wording.until_when(run)) is bool(expected)


def test_a_sign_stands_on_its_page_with_the_condition_in_words() -> None:
    features = {
        "away": Feature(name="away", kind="number", label="Share of days missed", unit="share"),
        "owes": Feature(name="owes", kind="flag", label="Owes money"),
        "course": Feature(name="course", kind="category", label="Course", levels={"7": "Nursing"}),
        "average": Feature(name="average", kind="number", label="Average", unit="points"),
    }
    written = [step("away", "at_least", 0.1), step("owes", "equals", 1), step("course", "equals", "7")]

    told = [rule_wording.condition(one, features)["condition"] for one in [*written, step("average", "below", 9.5)]]

    assert told == [
        "Share of days missed: 10 of 100 or more",
        "Owes money: yes",
        "Course: Nursing",
        "Average: less than 9.5",
    ]


def test_what_the_rule_asks_about_and_nobody_recorded_is_said_beside_the_signs() -> None:
    rules = [*UNITS, step("fees", "equals", 0, 5)]

    said = [
        rule_wording.not_known(rules, {"not_recorded": names}) for names in ([], ["fees"], ["units", "fees", "age"])
    ]

    assert said == [
        "",
        "1 thing that the rule asks about is not recorded.",
        "2 things that the rule asks about are not recorded.",
    ]
