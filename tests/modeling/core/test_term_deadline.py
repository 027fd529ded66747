"""The end of the term and the last day to act, counted by hand."""

from __future__ import annotations

from datetime import date

import pytest

from modeling.core.term_deadline import MINIMUM_ENDED, act_by, term_ends_on, usual_help_days
from tests.modeling.core.small_district import district, rows

TERMS = district().terms


@pytest.mark.parametrize(
    ("as_of", "ends_on"),
    [
        (date(2024, 9, 2), date(2025, 1, 17)),
        (date(2025, 1, 17), date(2025, 1, 17)),
        (date(2025, 1, 20), date(2025, 6, 13)),
        (date(2025, 10, 1), date(2026, 1, 16)),
    ],
)
def test_a_day_of_a_term_looks_to_its_end(as_of: date, ends_on: date) -> None:
    assert term_ends_on(TERMS, as_of=as_of) == ends_on


@pytest.mark.parametrize(
    ("as_of", "ends_on"),
    [
        (date(2025, 1, 18), date(2025, 6, 13)),
        (date(2025, 7, 1), date(2026, 1, 16)),
        (date(2024, 8, 20), date(2025, 1, 17)),
    ],
)
def test_the_holidays_look_to_the_term_ahead(as_of: date, ends_on: date) -> None:
    assert term_ends_on(TERMS, as_of=as_of) == ends_on


@pytest.mark.parametrize("as_of", [date(2026, 1, 17), date(2024, 3, 1)])
def test_after_the_last_term_and_long_before_the_first_there_is_none(as_of: date) -> None:
    assert term_ends_on(TERMS, as_of=as_of) is None


def test_without_a_calendar_there_is_no_end() -> None:
    assert term_ends_on(rows("terms"), as_of=date(2025, 10, 1)) is None


def test_of_overlapping_terms_the_one_that_runs_and_ends_first_counts() -> None:
    overlapping = rows(
        "terms",
        {"school_year": 2026, "term": "year", "starts_on": "2025-09-01", "ends_on": "2026-06-12"},
        {"school_year": 2026, "term": "1", "starts_on": "2025-09-01", "ends_on": "2026-01-16"},
        {"school_year": 2026, "term": "block", "starts_on": "2025-10-06", "ends_on": "2025-10-17"},
    )

    assert term_ends_on(overlapping, as_of=date(2025, 10, 1)) == date(2026, 1, 16)


def test_the_usual_length_is_the_median_of_what_has_ended() -> None:
    assert usual_help_days({10: 12, 40: 7, 90: 20}, default_days=28) == 90
    assert usual_help_days({10: 20, 41: 20}, default_days=28) == 26


def test_too_little_help_on_record_leaves_the_configured_length() -> None:
    assert usual_help_days({}, default_days=28) == 28
    assert usual_help_days({10: MINIMUM_ENDED - 1}, default_days=28) == 28
    assert usual_help_days({10: MINIMUM_ENDED}, default_days=28) == 10


def test_help_that_begins_on_the_last_day_to_act_ends_with_the_term() -> None:
    assert act_by(term_end=date(2026, 1, 16), help_days=28) == date(2025, 12, 19)
