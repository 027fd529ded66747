"""The catalogue: every feature says what it is, and models of older versions still read theirs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from modeling import feature_table
from modeling.core import catalogue
from modeling.core.catalogue import BY_NAME, CATALOGUE
from modeling.core.feature import Feature
from modeling.core.features import FAMILIES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "features.md"
# What the product promises to look at.
PROMISED = {
    *(f"absence_rate_{window}" for window in ("10d", "30d", "90d", "year", "last_year")),
    *("absence_trend", "absence_trend_10d", "unexcused_share_90d", "tardies_30d", "longest_absence_run_90d"),
    *("chronic_absence", "days_since_last_present", "course_average", "course_average_change", "core_failures_term"),
    *("credits_behind", "on_track", "school_moves_365d", "age_for_grade", "late_enrolment", "help_received_365d"),
    *(f"{what}_{window}d" for what in ("incidents", "days_removed") for window in (30, 90, 365)),
}


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_feature_says_what_it_is(feature: Feature) -> None:
    assert feature.label
    assert re.fullmatch(r"[A-Z][^|\n]+[.]", feature.meaning)
    assert len(feature.meaning.split()) <= 45
    assert feature.role in ("changeable", "context")
    if feature.kind == "number":
        assert feature.unit in ("share", "count", "days", "years", "credits")
    if feature.kind != "category":
        assert feature.low is not None
        assert feature.high is not None
        assert feature.low < feature.high


def test_no_two_features_share_a_name_a_label_or_a_meaning() -> None:
    described = [(feature.name, feature.label, feature.meaning) for feature in CATALOGUE]

    assert [len(set(column)) for column in zip(*described, strict=True)] == [len(CATALOGUE)] * 3
    assert set(BY_NAME) >= PROMISED


def test_every_feature_belongs_to_one_family() -> None:
    of_families = [feature for features, _record, _compute in FAMILIES for feature in features]

    assert sorted(of_families, key=lambda feature: feature.name) == sorted(CATALOGUE, key=lambda each: each.name)


def test_the_page_of_features_is_the_catalogue() -> None:
    how = "Make it anew: python -m modeling.feature_table > docs/features.md"

    assert PAGE.read_text(encoding="utf-8") == feature_table.page(), how


def test_a_feature_survives_being_stored() -> None:
    assert [catalogue.from_json(feature.as_json()) for feature in CATALOGUE] == list(CATALOGUE)


def test_a_feature_stored_before_there_were_roles_and_meanings_is_still_read() -> None:
    stored = {"name": "tardies_30d", "kind": "number", "label": "Times late", "unit": "count", "changeable": True}
    stored |= {"low": 0.0, "high": 300.0, "levels": {}, "risk_direction": 1}

    old = catalogue.from_json(stored)
    context = catalogue.from_json(stored | {"changeable": False})

    assert (old.role, old.changeable, old.meaning) == ("changeable", True, "")
    assert (context.role, context.changeable) == ("context", False)


def test_a_feature_stored_before_it_knew_its_source_and_window_has_those_of_the_catalogue() -> None:
    newer = {"source", "window_sessions", "said_in_days"}

    stored = [{key: value for key, value in each.as_json().items() if key not in newer} for each in CATALOGUE]

    assert [catalogue.from_json(fields) for fields in stored] == list(CATALOGUE)


def test_an_attribute_is_about_what_its_name_says_without_the_term() -> None:
    stored = {"name": "grade_2nd", "kind": "number", "label": "Grade"}

    feature = catalogue.from_json(stored)

    assert (feature.source, feature.window_sessions, feature.said_in_days) == ("grade", None, False)
    assert catalogue.from_json(stored | {"source": "marks"}).source == "marks"


def test_what_has_no_window_of_sessions_is_not_said_in_days() -> None:
    with pytest.raises(ValueError, match="course_average cannot be said in days"):
        replace(BY_NAME["course_average"], said_in_days=True)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_the_window_of_sessions_is_the_one_the_meaning_speaks_of(feature: Feature) -> None:
    window = re.search(r"(?:last|over) (\d+)\b(?! calendar)", feature.meaning)

    assert feature.window_sessions == (int(window[1]) if window else None)
    if feature.said_in_days:
        assert feature.unit == "share"


@pytest.mark.parametrize(("role", "changeable"), [("changeable", True), ("context", False), ("protected", False)])
def test_a_role_decides_what_can_be_changed(role: str, changeable: bool) -> None:
    feature = Feature(name="gender", kind="category", label="Gender", role=role)  # type: ignore[arg-type]

    assert feature.changeable is changeable


@pytest.mark.parametrize("role", ["context", "protected"])
def test_a_role_that_contradicts_what_can_be_changed_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match=f"tardies_30d cannot be changeable and have the role {role}"):
        replace(BY_NAME["tardies_30d"], role=role)
