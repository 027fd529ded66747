"""The dated features, counted by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from modeling.core.catalogue import BY_NAME, CATALOGUE
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.features import snapshot
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, CALI, DEVON, absences, district, rows


def seen(facts: FactFrames, *names: str, as_of: date = AS_OF) -> pd.DataFrame:
    return snapshot(facts, as_of=as_of, features=[BY_NAME[name] for name in names])


def expected(columns: dict[str, list[object]], students: tuple[int, ...] = (AMIR, BEA, CALI, DEVON)) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index(students, name="student_id"))


def test_absences_become_shares_of_the_sessions_on_the_roll() -> None:
    enrolments = rows(
        "enrolments",
        {"student_id": AMIR},
        {"student_id": BEA},
        {"student_id": CALI, "entered_on": "2025-09-22"},
        {"student_id": DEVON, "entered_on": "2025-09-27"},
    )
    attendance = rows(
        "attendance",
        *absences(AMIR, "09-24", "09-25", "09-26"),
        *absences(AMIR, "09-02", excused=False),
        *absences(CALI, "09-23"),
        {"student_id": BEA, "held_on": "2025-09-25", "category": "tardy"},
    )
    facts = district(enrolments=enrolments, attendance=attendance)

    frame = seen(facts, "absence_rate_10d", "absence_rate_30d", "unexcused_share_90d", "tardies_30d")

    # Devon enters tomorrow, so there is no row; Cali has had five sessions, not twenty.
    columns = {
        "absence_rate_10d": [0.3, 0.0, 0.2],
        "absence_rate_30d": [0.2, 0.0, 0.2],
        "unexcused_share_90d": [0.05, 0.0, 0.0],
        "tardies_30d": [0.0, 1.0, 0.0],
    }
    assert_frame_equal(frame, expected(columns, (AMIR, BEA, CALI)))


def test_of_a_day_half_excused_the_other_half_is_not() -> None:
    half = {"student_id": AMIR, "held_on": "2025-09-24", "excused": False, "n_excused": 0.5}

    frame = seen(district(attendance=rows("attendance", half)), "absence_rate_10d", "unexcused_share_90d")

    assert frame.loc[AMIR].tolist() == pytest.approx([1 / 10, 0.5 / 20])


def test_runs_of_absence_skip_weekends_and_end_with_the_day_back() -> None:
    attendance = rows(
        "attendance",
        *absences(AMIR, "09-05", "09-08", "09-09", "09-26"),
        *absences(BEA, "09-25", "09-26"),
        *absences(CALI, "09-01", "09-03"),
    )

    frame = seen(district(attendance=attendance), "longest_absence_run_90d", "days_since_last_present")

    columns = {"longest_absence_run_90d": [3.0, 2.0, 1.0, 0.0], "days_since_last_present": [1.0, 2.0, 0.0, 0.0]}
    assert_frame_equal(frame, expected(columns))


def test_trends_compare_a_shorter_with_a_longer_window() -> None:
    # Ten of the twenty sessions so far are the last ten.
    attendance = rows("attendance", *absences(AMIR, "09-24", "09-25"), *absences(BEA, "09-02"))

    frame = seen(district(attendance=attendance), "absence_trend_10d", "absence_trend")

    columns = {"absence_trend_10d": [0.1, -0.05, 0.0, 0.0], "absence_trend": [0.0, 0.0, 0.0, 0.0]}
    assert_frame_equal(frame, expected(columns))


def test_chronic_absence_is_a_tenth_from_ten_sessions_on() -> None:
    enrolments = rows(
        "enrolments",
        {"student_id": AMIR},
        {"student_id": BEA},
        {"student_id": CALI, "entered_on": "2025-09-24"},
    )
    attendance = rows(
        "attendance", *absences(AMIR, "09-24", "09-25"), *absences(BEA, "09-24"), *absences(CALI, "09-25")
    )

    frame = seen(district(enrolments=enrolments, attendance=attendance), "absence_rate_year", "chronic_absence")

    columns = {"absence_rate_year": [0.1, 0.05, round(1 / 3, 9)], "chronic_absence": [1.0, 0.0, np.nan]}
    assert_frame_equal(frame, expected(columns, (AMIR, BEA, CALI)))


def test_a_move_between_schools_neither_doubles_nor_loses_a_session() -> None:
    enrolments = rows(
        "enrolments",
        {"student_id": AMIR, "exited_on": "2025-09-15", "exit_known_on": "2025-09-15"},
        {"student_id": AMIR, "school_id": 2, "entered_on": "2025-09-12", "known_on": "2025-09-12"},
        {"student_id": BEA},
    )

    frame = seen(district(enrolments=enrolments), "days_enrolled", "school_moves_365d")

    assert_frame_equal(frame, expected({"days_enrolled": [20.0, 20.0], "school_moves_365d": [1.0, 0.0]}, (AMIR, BEA)))


def test_the_last_day_of_a_student_who_left_and_came_back_is_on_the_roll() -> None:
    # The first stay ends on the tenth session, the second begins on the last of twenty.
    enrolments = rows(
        "enrolments",
        {"student_id": AMIR, "exited_on": "2025-09-12", "exit_known_on": "2025-09-12"},
        {"student_id": AMIR, "entered_on": "2025-09-26", "known_on": "2025-09-26"},
    )

    frame = seen(district(enrolments=enrolments), "days_enrolled")

    assert frame.loc[AMIR, "days_enrolled"] == 11


def test_coursework_compares_the_latest_term_with_the_one_before() -> None:
    june, january, autumn = "2025-06-13", "2025-01-24", "2025-09-19"
    grades = rows(
        "grades",
        # The report card of term 1 came after term 2 had begun, and still belongs to term 1.
        {"student_id": AMIR, "awarded_on": january, "term": "1", "value": 90.0},
        {"student_id": AMIR, "awarded_on": june, "term": "2", "value": 70.0},
        {"student_id": AMIR, "awarded_on": june, "term": "2", "value": 50.0},
        {"student_id": BEA, "awarded_on": autumn, "value": 40.0, "core": False},
        {"student_id": CALI, "awarded_on": june, "term": "2", "value": 8.0, "scale_max": 10.0},
    )

    frame = seen(
        district(grades=grades), "course_average", "course_average_change", "lowest_course", "core_failures_term"
    )

    columns = {
        "course_average": [0.6, 0.4, 0.8, np.nan],
        "course_average_change": [-0.3, np.nan, np.nan, np.nan],
        "lowest_course": [0.5, 0.4, 0.8, np.nan],
        "core_failures_term": [1.0, np.nan, 0.0, np.nan],
    }
    assert_frame_equal(frame, expected(columns))


def test_credits_decide_a_failure_where_there_are_credits() -> None:
    def grade(student_id: int, *, value: float, earned: float, on: str = "2025-06-13", term: str = "2") -> dict:
        return {
            "student_id": student_id,
            "awarded_on": on,
            "term": term,
            "value": value,
            "credits_attempted": 0.5,
            "credits_earned": earned,
        }

    grades = rows(
        "grades",
        grade(AMIR, value=64.0, earned=0.0),
        grade(AMIR, value=64.0, earned=0.0, on="2025-01-17", term="1"),
        grade(BEA, value=55.0, earned=0.5),
    )

    frame = seen(
        district(grades=grades), "core_failures_term", "core_failures_year", "credits_behind", "credits_earned_share"
    )

    columns = {
        "core_failures_term": [1.0, 0.0, np.nan, np.nan],
        "core_failures_year": [2.0, 0.0, np.nan, np.nan],
        "credits_behind": [1.0, 0.0, np.nan, np.nan],
        "credits_earned_share": [0.0, 1.0, np.nan, np.nan],
    }
    assert_frame_equal(frame, expected(columns))


def test_incidents_and_help_are_counted_in_calendar_days() -> None:
    discipline = rows(
        "discipline",
        {"student_id": AMIR, "happened_on": "2025-08-28", "days_removed": 2.0},
        {"student_id": AMIR, "happened_on": "2025-08-27", "days_removed": 1.0},
        {"student_id": BEA, "happened_on": "2024-09-26", "days_removed": 5.0},
    )
    interventions = rows(
        "interventions",
        {"student_id": CALI, "started_on": "2025-09-20"},
        {"student_id": CALI, "started_on": "2025-01-10", "ended_on": "2025-03-01"},
    )

    frame = seen(
        district(discipline=discipline, interventions=interventions),
        *("incidents_30d", "incidents_365d", "days_removed_30d", "days_removed_90d", "days_removed_365d"),
        *("help_received_365d", "help_open"),
    )

    columns = {
        "incidents_30d": [1.0, 0.0, 0.0, 0.0],
        "incidents_365d": [2.0, 0.0, 0.0, 0.0],
        "days_removed_30d": [2.0, 0.0, 0.0, 0.0],
        "days_removed_90d": [3.0, 0.0, 0.0, 0.0],
        "days_removed_365d": [3.0, 0.0, 0.0, 0.0],
        "help_received_365d": [0.0, 0.0, 2.0, 0.0],
        "help_open": [0.0, 0.0, 1.0, 0.0],
    }
    assert_frame_equal(frame, expected(columns))


def test_enrolment_tells_age_lateness_and_a_repeated_grade() -> None:
    last_year = {"entered_on": "2024-09-02", "exited_on": "2025-06-13", "known_on": "2024-09-02"}
    enrolments = rows(
        "enrolments",
        {"student_id": AMIR, **last_year, "grade_level": "9"},
        {"student_id": AMIR, "grade_level": "9"},
        {"student_id": BEA, **last_year, "grade_level": "8"},
        {"student_id": BEA, "grade_level": "9"},
        {"student_id": CALI, "grade_level": "", "entered_on": "2025-09-15"},
    )
    students = rows(
        "students",
        {"student_id": AMIR, "birth_on": "2010-09-01"},
        {"student_id": BEA, "birth_on": "2010-09-02"},
        {"student_id": CALI, "birth_on": "2011-01-01"},
    )

    frame = seen(
        district(enrolments=enrolments, students=students),
        *("grade_level", "age_for_grade", "late_enrolment", "repeated_grade"),
    )

    # On 1 September Amir turns 15 that day, Bea the day after; 14 is usual for 9th grade.
    columns = {
        "grade_level": pd.Series(["9", "9", np.nan], dtype=object, index=[AMIR, BEA, CALI]),
        "age_for_grade": [1.0, 0.0, np.nan],
        "late_enrolment": [0.0, 0.0, 1.0],
        "repeated_grade": [1.0, 0.0, np.nan],
    }
    assert_frame_equal(frame, expected(columns, (AMIR, BEA, CALI)))


def test_without_a_calendar_counts_are_missing_not_zero() -> None:
    facts = district(school_days=rows("school_days"))

    frame = seen(facts, "absence_rate_30d", "tardies_30d", "incidents_365d", "days_enrolled", "late_enrolment")

    assert frame.isna().all(axis=None)


def test_a_kind_of_record_that_is_not_kept_is_missing_not_zero() -> None:
    facts = district(kept=frozenset({"attendance"}))

    frame = seen(facts, "absence_rate_30d", "incidents_365d", "help_open")

    assert frame["absence_rate_30d"].eq(0.0).all()
    assert frame[["incidents_365d", "help_open"]].isna().all(axis=None)


def test_who_has_left_is_not_in_the_snapshot_and_who_came_back_is() -> None:
    outcomes = rows(
        "outcomes",
        {"outcome_id": 1, "student_id": AMIR, "kind": "dropped_out", "happened_on": "2025-09-10"},
        {"outcome_id": 2, "student_id": BEA, "kind": "dropped_out", "happened_on": "2025-03-01"},
        {"outcome_id": 3, "student_id": CALI, "kind": "transferred", "happened_on": "2025-09-10"},
        {"outcome_id": 4, "corrects_id": 3, "student_id": CALI, "kind": "unknown", "happened_on": "2025-09-10"},
        {
            "outcome_id": 5,
            "student_id": DEVON,
            "kind": "died",
            "happened_on": "2025-09-10",
            "known_on": "2025-10-01",
        },
    )

    frame = seen(district(outcomes=outcomes), "days_enrolled")

    assert list(frame.index) == [BEA, CALI, DEVON]


def test_attributes_are_the_newest_known_and_typed_by_their_feature() -> None:
    attributes = rows(
        "attributes",
        {"student_id": AMIR, "name": "course", "value": "171", "known_on": "2025-09-01"},
        {"student_id": AMIR, "name": "course", "value": "33", "known_on": "2025-09-20"},
        {"student_id": AMIR, "name": "course", "value": "8014", "known_on": "2025-09-27"},
        {"student_id": BEA, "name": "admission_grade", "value": "127.3", "known_on": "2025-09-01"},
        {"student_id": BEA, "name": "debtor", "value": "1", "known_on": "2025-09-01"},
        {"student_id": CALI, "name": "debtor", "value": "no", "known_on": "2025-09-01"},
    )
    features = [
        Feature(name="course", kind="category", label="Course"),
        Feature(name="admission_grade", kind="number", label="Admission grade"),
        Feature(name="debtor", kind="flag", label="Owes fees"),
    ]

    frame = snapshot(district(attributes=attributes), as_of=AS_OF, features=features)

    columns = {
        "course": pd.Series(["33", np.nan, np.nan, np.nan], dtype=object, index=[AMIR, BEA, CALI, DEVON]),
        "admission_grade": [np.nan, 127.3, np.nan, np.nan],
        "debtor": [np.nan, 1.0, 0.0, np.nan],
    }
    assert_frame_equal(frame, expected(columns))


def test_an_attribute_of_the_wrong_kind_is_refused_by_name_and_value() -> None:
    attributes = rows(
        "attributes", {"student_id": AMIR, "name": "admission_grade", "value": "high", "known_on": "2025-09-01"}
    )
    feature = Feature(name="admission_grade", kind="number", label="Admission grade")

    with pytest.raises(ValueError, match="admission_grade is a number, but 1 students have 'high'"):
        snapshot(district(attributes=attributes), as_of=AS_OF, features=[feature])


def test_term_features_are_quantities_of_the_newest_record_of_their_term() -> None:
    term_features = rows(
        "term_features",
        {"name": "grade_1st", "term": "1", "quantity": "value"},
        {"name": "units_approved_2nd", "term": "2", "quantity": "credits_earned"},
        {"name": "absences", "term": "1", "quantity": "absences"},
    )
    first = {"student_id": AMIR, "awarded_on": "2025-09-05", "scale_max": 20.0}
    grades = rows(
        "grades",
        {**first, "value": 11.0},
        {**first, "value": 12.5, "known_on": "2025-09-20"},
        {**first, "value": 14.0, "known_on": "2025-10-01", "term": "2", "credits_earned": 6.0},
    )
    attendance = rows("attendance", {"student_id": BEA, "held_on": "2025-09-05", "n_sessions": 0.0})
    features = [Feature(name=name, kind="number", label=name) for name in term_features["name"]]

    facts = district(grades=grades, attendance=attendance, term_features=term_features)
    frame = snapshot(facts, as_of=AS_OF, features=features)

    columns = {
        "grade_1st": [12.5, np.nan, np.nan, np.nan],
        "units_approved_2nd": [np.nan] * 4,
        "absences": [np.nan, 0.0, np.nan, np.nan],
    }
    assert_frame_equal(frame, expected(columns))


def test_one_student_alone_has_the_same_features_as_among_all() -> None:
    attendance = rows("attendance", *absences(AMIR, "09-24"), *absences(BEA, "09-25", "09-26"))
    facts = district(attendance=attendance)

    alone = snapshot(facts.of_students([BEA]), as_of=AS_OF, features=CATALOGUE)

    assert_frame_equal(alone, snapshot(facts, as_of=AS_OF, features=CATALOGUE).loc[[BEA]])


def test_an_empty_institution_has_an_empty_snapshot() -> None:
    frame = snapshot(FactFrames(), as_of=AS_OF, features=CATALOGUE)

    assert frame.shape == (0, len(CATALOGUE))


def test_a_frame_without_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="The frame of students lacks birth_on, known_on"):
        FactFrames(students=pd.DataFrame({"student_id": [1]}))
