"""On track: five credits of seven, and at most one core course failed, in the year that counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.core.catalogue import BY_NAME
from modeling.core.facts_frames import FactFrames
from modeling.core.features import snapshot
from tests.modeling.core.small_district import AMIR, AS_OF, district, rows

THIS_YEAR, LAST_YEAR = "2025-09-19", "2025-06-13"


def course(*, earned: float | None = 0.5, core: bool = False, on: str = THIS_YEAR, **more: Any) -> dict[str, Any]:
    """Return a grade of half a credit: 70 where it was earned, 40 where not."""
    passed = bool(earned)
    tried = {"credits_attempted": 0.5, "credits_earned": earned} if earned is not None else {}
    given = {"student_id": AMIR, "awarded_on": on, "term": "1" if on == THIS_YEAR else "2", "core": core}
    return {**given, "value": 70.0 if passed else 40.0, **tried, **more}


def on_track(grades: list[dict[str, Any]], *, grade_level: str = "9") -> float:
    enrolled = rows("enrolments", {"student_id": AMIR, "grade_level": grade_level})
    facts = district(grades=rows("grades", *grades), enrolments=enrolled)
    return _of_amir(facts)


def _of_amir(facts: FactFrames) -> float:
    return float(snapshot(facts, as_of=AS_OF, features=[BY_NAME["on_track"]]).at[AMIR, "on_track"])


@pytest.mark.parametrize(
    ("n_earned", "n_core_failed", "n_failed", "expected"),
    [(7, 0, 0, 1.0), (6, 1, 0, 1.0), (5, 1, 1, 1.0), (5, 2, 0, 0.0), (4, 0, 3, 0.0), (4, 1, 2, 0.0)],
)
def test_five_credits_of_seven_and_one_failed_core_course_are_enough(
    n_earned: int, n_core_failed: int, n_failed: int, expected: float
) -> None:
    earned = [course() for _ in range(n_earned)]
    failed = [course(earned=0.0, core=True)] * n_core_failed + [course(earned=0.0)] * n_failed

    assert on_track(earned + failed) == expected


def test_without_credits_on_record_every_course_counts_as_one() -> None:
    passed, failed = course(value=70.0, earned=None), course(value=40.0, earned=None)

    assert on_track([passed] * 5 + [failed] * 2) == 1.0
    assert on_track([passed] * 4 + [failed] * 2) == 0.0


def test_a_course_without_a_grade_and_without_credits_says_nothing() -> None:
    ungraded = course(value=np.nan, earned=None)

    assert np.isnan(on_track([ungraded]))
    assert on_track([course(), ungraded]) == 1.0


@pytest.mark.parametrize(("grade_level", "expected"), [("9", np.nan), ("10", 0.0), ("12", 0.0), ("8", np.nan)])
def test_a_ninth_grader_is_not_judged_by_eighth_grade(grade_level: str, expected: float) -> None:
    last_year = [course(earned=0.0, on=LAST_YEAR)]

    assert on_track(last_year, grade_level=grade_level) == pytest.approx(expected, nan_ok=True)


def test_only_the_latest_year_with_grades_is_judged() -> None:
    failed_then = [course(earned=0.0, on=LAST_YEAR, core=True)] * 3

    assert on_track([*failed_then, course()], grade_level="10") == 1.0


@pytest.mark.parametrize("grade_level", ["", "KG", "8", "13", "Transition"])
def test_outside_high_school_nothing_is_known(grade_level: str) -> None:
    assert np.isnan(on_track([course()], grade_level=grade_level))


def test_without_grades_nothing_is_known() -> None:
    assert np.isnan(on_track([]))


def test_without_terms_a_school_year_begins_in_august() -> None:
    enrolled = rows("enrolments", {"student_id": AMIR, "grade_level": "9"})
    grades = rows("grades", course(on="2025-07-31", earned=0.0), course())
    facts = district(terms=rows("terms"), grades=grades, enrolments=enrolled)

    assert _of_amir(facts) == 1.0


def test_grades_known_later_do_not_count() -> None:
    later = course(earned=0.0, core=True, known_on="2025-09-27")

    assert on_track([course(), later, later]) == 1.0


def test_credits_add_up_in_any_unit() -> None:
    unit = {"credits_attempted": 5.0, "credits_earned": 5.0}
    grades = pd.DataFrame([course(**unit)] * 5 + [course(**unit | {"credits_earned": 0.0})] * 2)

    assert on_track(grades.to_dict("records")) == 1.0
