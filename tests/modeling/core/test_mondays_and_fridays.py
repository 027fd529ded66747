"""Mondays and Fridays missed, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from modeling.core.catalogue import BY_NAME
from modeling.core.facts_frames import COLUMNS, FactFrames
from modeling.core.features import snapshot
from predictions import wording
from tests.modeling.core.small_district import AMIR, AS_OF, BEA, CALI, DEVON, absences, district, rows

# Monday 1 to Friday 26 September 2025: four Mondays and four Fridays.
FEATURE = BY_NAME["monday_friday_absence_rate_90d"]


def seen(facts: FactFrames, *, as_of: date = AS_OF) -> dict[int, float]:
    return snapshot(facts, as_of=as_of, features=[FEATURE])[FEATURE.name].to_dict()


def missed(*attendance: dict[str, Any], **frames: Any) -> dict[int, float]:
    return seen(district(attendance=rows("attendance", *attendance), **frames))


def school_days(*held_on: Any) -> pd.DataFrame:
    return pd.DataFrame({"held_on": held_on}).astype(COLUMNS["school_days"])


def test_only_mondays_and_fridays_count_and_part_of_a_day_as_that_part() -> None:
    found = missed(
        *absences(AMIR, "09-05", "09-08", "09-09", "09-10"),
        *absences(BEA, "09-23", "09-24", "09-25"),
        *absences(CALI, "09-26", n_sessions=0.5),
    )

    assert found == {AMIR: 2 / 8, BEA: 0.0, CALI: 0.5 / 8, DEVON: 0.0}


def test_who_came_later_missed_some_of_those_since() -> None:
    late = rows("enrolments", {"student_id": AMIR, "entered_on": "2025-09-16"}, {"student_id": BEA})

    assert missed(*absences(AMIR, "09-19"), enrolments=late) == {AMIR: round(1 / 3, 9), BEA: 0.0}


def test_who_was_here_on_no_monday_and_no_friday_has_no_share() -> None:
    facts = district(attendance=rows("attendance", *absences(AMIR, "09-03")))
    tuesday = rows("enrolments", {"student_id": AMIR, "entered_on": "2025-09-02"})

    found = seen(district(attendance=facts.attendance, enrolments=tuesday), as_of=date(2025, 9, 4))

    assert np.isnan(found[AMIR])
    assert found.keys() == {AMIR}


def test_who_came_back_is_counted_since_the_return() -> None:
    stays = rows(
        "enrolments",
        {"student_id": AMIR, "exited_on": "2025-09-09", "exit_known_on": "2025-09-09"},
        {"student_id": AMIR, "entered_on": "2025-09-16", "known_on": "2025-09-16"},
    )
    left = {"outcome_id": 1, "student_id": AMIR, "kind": "dropped_out", "happened_on": "2025-09-09"}

    found = missed(*absences(AMIR, "09-05", "09-08", "09-26"), enrolments=stays, outcomes=rows("outcomes", left))

    # The 19th, the 22nd and the 26th.
    assert found == {AMIR: round(1 / 3, 9)}


def test_a_monday_without_school_is_none_and_a_record_of_a_saturday_is_no_monday() -> None:
    days_held = [day for day in pd.bdate_range("2025-09-01", "2025-09-26") if day != pd.Timestamp("2025-09-08")]

    found = missed(*absences(AMIR, "09-06", "09-15"), school_days=school_days(*days_held))

    assert found[AMIR] == round(1 / 7, 9)


def test_a_day_entered_twice_makes_no_more_than_all() -> None:
    every = ("09-01", "09-05", "09-08", "09-12", "09-15", "09-19", "09-22", "09-26")

    assert missed(*absences(AMIR, *every), *absences(AMIR, *every, excused=False))[AMIR] == 1.0


def test_it_looks_back_over_ninety_school_days() -> None:
    days_held = pd.bdate_range(end="2025-09-26", periods=91)
    first = {"student_id": AMIR, "entered_on": str(days_held[0].date())}
    # The first of the 91 is a Friday, and just outside.
    away = [{"student_id": AMIR, "held_on": str(day.date())} for day in (days_held[0], days_held[-1])]

    found = missed(*away, school_days=school_days(*days_held), enrolments=rows("enrolments", first))

    assert (days_held[0].day_name(), found) == ("Friday", {AMIR: round(1 / 36, 9)})


def test_it_is_told_as_so_many_of_a_hundred_and_of_the_days_one_was_here() -> None:
    told = {"code": FEATURE.name, "value": 10 / 36, "comparison": 0.083}

    words = f"{wording.sentence(told, FEATURE)} {wording.comparison(told, FEATURE)}"

    assert words == (
        "Missed 28 of every 100 Mondays and Fridays in the last 90 school days. Most students here miss 8 or fewer."
    )
    assert wording.sentence(told | {"value": 0.0, "sessions": 11.0}, FEATURE) == (
        "Missed no Monday or Friday in the last 11 school days."
    )
