"""That no gap is clear is said only where the whole interval is small; else that one cannot tell."""

import pytest

from modeling.model_cards import card_gaps

TOLERANCE = 0.2


def gap(size, low, high, verdict="no_gap"):
    between = {"between": ["a", "b"], "verdict": verdict}
    return {"attribute": "home_language", "gap": size, "low": low, "high": high, **between}


def said(*figures, **changes):
    return card_gaps.in_words(gap(*figures, **changes), tolerance=TOLERANCE)


def test_a_wide_interval_that_holds_no_gap_and_a_harmful_one_cannot_tell():
    words = said(0.29, -0.05, 0.63)

    assert "cannot tell" in words
    assert "cannot tell: 29 of 100, between -5 and 63" in words
    assert "no clear gap" not in words


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.05, 0.2, "none"), (-0.05, 0.21, "cannot_tell"), (-0.21, 0.1, "cannot_tell"), (-0.2, 0.2, "none")],
)
def test_no_clear_gap_needs_the_whole_interval_within_the_tolerance(low, high, verdict):
    assert card_gaps.verdict(gap(0.05, low, high), tolerance=TOLERANCE) == verdict


def test_a_gap_told_from_chance_stays_a_gap_however_small():
    assert "more are found of a than of b" in said(0.05, 0.01, 0.09, verdict="gap")


def test_too_few_are_told_as_too_few():
    assert said(None, None, None, verdict="too_few") == "Home language: too few to tell."
