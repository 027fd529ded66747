"""However the records come, the features are the same to the last bit: whole, in parts, as texts or as categories."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from modeling.core.catalogue import BY_NAME, CATALOGUE
from modeling.core.facts_frames import COLUMNS, RECORDS, FactFrames, InParts
from modeling.core.feature import Feature
from modeling.core.features import snapshot
from tests.modeling.core import random_district

DAYS = (date(2025, 2, 14), date(2025, 7, 10), date(2026, 1, 30))
# Of the features of the first release, as that release computed them, but for one thing: there the roll ended the day
# before a student's last day at the school. It knew no returns; where nobody comes back nothing has changed.
FIRST_RELEASE = (
    *(f"absence_rate_{window}" for window in ("10d", "30d", "90d", "last_year", "year")),
    *("absence_trend", "age_for_grade", "chronic_absence", "core_failures_term", "core_failures_year"),
    *("course_average", "course_average_change", "credits_behind", "credits_earned_share", "days_enrolled"),
    *("days_removed_365d", "days_since_last_present", "grade_level", "help_open", "help_received_365d"),
    *("incidents_30d", "incidents_365d", "incidents_90d", "late_enrolment", "longest_absence_run_90d"),
    *("lowest_course", "repeated_grade", "school_moves_365d", "tardies_30d", "unexcused_share_90d"),
)
DIGEST = "c5dc1d7d64de824f707612372d2b45b1068d2ab4788f738c105cf0faa227b12a"


def snapshots(facts: FactFrames, *, wanted: tuple[Feature, ...] = CATALOGUE) -> pd.DataFrame:
    return pd.concat([snapshot(facts, as_of=day, features=wanted) for day in DAYS], keys=DAYS)


def in_parts(facts: FactFrames, n_rows: int) -> FactFrames:
    """Return the same facts with the records cut into parts of so many rows."""

    def cut(frame: pd.DataFrame) -> Callable[[], list[pd.DataFrame]]:
        return lambda: [frame.iloc[start : start + n_rows] for start in range(0, len(frame), n_rows)]

    return replace(facts, **{name: InParts(read=cut(getattr(facts, name))) for name in RECORDS})


def as_categories(facts: FactFrames) -> FactFrames:
    texts = {"attendance": {"category": "category"}, "grades": {"term": "category"}}
    return replace(facts, **{name: getattr(facts, name).astype(columns) for name, columns in texts.items()})


def test_the_features_of_the_first_release_are_the_same_to_the_last_bit() -> None:
    wanted = [BY_NAME[name] for name in FIRST_RELEASE]
    facts, digest = random_district.facts(), hashlib.sha256()
    # Who moved to another school is off the roll like who left, and no entry after it is a return.
    moved = facts.outcomes.assign(kind=facts.outcomes["kind"].replace("dropped_out", "transferred"))

    for day in DAYS:
        digest.update(snapshot(replace(facts, outcomes=moved), as_of=day, features=wanted).to_csv().encode())

    assert digest.hexdigest() == DIGEST


def test_where_somebody_came_back_only_their_features_are_others() -> None:
    facts = random_district.facts()
    moved = facts.outcomes.assign(kind=facts.outcomes["kind"].replace("dropped_out", "transferred"))

    seen, never_left = snapshots(facts), snapshots(replace(facts, outcomes=moved))

    differs = ((seen != never_left) & (seen.notna() | never_left.notna())).any(axis=1)
    left = set(facts.outcomes.loc[facts.outcomes["kind"] == "dropped_out", "student_id"])
    concerned = set(seen.index.get_level_values("student_id")[differs])
    assert len(concerned) >= 3
    assert concerned <= left


@pytest.mark.parametrize("n_rows", [1_000, 97])
def test_records_in_parts_give_the_same_features(n_rows: int) -> None:
    facts = random_district.facts()

    assert_frame_equal(snapshots(in_parts(facts, n_rows)), snapshots(facts), check_exact=True)


def test_texts_may_be_categories() -> None:
    facts = random_district.facts()

    assert_frame_equal(snapshots(as_categories(facts)), snapshots(facts), check_exact=True)


def test_numbers_of_students_may_lie_far_apart() -> None:
    facts = random_district.facts()
    apart = {
        name: (frame := getattr(facts, name)).assign(student_id=frame["student_id"] * 10**12)
        for name in COLUMNS
        if "student_id" in COLUMNS[name]
    }

    spread = snapshots(replace(facts, **apart))

    assert_frame_equal(spread.reset_index(drop=True), snapshots(facts).reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("day", DAYS)
def test_one_student_out_of_parts_has_the_features_they_have_among_all(day: date) -> None:
    facts = in_parts(random_district.facts(), 500)
    everybody = snapshot(facts, as_of=day, features=CATALOGUE)
    some = everybody.index[[0, 17]].tolist()

    alone = snapshot(facts.of_students(some), as_of=day, features=CATALOGUE)

    assert_frame_equal(alone, everybody.loc[some], check_exact=True)


def test_whoever_asks_for_the_frame_of_parts_gets_the_whole() -> None:
    facts = random_district.facts()

    whole = in_parts(facts, 100)

    for of_parts, of_frames in ((whole, facts), (whole.known_by(DAYS[0]), facts.known_by(DAYS[0]))):
        for name in RECORDS:
            assert_frame_equal(getattr(of_parts, name), getattr(of_frames, name).reset_index(drop=True))


def test_no_part_at_all_is_an_empty_frame() -> None:
    facts = replace(random_district.facts(), **{name: InParts(read=list) for name in RECORDS})
    without: dict[str, Any] = dict.fromkeys(RECORDS)

    assert facts.attendance.empty
    assert_frame_equal(snapshots(facts), snapshots(replace(facts, **without)), check_exact=True)


def test_a_part_without_its_columns_is_refused() -> None:
    facts = FactFrames(grades=InParts(read=lambda: [pd.DataFrame({"student_id": [1]})]))

    with pytest.raises(ValueError, match="The frame of grades lacks awarded_on"):
        snapshot(facts, as_of=DAYS[0], features=CATALOGUE)
