"""Since when somebody is back who left before finishing, by the leavings and entries known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from modeling.core.places import Places
from modeling.core.returns import came_back_on
from tests.modeling.core.small_district import AMIR, BEA, CALI, district, rows

LEFT, BACK, AS_OF = "2025-09-09", "2025-09-16", "2025-09-26"


def found(*entries: tuple[int, str], left: tuple[tuple[int, str], ...] = ((AMIR, LEFT),)) -> list[str] | None:
    """Return the day of the return of Amir, Bea and Cali, "NaT" where there is none."""
    said = [
        {"outcome_id": place, "student_id": who, "kind": "dropped_out", "happened_on": day, "known_on": LEFT}
        for place, (who, day) in enumerate(left, start=1)
    ]
    stays = rows("enrolments", *({"student_id": who, "entered_on": day} for who, day in entries))
    known = district(enrolments=stays, outcomes=rows("outcomes", *said)).known_by(date.fromisoformat(AS_OF))
    back = came_back_on(known, places=Places.of(pd.Index([AMIR, BEA, CALI])), as_of=np.datetime64(AS_OF))
    return None if back is None else [str(day) for day in back]


def test_the_first_entry_after_the_leaving_is_the_return() -> None:
    assert found((AMIR, "2025-09-01"), (AMIR, "2025-09-22"), (AMIR, BACK)) == [BACK, "NaT", "NaT"]


def test_who_has_not_come_back_has_no_return_though_others_entered() -> None:
    assert found((AMIR, "2025-09-01"), (BEA, BACK)) is None
    left = ((AMIR, LEFT), (CALI, LEFT))
    assert found((AMIR, "2025-09-01"), (BEA, BACK), (CALI, BACK), left=left) == ["NaT", "NaT", BACK]


def test_an_entry_on_the_day_of_leaving_is_no_return_and_hides_none() -> None:
    assert found((AMIR, LEFT)) is None
    assert found((AMIR, LEFT), (AMIR, BACK)) == [BACK, "NaT", "NaT"]


@pytest.mark.parametrize(("day", "expected"), [("2025-09-26", ["2025-09-26", "NaT", "NaT"]), ("2025-09-27", None)])
def test_who_will_come_back_is_not_back_yet(day: str, expected: list[str] | None) -> None:
    assert found((AMIR, "2025-09-01"), (AMIR, day)) == expected


def test_a_leaving_that_lies_ahead_is_none_yet() -> None:
    assert found((AMIR, "2025-09-01"), (AMIR, "2025-09-24"), left=((AMIR, "2025-09-30"),)) is None


def test_nobody_left_and_nobody_is_enrolled() -> None:
    assert found((AMIR, "2025-09-01"), left=()) is None
    assert found() is None
