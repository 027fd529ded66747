"""Labels within a horizon and within a term, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_series_equal

from modeling.core.labels import LabelFrame, current_outcomes, labels, term_labels
from tests.modeling.core.small_district import rows

AS_OF, TRAINED_ON = date(2024, 10, 1), date(2026, 1, 15)
TERM_END = date(2025, 1, 17)


def outcome(
    outcome_id: int, student_id: int, kind: str, happened_on: str = "2025-03-01", **more: Any
) -> dict[str, Any]:
    return {"outcome_id": outcome_id, "student_id": student_id, "kind": kind, "happened_on": happened_on, **more}


def labelled(*outcomes: dict[str, Any], n: int = 1, known_by: date = TRAINED_ON) -> LabelFrame:
    return labels(
        rows("outcomes", *outcomes), student_ids=range(1, n + 1), as_of=AS_OF, horizon_days=365, known_by=known_by
    )


def labelled_in_term(
    *outcomes: dict[str, Any], n: int = 1, known_by: date = TRAINED_ON, term_ends_on: date | None = TERM_END
) -> LabelFrame:
    return term_labels(
        rows("outcomes", *outcomes),
        student_ids=range(1, n + 1),
        as_of=AS_OF,
        term_ends_on=term_ends_on,
        known_by=known_by,
    )


def test_each_kind_of_outcome_gives_its_label() -> None:
    kinds = ["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]

    found = labelled(*(outcome(10 + n, n, kind) for n, kind in enumerate(kinds, start=1)), n=7)

    students = pd.Index(range(1, 8), name="student_id")
    assert_series_equal(found.y, pd.Series([1.0, 0.0, 0.0, np.nan, np.nan, np.nan, np.nan], index=students, name="y"))
    assert found.censored == {"died": 1, "no_outcome": 1, "transferred": 1, "unknown": 1}
    assert found.outcome_id.tolist()[:6] == [11, 12, 13, 14, 15, 16]
    assert found.outcome_id.isna().tolist()[6]


def test_leaving_within_the_horizon_outweighs_having_continued() -> None:
    found = labelled(outcome(1, 1, "continued", "2025-06-13"), outcome(2, 1, "dropped_out", "2025-09-20"))

    assert found.y.tolist() == [1.0]
    assert found.outcome_id.tolist() == [2]


@pytest.mark.parametrize("happened_on", ["2024-10-01", "2025-10-02"])
def test_an_outcome_on_the_day_itself_or_after_the_horizon_does_not_count(happened_on: str) -> None:
    found = labelled(outcome(1, 1, "dropped_out", happened_on))

    assert found.censored == {"no_outcome": 1}


@pytest.mark.parametrize("happened_on", ["2024-10-02", "2025-10-01"])
def test_the_first_and_the_last_day_of_the_horizon_count(happened_on: str) -> None:
    assert labelled(outcome(1, 1, "dropped_out", happened_on)).y.tolist() == [1.0]


def test_the_newest_correction_wins_once_it_is_known() -> None:
    chain = [
        outcome(1, 1, "dropped_out", known_on="2025-03-01"),
        outcome(2, 1, "transferred", corrects_id=1, known_on="2025-05-01"),
        outcome(3, 1, "continued", corrects_id=2, known_on="2026-01-10"),
    ]

    assert labelled(*chain).y.tolist() == [0.0]
    assert labelled(*chain, known_by=date(2025, 12, 31)).censored == {"transferred": 1}


def test_two_corrections_of_one_outcome_leave_the_newer() -> None:
    frame = rows(
        "outcomes",
        outcome(1, 1, "dropped_out"),
        outcome(3, 1, "transferred", corrects_id=1, known_on="2025-04-01"),
        outcome(2, 1, "continued", corrects_id=1, known_on="2025-05-01"),
    )

    assert current_outcomes(frame)["outcome_id"].tolist() == [2]


def test_while_the_window_is_open_every_label_is_censored() -> None:
    found = labelled(outcome(1, 1, "dropped_out"), n=2, known_by=date(2025, 9, 30))

    assert found.censored == {"window_open": 2}


def test_an_unheard_of_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown kinds of outcome: vanished"):
        labelled(outcome(1, 1, "vanished"))


def test_a_horizon_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 day, got 0"):
        labels(rows("outcomes"), student_ids=[1], as_of=AS_OF, horizon_days=0, known_by=TRAINED_ON)


def test_each_kind_of_outcome_within_the_term_gives_its_label() -> None:
    kinds = ["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]

    found = labelled_in_term(*(outcome(10 + n, n, kind, "2024-12-01") for n, kind in enumerate(kinds, start=1)), n=7)

    assert found.y.fillna(-1).tolist() == [1, 0, 0, -1, -1, -1, -1]
    assert found.censored == {"died": 1, "no_outcome": 1, "transferred": 1, "unknown": 1}
    assert found.outcome_id.tolist()[:6] == [11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize("kind", ["dropped_out", "graduated", "continued", "transferred", "died", "unknown"])
def test_whoever_has_any_outcome_after_the_term_was_there_when_it_ended(kind: str) -> None:
    found = labelled_in_term(outcome(7, 1, kind, "2025-01-18"))

    assert found.y.tolist() == [0.0]
    assert found.outcome_id.tolist() == [7]


def test_the_last_day_of_the_term_belongs_to_it() -> None:
    assert labelled_in_term(outcome(1, 1, "dropped_out", "2025-01-17")).y.tolist() == [1.0]


def test_whoever_moved_away_within_the_term_is_censored_even_if_more_is_known_later() -> None:
    found = labelled_in_term(outcome(1, 1, "transferred", "2024-12-01"), outcome(2, 1, "dropped_out", "2025-06-01"))

    assert found.censored == {"transferred": 1}
    assert found.outcome_id.tolist() == [1]


def test_what_became_known_after_the_training_shows_nothing_of_the_term() -> None:
    late = outcome(1, 1, "continued", "2025-06-13", known_on="2026-02-01")

    assert labelled_in_term(late).censored == {"no_outcome": 1}
    assert labelled_in_term(late, known_by=date(2026, 2, 1)).y.tolist() == [0.0]


def test_while_the_term_runs_every_label_of_it_is_censored() -> None:
    left = outcome(1, 1, "dropped_out", "2024-12-01")

    assert labelled_in_term(left, known_by=date(2025, 1, 16)).censored == {"window_open": 1}
    assert labelled_in_term(left, known_by=TERM_END).y.tolist() == [1.0]


def test_without_a_term_nobody_has_a_label_of_it() -> None:
    assert labelled_in_term(outcome(1, 1, "dropped_out"), n=2, term_ends_on=None).censored == {"no_term": 2}


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["dropped_out", "graduated", "continued", "transferred", "unknown"]), min_size=1),
    days=st.lists(st.integers(1, 300), min_size=20, max_size=20),
)
def test_who_left_within_the_term_left_within_the_year(kinds: list[str], days: list[int]) -> None:
    chain = [
        outcome(n, 1, kind, str(pd.Timestamp(AS_OF) + pd.Timedelta(days=days[n % 20]))) for n, kind in enumerate(kinds)
    ]

    of_term, of_year = labelled_in_term(*chain), labelled(*chain)

    assert of_year.y[1] == 1 if of_term.y[1] == 1 else of_term.y[1] != 1


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["dropped_out", "graduated", "continued", "transferred"]), min_size=1, max_size=6),
    seed=st.integers(0, 2**31),
)
def test_the_order_of_outcomes_changes_no_label(kinds: list[str], seed: int) -> None:
    # Each outcome corrects the one before, and all became known on one day.
    chain = [
        outcome(n, 1, kind, corrects_id=n - 1 if n else np.nan, known_on="2025-03-01") for n, kind in enumerate(kinds)
    ]
    frame = rows("outcomes", *chain)

    shuffled = current_outcomes(frame.sample(frac=1.0, random_state=seed))

    assert shuffled["outcome_id"].tolist() == [len(kinds) - 1]
