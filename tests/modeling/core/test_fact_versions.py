"""A fact that a later file replaced: each day sees the version that was believed then, and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from modeling.core.catalogue import CATALOGUE
from modeling.core.facts_frames import VERSIONED, FactFrames
from modeling.core.features import snapshot
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, absences, district, rows
from tests.modeling.core.test_features_as_of import FEATURES, a_term_of_facts

QUICK = settings(max_examples=40, deadline=None)
MONDAY, TUESDAY = "2025-09-22", "2025-09-23"

# What a correction may say of each kind of record.
CORRECTED: dict[str, dict[str, Any]] = {
    "enrolments": {"grade_level": "11", "school_id": 7, "entered_on": "2024-09-02"},
    "attendance": {"n_sessions": 5.0, "excused": False, "category": "tardy"},
    "grades": {"value": 2.0, "term": "1", "core": False},
    "discipline": {"days_removed": 9.0},
    "interventions": {"started_on": "2025-01-13"},
    "attributes": {"value": "9999"},
}


@st.composite
def later_corrections(draw: st.DrawFn) -> tuple[str, int, date, dict[str, Any] | None]:
    """Return a kind of record, one of its rows, the day it was replaced on, and what holds since, or None."""
    name = draw(st.sampled_from(sorted(CORRECTED)))
    n_rows = len(getattr(a_term_of_facts(), name))
    replaced_on = draw(st.dates(AS_OF + timedelta(days=1), date(2027, 6, 30)))
    said = draw(st.sets(st.sampled_from(sorted(CORRECTED[name]))))
    corrected = {column: CORRECTED[name][column] for column in said}
    return name, draw(st.integers(0, n_rows - 1)), replaced_on, draw(st.sampled_from([corrected, None]))


def with_correction(
    facts: FactFrames, name: str, at: int, replaced_on: date, corrected: dict[str, Any] | None
) -> FactFrames:
    """Return the facts after a file replaced one of them, as the importer writes it down."""
    frame = getattr(facts, name).reset_index(drop=True)
    day = pd.Timestamp(replaced_on)
    if corrected is not None:
        typed = {
            column: pd.Timestamp(value) if column.endswith("_on") else value for column, value in corrected.items()
        }
        successor = frame.iloc[[at]].assign(known_on=day, **typed).astype(frame.dtypes.to_dict())
        frame = pd.concat([frame, successor], ignore_index=True)
    frame.loc[at, "replaced_on"] = day
    return replace(facts, **{name: frame})


@QUICK
@given(correction=later_corrections())
def test_a_later_correction_moves_no_earlier_features(
    correction: tuple[str, int, date, dict[str, Any] | None],
) -> None:
    facts = a_term_of_facts()
    before = snapshot(facts, as_of=AS_OF, features=FEATURES)

    after = snapshot(with_correction(facts, *correction), as_of=AS_OF, features=FEATURES)

    assert_frame_equal(after, before, check_exact=True)


@QUICK
@given(correction=later_corrections())
def test_from_the_day_of_a_correction_only_the_new_version_counts(
    correction: tuple[str, int, date, dict[str, Any] | None],
) -> None:
    name, at, replaced_on, _corrected = correction
    corrected = with_correction(a_term_of_facts(), *correction)
    # The same facts from a source that never knew the old version.
    never_wrong = replace(corrected, **{name: getattr(corrected, name).drop(index=at)})

    seen = snapshot(corrected, as_of=replaced_on, features=CATALOGUE)

    assert_frame_equal(seen, snapshot(never_wrong, as_of=replaced_on, features=CATALOGUE), check_exact=True)


@pytest.mark.parametrize(("as_of", "n_absences"), [("2025-09-22", 1), ("2025-09-23", 1), ("2025-09-24", 0)])
def test_an_absence_taken_back_counts_until_the_day_before(as_of: str, n_absences: int) -> None:
    attendance = rows("attendance", *absences(AMIR, "09-22", replaced_on="2025-09-24"))

    known = district(attendance=attendance).known_by(date.fromisoformat(as_of))

    assert len(known.attendance) == n_absences


def test_a_stay_that_a_file_closed_afterwards_was_open_before() -> None:
    stays = rows(
        "enrolments",
        {"student_id": AMIR, "replaced_on": MONDAY},
        {"student_id": AMIR, "exited_on": "2025-09-19", "exit_known_on": MONDAY, "known_on": MONDAY},
        {"student_id": BEA},
    )
    facts = district(enrolments=stays)

    on_roll = {
        day: list(snapshot(facts, as_of=date.fromisoformat(day), features=()).index) for day in ("2025-09-21", MONDAY)
    }

    assert on_roll == {"2025-09-21": [AMIR, BEA], MONDAY: [BEA]}


def test_frames_without_versions_were_never_replaced() -> None:
    facts = district(attendance=rows("attendance", *absences(AMIR, "09-22")))

    assert all(getattr(facts, name)["replaced_on"].isna().all() for name in VERSIONED)
    assert str(facts.attendance["replaced_on"].dtype) == "datetime64[s]"
