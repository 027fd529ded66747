"""The words a counsellor reads: specific, warm, factual, and never a verdict."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pytest
from django.template.loader import render_to_string

from modeling.core.catalogue import BY_NAME, CATALOGUE
from modeling.core.feature import Feature
from predictions import wording

UNITS = Feature(name="units_approved_1st", kind="number", label="Curricular units approved, 1st semester", unit="count")
COURSE = Feature(name="course", kind="category", label="Course", levels={"9500": "Nursing", "171": "Design"})
DEBTOR = Feature(name="debtor", kind="flag", label="Owes fees")
GDP = Feature(name="gdp", kind="number", label="GDP growth", unit="percent")
BOXES = ("changeable", "strengths", "context_reasons")
UNNAMED = Feature(name="evening_course", kind="flag", label="")


def reason(feature: Feature, value: Any, comparison: Any = None, **more: Any) -> dict[str, Any]:
    return {"code": feature.name, "value": value, "comparison": comparison, **more}


def said(feature: Feature, value: Any, comparison: Any = None, **more: Any) -> str:
    """Return both sentences, as they stand under each other on the page."""
    told = reason(feature, value, comparison, **more)
    return f"{wording.sentence(told, feature)} {wording.comparison(told, feature)}".strip()


@pytest.mark.parametrize(
    ("name", "value", "comparison", "words"),
    [
        ("absence_rate_30d", 0.3, 0.0667, "Missed 9 of the last 30 school days. Most students here miss 2 or fewer."),
        ("absence_rate_30d", 0.0, 0.0667, "Missed none of the last 30 school days. Most students here miss 2 or more."),
        ("absence_rate_10d", 1.0, 0.0, "Missed all of the last 10 school days. Most students here miss none."),
        ("absence_rate_year", 0.12, 0.12, "Missed 12 of every 100 school days this year. That is usual here."),
        ("days_since_last_present", 1.0, 0.0, "Missed the last school day. Most students here miss none."),
        (
            "core_failures_term",
            1.0,
            0.0,
            "Has not passed 1 core course of the latest term. Most students here passed all of them.",
        ),
        (
            "core_failures_term",
            2.0,
            0.0,
            "Has not passed 2 core courses of the latest term. Most students here passed all of them.",
        ),
        ("credits_behind", 2.5, 0.0, "2.5 credits tried and not earned. Most students here have none."),
        (
            "course_average",
            0.54,
            0.743,
            "Course average in the latest term: 54 of 100. Most students here have 74 or more.",
        ),
        ("incidents_30d", 1.0, 0.0, "1 incident in the last 30 days. Most students here have none."),
        ("school_moves_365d", 1.0, 0.0, "Changed schools once in the last year. Most students here have none."),
        ("chronic_absence", 0.0, 0.0, "Missed fewer than 10 of every 100 school days this year. That is usual here."),
        ("late_enrolment", 1.0, 0.0, "Started this school year late. Most students here started on time."),
        ("age_for_grade", 1.0, 0.0, "For the grade: 1 year older than usual. Most students here are the usual age."),
        ("grade_level", "9", "12", "In 9th grade. Most common here: 12th grade."),
    ],
)
def test_a_dated_feature_is_told_as_what_was_seen(name: str, value: Any, comparison: Any, words: str) -> None:
    assert said(BY_NAME[name], value, comparison) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1, "Absences are rising: 3 days more in the last 30 than usual for this student."),
        (-0.0334, "Absences are falling: 1 day fewer in the last 30 than usual for this student."),
        (0.01, "Absences are about the same as before."),
    ],
)
def test_a_trend_says_which_way(value: float, words: str) -> None:
    assert said(BY_NAME["absence_trend"], value) == words


def test_a_new_student_missed_days_of_those_they_have_had() -> None:
    words = said(BY_NAME["absence_rate_30d"], 3 / 11, 0.0, sessions=11)

    assert words == "Missed 3 of the last 11 school days. Most students here miss none."


@pytest.mark.parametrize(
    ("feature", "value", "comparison", "words"),
    [
        (UNITS, 2.0, 6.0, "Curricular units approved, 1st semester: 2. Half of the students here have 6 or more."),
        (UNITS, 8.0, 6.0, "Curricular units approved, 1st semester: 8. Half of the students here have 6 or less."),
        (COURSE, "9500", "171", "Course: Nursing. Most common here: Design."),
        (COURSE, "33", None, "Course: 33."),
        (DEBTOR, 1.0, 0.0, "Owes fees: yes. Most students here: no."),
        (GDP, 1.74, 0.32, "GDP growth: 1.7 percent. Half of the students here have 0.3 percent or less."),
        (UNNAMED, 0.0, 0.0, "Evening course: no. That is usual here."),
    ],
)
def test_an_attribute_of_a_schema_is_told_by_its_label(
    feature: Feature, value: Any, comparison: Any, words: str
) -> None:
    assert said(feature, value, comparison) == words


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (BY_NAME["absence_rate_30d"], "No record of attendance yet."),
        (BY_NAME["course_average_change"], "No earlier term to compare grades with yet."),
        (UNITS, "No record of curricular units approved, 1st semester yet."),
        (GDP, "No record of GDP growth yet."),
    ],
)
@pytest.mark.parametrize("missing", [None, math.nan, ""])
def test_what_is_missing_is_said_to_be_missing_and_compared_with_nothing(
    feature: Feature, words: str, missing: Any
) -> None:
    assert said(feature, missing, 1.0) == words


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_sentence_is_short_whole_and_free_of_verdicts(feature: Feature) -> None:
    values = ["9", "KG"] if feature.kind == "category" else [0.0, 1.0, 0.5, 0.034, 7.0]

    told = [reason(feature, value, usual) for value, usual in itertools.product([*values, None], values)]
    sentences = [words(each, feature) for each in told for words in (wording.sentence, wording.comparison)]

    for words in filter(None, sentences):
        assert not re.search(r"(?i:because|due to|drop|risk|fail|bad|poor|problem)|%|nan|None", words), words
        assert words.endswith("."), words
        assert words[0].isupper() or words[0].isdigit(), words
        assert len(words.split()) <= 18, words


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.71, "Of 100 students with records like this, about 71 leave before finishing."),
        (0.012, "Of 100 students with records like this, about 1 leaves before finishing."),
        (0.001, "Of 100 students with records like this, fewer than 1 leaves before finishing."),
        (0.999, "Of 100 students with records like this, nearly all leave before finishing."),
    ],
)
def test_a_probability_is_told_as_people_of_a_hundred(probability: float, words: str) -> None:
    assert wording.frequency(probability) == words


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        ([], "No single clear reason. Several small things add up. Ask how things are going."),
        (["lowers"], "No single clear reason. Several small things add up. Ask how things are going."),
        (["raises", "lowers"], ""),
    ],
)
def test_where_nothing_that_raises_holds_it_is_said_that_no_reason_is_clear(directions: list[str], words: str) -> None:
    assert wording.no_clear_reason([{"direction": direction} for direction in directions]) == words


def test_the_boxes_say_what_we_can_change_what_goes_well_and_the_context() -> None:
    told = {name: [{"sentence": f"Seen {name}.", "comparison": "", "direction": "raises"}] for name in BOXES}

    page = render_to_string("components/reason_boxes.html", told | {"no_clear_reason": ""})

    assert re.findall(r"<h2>(.*?)</h2>", page) == ["What we can change", "Going well", "Context"]
    assert re.findall(r"Seen \w+", page) == ["Seen changeable", "Seen strengths", "Seen context_reasons"]


@pytest.mark.parametrize("sentence", ["No single clear reason.", ""])
def test_without_a_reason_to_change_the_first_box_stays_and_asks(sentence: str) -> None:
    page = render_to_string("components/reason_boxes.html", {"no_clear_reason": sentence})

    assert re.findall(r"<h2>(.*?)</h2>", page) == ["What we can change"]
    assert (sentence or "Nothing here stands out.") in page


def test_every_tier_has_a_shape_and_words_of_its_own() -> None:
    tiers = ["review_first", "check_in", "routine_support"]

    assert [wording.tier_mark(tier) for tier in tiers] == ["▲", "●", "○"]
    assert [wording.tier_label(tier) for tier in tiers] == ["Review first", "Check in", "Routine support"]


def test_of_much_that_is_not_recorded_four_things_are_named() -> None:
    features = {name: BY_NAME[name] for name in list(BY_NAME)[:7]} | {"course": COURSE}

    sentences = wording.not_known({"not_recorded": list(features), "unknown_categories": {"course": "999"}}, features)

    assert sentences[0].startswith("Not recorded, so it counts neither way: ")
    assert sentences[0].endswith(" and 4 more.")
    assert sentences[1] == "New or rare here, so it counts neither way: Course: 999."
    assert wording.not_known({}, features) == []
