"""What must hold for any facts: the future moves no feature, and neither does the order of rows."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from modeling.core.catalogue import CATALOGUE
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.features import snapshot
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, CALI, DEVON, SCHOOL_DAYS, absences, district, rows

QUICK = settings(max_examples=25, deadline=None)
FEATURES = (
    *CATALOGUE,
    Feature(name="course", kind="category", label="Course"),
    Feature(name="grade_1st", kind="number", label="Grade, 1st term"),
)
students = st.sampled_from([AMIR, BEA, CALI, DEVON])
any_day = st.dates(date(2024, 9, 1), date(2026, 6, 30))
later = st.dates(AS_OF + timedelta(days=1), date(2027, 6, 30))


@functools.cache
def a_term_of_facts() -> FactFrames:
    """Return the same frames to every test: they are read, and changed only as copies."""
    return district(
        attendance=rows(
            "attendance",
            *absences(AMIR, "09-02", "09-03", "09-26"),
            *absences(BEA, "09-25", excused=False),
            {"student_id": CALI, "held_on": "2025-09-04", "category": "tardy"},
        ),
        grades=rows(
            "grades",
            *(
                {"student_id": who, "awarded_on": on, "term": term, "value": value}
                for who, on, term, value in (
                    (AMIR, "2025-01-17", "1", 71.3),
                    (AMIR, "2025-06-13", "2", 54.1),
                    (AMIR, "2025-06-13", "2", 61.7),
                    (BEA, "2025-06-13", "2", 88.9),
                )
            ),
            {"student_id": CALI, "awarded_on": "2025-09-19", "value": 66.0}
            | {"credits_attempted": 0.5, "credits_earned": 0.5},
        ),
        discipline=rows("discipline", {"student_id": BEA, "happened_on": "2025-09-10", "days_removed": 1.0}),
        interventions=rows("interventions", {"student_id": AMIR, "started_on": "2025-09-20", "ended_on": "2025-09-25"}),
        attributes=rows(
            "attributes",
            {"student_id": AMIR, "name": "course", "value": "171", "known_on": "2025-09-01"},
            {"student_id": AMIR, "name": "course", "value": "33", "known_on": "2025-09-01"},
        ),
        term_features=rows("term_features", {"name": "grade_1st", "term": "1", "quantity": "value"}),
    )


@st.composite
def late_facts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a fact of any kind and date that became known only after the snapshot."""
    frame = draw(
        st.sampled_from(
            ["students", "enrolments", "attendance", "grades", "discipline", "interventions", "outcomes", "attributes"]
        )
    )
    happened = str(draw(any_day))
    fields: dict[str, dict[str, Any]] = {
        "students": {"birth_on": "2005-01-01"},
        "enrolments": {"entered_on": happened, "school_id": 9, "grade_level": "12"},
        "attendance": {"held_on": happened, "excused": False, "category": draw(st.sampled_from(["absent", "tardy"]))},
        "grades": {"awarded_on": happened, "term": draw(st.sampled_from(["1", "2"])), "value": 3.0}
        | {"credits_attempted": 1.0, "credits_earned": 0.0},
        "discipline": {"happened_on": happened, "days_removed": 9.0},
        "interventions": {"started_on": happened},
        "outcomes": {"outcome_id": 99, "happened_on": happened, "kind": "dropped_out"},
        "attributes": {"name": "course", "value": "9999"},
    }
    return frame, {"student_id": draw(students), "known_on": str(draw(later)), **fields[frame]}


def test_the_district_has_something_to_move_in_every_feature() -> None:
    frame = snapshot(a_term_of_facts(), as_of=AS_OF, features=CATALOGUE)

    # Without a stay in the year before nobody can have repeated a grade, nor missed anything then.
    assert set(frame.columns[frame.isna().all()]) <= {"repeated_grade", "absence_rate_last_year"}


@QUICK
@given(planted=late_facts())
def test_a_fact_known_later_moves_no_feature(planted: tuple[str, dict[str, Any]]) -> None:
    frame, fact = planted
    facts = a_term_of_facts()
    before = snapshot(facts, as_of=AS_OF, features=FEATURES)

    with_future = replace(facts, **{frame: pd.concat([rows(frame, fact), getattr(facts, frame)], ignore_index=True)})

    assert_frame_equal(snapshot(with_future, as_of=AS_OF, features=FEATURES), before, check_exact=True)


@QUICK
@given(student_id=students, exited_on=any_day, known_on=later)
def test_an_exit_known_later_leaves_the_student_on_the_roll(student_id: int, exited_on: date, known_on: date) -> None:
    facts = a_term_of_facts()
    before = snapshot(facts, as_of=AS_OF, features=FEATURES)
    leaving = facts.enrolments["student_id"] == student_id
    exits = facts.enrolments.assign(
        exited_on=facts.enrolments["exited_on"].mask(leaving, pd.Timestamp(exited_on)),
        exit_known_on=facts.enrolments["exit_known_on"].mask(leaving, pd.Timestamp(known_on)),
        exit_reason=facts.enrolments["exit_reason"].mask(leaving, "Dropout"),
    )

    after = snapshot(replace(facts, enrolments=exits), as_of=AS_OF, features=FEATURES)

    assert_frame_equal(after, before, check_exact=True)


@QUICK
@given(who=students, started_on=st.dates(date(2025, 9, 1), AS_OF), ended_on=later)
def test_an_end_of_help_after_the_snapshot_moves_no_feature(who: int, started_on: date, ended_on: date) -> None:
    facts = a_term_of_facts()
    running = {"student_id": who, "started_on": str(started_on)}
    ended = rows("interventions", running | {"ended_on": str(ended_on)})

    before, after = (
        snapshot(replace(facts, interventions=pd.concat([facts.interventions, more])), as_of=AS_OF, features=FEATURES)
        for more in (rows("interventions", running), ended)
    )

    assert_frame_equal(after, before, check_exact=True)


@QUICK
@given(last_day=st.sampled_from(list(SCHOOL_DAYS[10:])), days_held_later=st.integers(1, 60))
def test_school_days_after_the_snapshot_move_no_feature(last_day: pd.Timestamp, days_held_later: int) -> None:
    facts = a_term_of_facts()
    until_then = facts.school_days.loc[facts.school_days["held_on"] <= last_day]
    further = pd.DataFrame({"held_on": pd.bdate_range(last_day + timedelta(days=1), periods=days_held_later)})
    longer = pd.concat([until_then, further.astype(until_then.dtypes.to_dict())], ignore_index=True)

    short = snapshot(replace(facts, school_days=until_then), as_of=last_day.date(), features=FEATURES)
    long = snapshot(replace(facts, school_days=longer), as_of=last_day.date(), features=FEATURES)

    assert_frame_equal(long, short, check_exact=True)


@QUICK
@given(seed=st.integers(0, 2**31))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    facts = a_term_of_facts()
    names = [
        "students",
        "enrolments",
        "attendance",
        "grades",
        "discipline",
        "interventions",
        "attributes",
        "school_days",
    ]
    shuffled = {name: getattr(facts, name).sample(frac=1.0, random_state=seed) for name in names}

    frame = snapshot(replace(facts, **shuffled), as_of=AS_OF, features=FEATURES)

    assert_frame_equal(frame, snapshot(facts, as_of=AS_OF, features=FEATURES), check_exact=True)


@QUICK
@given(
    dates=st.lists(st.tuples(students, st.sampled_from(list(SCHOOL_DAYS)), st.floats(0.1, 3.0)), max_size=30),
)
def test_features_stay_within_the_bounds_of_the_catalogue(dates: list[tuple[int, pd.Timestamp, float]]) -> None:
    attendance = rows(
        "attendance", *({"student_id": who, "held_on": str(day.date()), "n_sessions": n} for who, day, n in dates)
    )

    frame = snapshot(district(attendance=attendance), as_of=AS_OF, features=CATALOGUE)

    for feature in CATALOGUE:
        if feature.kind != "category":
            assert frame[feature.name].dropna().between(feature.low, feature.high).all(), feature.name
