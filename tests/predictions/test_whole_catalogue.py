"""Every feature of the catalogue is computed, is about something, and has words; what is not is refused aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from modeling.core import catalogue, features
from modeling.core.catalogue import BY_NAME, CATALOGUE
from modeling.core.feature import Feature
from modeling.core.features import NotComputed, snapshot
from predictions.wording.of_features import WORDS
from tests.modeling.core import random_district
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, district, rows

# One conversation each.
SOURCES = {
    *("absence", "tardies", "course_average", "core_failures", "credits", "incidents", "help"),
    *("school_moves", "late_enrolment", "age_for_grade", "repeated_grade", "grade_level", "days_enrolled"),
}
FORGOTTEN = Feature(name="lunches_30d", kind="number", label="Lunches", meaning="Lunches eaten in 30 calendar days.")


def test_every_feature_is_computed_and_known_of_somebody() -> None:
    frame = snapshot(random_district.facts(), as_of=date(2026, 1, 30), features=CATALOGUE)

    assert list(frame.columns[frame.isna().all()]) == []


def test_every_feature_is_about_something_one_would_speak_of() -> None:
    assert {feature.source for feature in CATALOGUE} == SOURCES


def test_every_feature_has_words_for_what_was_seen_and_what_is_usual() -> None:
    # A category is told by its label and the words of its levels.
    assert set(WORDS) == {feature.name for feature in CATALOGUE if feature.kind != "category"}


@pytest.mark.parametrize("place", range(len(features.FAMILIES)))
def test_a_feature_that_its_family_does_not_compute_is_refused(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    family, record, compute = features.FAMILIES[place]
    longer = [*features.FAMILIES]
    longer[place] = ([*family, FORGOTTEN], record, compute)
    monkeypatch.setattr(features, "FAMILIES", tuple(longer))

    with pytest.raises(
        NotComputed, match=f"has lunches_30d, and nothing computes it. Compute it in {compute.__module__}"
    ):
        snapshot(district(), as_of=AS_OF, features=[FORGOTTEN])


def test_a_feature_of_no_family_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.BY_NAME, FORGOTTEN.name, FORGOTTEN)

    with pytest.raises(NotComputed, match="has lunches_30d, and no family of features has it"):
        snapshot(district(), as_of=AS_OF, features=[FORGOTTEN])


def test_a_version_that_looks_at_what_is_no_longer_computed_is_refused() -> None:
    with pytest.raises(NotComputed, match="The model looks at lunches_30d, which this version of the portal no longer"):
        snapshot(district(), as_of=AS_OF, features=[BY_NAME["tardies_30d"], FORGOTTEN])


def test_an_attribute_that_nobody_has_is_missing_and_not_refused() -> None:
    frame = snapshot(district(), as_of=AS_OF, features=[replace(FORGOTTEN, meaning="")])

    assert frame["lunches_30d"].isna().all()


def test_where_no_attendance_is_kept_an_attribute_may_have_a_name_of_the_catalogue() -> None:
    attribute = {"student_id": AMIR, "name": "absence_rate_year", "value": "0.25", "known_on": "2025-09-01"}
    own = Feature(name="absence_rate_year", kind="number", label="Share missed, by the old system")
    facts = replace(district(attributes=rows("attributes", attribute)), kept=frozenset({"grades"}))

    frame = snapshot(facts, as_of=AS_OF, features=[own, BY_NAME["absence_rate_30d"]])

    assert frame["absence_rate_year"].dropna().to_dict() == {AMIR: 0.25}
    assert frame["absence_rate_30d"].isna().all()


def test_where_attendance_is_kept_the_catalogue_has_the_name() -> None:
    attribute = {"student_id": BEA, "name": "absence_rate_year", "value": "0.25", "known_on": "2025-09-01"}

    frame = snapshot(
        district(attributes=rows("attributes", attribute)), as_of=AS_OF, features=[BY_NAME["absence_rate_year"]]
    )

    pd.testing.assert_series_equal(frame["absence_rate_year"], frame["absence_rate_year"] * 0.0)
