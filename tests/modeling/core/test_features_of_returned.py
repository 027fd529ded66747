"""Who left before finishing and came back: since the return a new history, as far as it was known by the day."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from modeling.core.catalogue import ATTENDANCE, CATALOGUE, CONDUCT, COURSEWORK, ENROLMENT, HELP, PROGRESS
from modeling.core.facts_frames import RECORDS, FactFrames
from modeling.core.feature import Feature
from modeling.core.features import snapshot
from modeling.core.too_little_known import too_few_days
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, absences, district, rows

# School began on 1 September; Amir left on the 9th, his seventh school day, and came back on the 16th.
LEFT, BACK = "2025-09-09", "2025-09-16"
BEFORE, AWAY, AFTER = date(2025, 9, 8), date(2025, 9, 12), AS_OF
FIRST_STAY = {"exited_on": LEFT, "exit_known_on": LEFT}
LIFELONG = {feature.name for feature in (*ENROLMENT, *HELP)} - {"days_enrolled"}
SINCE_RETURN = [feature.name for feature in CATALOGUE if feature.name not in LIFELONG]
Row = dict[str, Any]


def left(happened_on: str = LEFT, **more: Any) -> Row:
    return {"outcome_id": 1, "student_id": AMIR, "kind": "dropped_out", "happened_on": happened_on} | more


def stays(*of_amir: Row) -> pd.DataFrame:
    known = [{"known_on": stay.get("entered_on", "2025-09-01")} | stay for stay in of_amir]
    return rows("enrolments", *({"student_id": AMIR} | stay for stay in known), {"student_id": BEA})


RETURNED = stays(FIRST_STAY, {"entered_on": BACK})


def records(of: int = AMIR) -> dict[str, pd.DataFrame]:
    """Return records of the time before: absences, lateness, grades without credit, an incident."""
    late = {"student_id": of, "held_on": "2025-09-05", "category": "tardy"}
    grade = {"student_id": of, "credits_attempted": 1.0, "credits_earned": 0.0}
    return {
        "attendance": rows("attendance", *absences(of, "09-02", "09-03", "09-04", excused=False), late),
        "grades": rows(
            "grades",
            grade | {"awarded_on": "2025-06-13", "term": "2", "value": 61.0},
            grade | {"awarded_on": "2025-09-05", "value": 20.0},
        ),
        "discipline": rows("discipline", {"student_id": of, "happened_on": "2025-09-04", "days_removed": 2.0}),
        "interventions": rows("interventions", {"student_id": of, "started_on": "2025-09-04"}),
    }


def amir(facts: FactFrames, *, as_of: date = AFTER) -> pd.Series:
    return snapshot(facts, as_of=as_of, features=CATALOGUE).xs(AMIR)


def came_back(*outcomes: Row, **frames: pd.DataFrame | None) -> FactFrames:
    given: dict[str, Any] = {"enrolments": RETURNED, "outcomes": rows("outcomes", *outcomes), **records()} | frames
    return district(**given)


def with_more(name: str, *more: Row) -> dict[str, pd.DataFrame]:
    return {name: pd.concat([records()[name], rows(name, *more)], ignore_index=True)}


def test_since_the_return_nothing_of_the_time_before_counts() -> None:
    none: dict[str, None] = dict.fromkeys(RECORDS)
    without = came_back(left(), **none)

    # Had there been no leaving, each kind of record would have counted.
    assert amir(came_back())[["absence_rate_year", "credits_behind", "incidents_30d"]].tolist() == [3 / 16, 2.0, 1.0]
    assert_frame_equal(
        snapshot(came_back(left()), as_of=AFTER, features=CATALOGUE),
        snapshot(without, as_of=AFTER, features=CATALOGUE),
        check_exact=True,
    )


def test_before_leaving_everything_counts_whatever_comes_later() -> None:
    stayed = district(enrolments=stays({}), **records())

    assert_frame_equal(
        snapshot(came_back(left()), as_of=BEFORE, features=CATALOGUE),
        snapshot(stayed, as_of=BEFORE, features=CATALOGUE),
        check_exact=True,
    )
    assert amir(stayed, as_of=BEFORE)["absence_rate_year"] == 0.5


def test_between_leaving_and_the_return_there_are_no_features() -> None:
    assert list(snapshot(came_back(left()), as_of=AWAY, features=CATALOGUE).index) == [BEA]


def test_what_happened_since_the_return_counts_of_the_days_since() -> None:
    since = {
        **with_more("attendance", *absences(AMIR, "09-16", "09-26")),
        **with_more("discipline", {"student_id": AMIR, "happened_on": BACK}),
        **with_more("grades", {"student_id": AMIR, "awarded_on": BACK, "value": 80.0}),
    }

    seen = amir(came_back(left(), **since))

    # The 16th to the 26th are nine school days.
    assert seen[["days_enrolled", "absence_rate_year", "absence_rate_30d"]].tolist() == [9.0, 0.222222222, 0.222222222]
    assert seen[["longest_absence_run_90d", "days_since_last_present", "unexcused_share_90d"]].tolist() == [1, 1, 0]
    assert seen[["incidents_365d", "days_removed_365d", "course_average"]].tolist() == [1, 0, 0.8]
    assert seen[["credits_behind", "course_average_change", "chronic_absence"]].isna().all()


def test_enrolment_and_help_are_of_the_whole_time_here() -> None:
    names = sorted(LIFELONG)

    seen, never_left = amir(came_back(left()))[names], amir(came_back())[names]

    pd.testing.assert_series_equal(seen, never_left, check_exact=True)
    # In the first week he was here, whatever came after.
    assert seen[["late_enrolment", "help_received_365d", "help_open"]].tolist() == [0.0, 1.0, 1.0]


def test_records_of_the_time_before_that_come_late_count_no_more_than_others() -> None:
    late = {"known_on": "2025-09-22"}
    given = {name: frame.assign(known_on=pd.Timestamp("2025-09-22")) for name, frame in records().items()}

    seen = amir(came_back(left(), **given))

    pd.testing.assert_series_equal(seen[SINCE_RETURN], amir(came_back(left()))[SINCE_RETURN], check_exact=True)
    since = with_more("attendance", *absences(AMIR, "09-17", **late))
    assert amir(came_back(left(), **since))["absence_rate_year"] == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("term", "average"),
    [
        # The second term of the year before was over; the first one of this year goes on.
        ("2", np.nan),
        ("1", 0.2),
        # Of a term that no calendar holds only the day of the grade is known.
        ("Summer", 0.2),
    ],
)
def test_a_report_card_of_a_term_before_the_return_that_comes_late_does_not_count(term: str, average: float) -> None:
    grade = {"student_id": AMIR, "awarded_on": BACK, "term": term, "value": 20.0}

    seen = amir(came_back(left(), **with_more("grades", grade)))["course_average"]

    np.testing.assert_equal(seen, average)


@pytest.mark.parametrize(("ends_on", "average"), [("2025-09-15", np.nan), (BACK, 0.2)])
def test_a_term_is_over_from_the_day_after_its_last(ends_on: str, average: float) -> None:
    intro = {"school_year": 2026, "term": "Intro", "starts_on": "2025-09-01", "ends_on": ends_on}
    # A whole year that began on the same day is another term.
    terms = rows("terms", intro, intro | {"term": "Year", "ends_on": "2026-06-12"})
    grade = {"student_id": AMIR, "awarded_on": "2025-09-19", "term": "Intro", "value": 20.0}

    seen = amir(came_back(left(), terms=terms, **with_more("grades", grade)))["course_average"]

    np.testing.assert_equal(seen, average)


@pytest.mark.parametrize(("known_on", "missed"), [("2025-09-26", 0.0), ("2025-09-27", 3 / 16)])
def test_a_leaving_that_became_known_later_is_none_yet(known_on: str, missed: float) -> None:
    assert amir(came_back(left(known_on=known_on)))["absence_rate_year"] == missed


def test_a_return_that_became_known_later_is_none_yet() -> None:
    # Of the stay that began after the leaving nobody had heard.
    known_late = stays(FIRST_STAY, {"entered_on": BACK, "known_on": "2025-09-29"})
    facts = came_back(left(), enrolments=known_late)

    assert AMIR not in snapshot(facts, as_of=AFTER, features=CATALOGUE).index
    assert amir(facts, as_of=date(2025, 9, 29))["absence_rate_year"] == 0.0


def test_an_entry_dated_back_moves_the_return_from_the_day_it_was_said() -> None:
    twice = stays(
        FIRST_STAY,
        {"entered_on": "2025-09-22", "replaced_on": "2025-09-25"},
        {"entered_on": BACK, "known_on": "2025-09-25"},
    )
    facts = came_back(left(), enrolments=twice)

    seen = [amir(facts, as_of=day)["days_enrolled"] for day in (date(2025, 9, 24), date(2025, 9, 25))]

    assert seen == [3.0, 8.0]


def test_of_two_returns_the_last_one_begins_the_history() -> None:
    twice = stays(
        FIRST_STAY,
        {"entered_on": BACK, "exited_on": "2025-09-19", "exit_known_on": "2025-09-19"},
        {"entered_on": "2025-09-23"},
    )
    missed = with_more("attendance", *absences(AMIR, "09-17", "09-24"))
    facts = came_back(left(), left("2025-09-19", outcome_id=2), enrolments=twice, **missed)

    seen = {day: amir(facts, as_of=date.fromisoformat(f"2025-09-{day}")) for day in (18, 26)}

    assert seen[18][["days_enrolled", "absence_rate_year"]].tolist() == [3.0, 0.333333333]
    assert seen[26][["days_enrolled", "absence_rate_year"]].tolist() == [4.0, 0.25]


def test_a_second_stay_since_the_return_begins_no_other_history() -> None:
    moved = stays(
        FIRST_STAY,
        {"entered_on": BACK, "exited_on": "2025-09-19", "exit_known_on": "2025-09-19"},
        {"entered_on": "2025-09-22", "school_id": 2},
    )

    seen = amir(came_back(left(), enrolments=moved, **with_more("attendance", *absences(AMIR, "09-17"))))

    assert seen[["days_enrolled", "absence_rate_year", "school_moves_365d"]].tolist() == [9.0, 0.111111111, 1.0]


# What else may be said of Amir.
NO_RETURN: dict[str, list[Row]] = {
    "he moved to another school and came back": [left(kind="transferred")],
    "nothing was said when he changed schools": [],
    "the year was said to go on": [left(kind="continued")],
    "corrected to a move": [left(), left(outcome_id=2, corrects_id=1, kind="transferred")],
    "corrected to not known, as a file taken back is": [left(), left(outcome_id=2, corrects_id=1, kind="unknown")],
    "said since, and before he came back, to have moved": [
        left(),
        left(outcome_id=2, kind="transferred", happened_on="2025-09-10"),
    ],
    "he left only after he had come back": [left("2025-09-30", known_on="2025-09-30")],
}


@pytest.mark.parametrize("said", NO_RETURN.values(), ids=NO_RETURN.keys())
def test_no_return_without_a_standing_leaving_before_it(said: list[Row]) -> None:
    pd.testing.assert_series_equal(amir(came_back(*said)), amir(came_back()), check_exact=True)


def test_a_correction_counts_from_the_day_it_was_known() -> None:
    corrected = left(outcome_id=2, corrects_id=1, kind="transferred", known_on="2025-09-24")
    facts = came_back(left(), corrected)

    seen = [amir(facts, as_of=day)["absence_rate_year"] for day in (date(2025, 9, 23), date(2025, 9, 24))]

    assert seen == [0.0, pytest.approx(3 / 14)]


def test_a_move_corrected_to_a_leaving_is_a_return() -> None:
    said = left(kind="transferred"), left(outcome_id=2, corrects_id=1)

    pd.testing.assert_series_equal(amir(came_back(*said)), amir(came_back(left())), check_exact=True)


def test_a_plain_new_year_is_no_return() -> None:
    last_year = {"entered_on": "2024-09-02", "exited_on": "2025-06-13", "exit_known_on": "2025-06-13"}
    stayed = {"outcome_id": 1, "student_id": AMIR, "kind": "continued", "happened_on": "2025-06-13"}
    new_year = stays(last_year, {"entered_on": "2025-09-01", "grade_level": "10"})

    seen = amir(came_back(stayed, enrolments=new_year))

    assert seen[["credits_behind", "incidents_365d", "days_enrolled"]].tolist() == [2.0, 1.0, 20.0]


def test_the_leaving_of_another_student_is_not_ones_own() -> None:
    of_bea = left("2025-08-20", student_id=BEA)

    pd.testing.assert_series_equal(amir(came_back(of_bea)), amir(came_back()), check_exact=True)


def test_who_is_freshly_back_is_too_little_known_until_there_are_days_enough() -> None:
    facts = {"returned": came_back(left()), "moved": came_back(left(kind="transferred"))}

    few = {
        name: too_few_days(snapshot(known, as_of=AFTER, features=CATALOGUE), minimum_sessions=10)[0]
        for name, known in facts.items()
    }
    with_grade = came_back(left(), **with_more("grades", {"student_id": AMIR, "awarded_on": BACK, "value": 80.0}))
    known_again = too_few_days(snapshot(with_grade, as_of=AFTER, features=CATALOGUE), minimum_sessions=10)[0]

    assert few == {"returned": True, "moved": False}
    assert not known_again
    assert not too_few_days(snapshot(facts["returned"], as_of=AFTER, features=CATALOGUE), minimum_sessions=9)[0]


def test_features_by_term_count_since_the_return_too() -> None:
    by_term = [
        {"name": "grade_1st", "term": "1", "quantity": "value"},
        {"name": "absences", "term": "", "quantity": "absences"},
    ]
    wanted = [Feature(name=fields["name"], kind="number", label="") for fields in by_term]
    more = {"term_features": rows("term_features", *by_term)}

    stayed, seen = (
        snapshot(facts, as_of=AFTER, features=wanted).xs(AMIR).tolist()
        for facts in (came_back(**more), came_back(left(), **more))
    )

    assert stayed == [20.0, 3.0]
    assert np.isnan(seen).all()


def test_every_feature_is_either_of_the_whole_time_or_since_the_return() -> None:
    families = (*ATTENDANCE, *COURSEWORK, *PROGRESS, *CONDUCT)

    assert {feature.name for feature in families} | {"days_enrolled"} == set(SINCE_RETURN)
