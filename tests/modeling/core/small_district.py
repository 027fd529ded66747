"""A district of four students and twenty school days, small enough to count on one's fingers."""

from __future__ import annotations

import functools
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from modeling.core.facts_frames import COLUMNS, FactFrames, empty

AS_OF = date(2025, 9, 26)
SCHOOL_DAYS = pd.bdate_range("2025-09-01", "2025-09-26")
AMIR, BEA, CALI, DEVON = 1, 2, 3, 4

DEFAULTS: dict[str, dict[str, Any]] = {
    "students": {"birth_on": "2011-03-01", "known_on": "2025-08-01"},
    "enrolments": {
        "school_id": 1,
        "grade_level": "9",
        "entered_on": "2025-09-01",
        "exited_on": None,
        "exit_reason": "",
        "known_on": "2025-09-01",
        "exit_known_on": None,
    },
    "attendance": {"category": "absent", "excused": True, "n_sessions": 1.0, "n_excused": np.nan},
    "grades": {
        "term": "1",
        "scale_max": 100.0,
        "credits_attempted": np.nan,
        "credits_earned": np.nan,
        "core": True,
    },
    "discipline": {"days_removed": 0.0},
    "interventions": {"ended_on": None},
    "outcomes": {"corrects_id": np.nan},
}
HAPPENED = {
    "attendance": "held_on",
    "grades": "awarded_on",
    "discipline": "happened_on",
    "interventions": "started_on",
    "outcomes": "happened_on",
}


def rows(frame: str, *given: dict[str, Any]) -> pd.DataFrame:
    """Return a frame from rows that name only what matters; a fact is known on the day it happened."""
    filled = []
    for row in given:
        whole = {**DEFAULTS.get(frame, {}), **row}
        if frame in HAPPENED:
            whole.setdefault("known_on", whole[HAPPENED[frame]])
        filled.append(whole)
    if not filled:
        return empty(frame)
    table = pd.DataFrame(filled)
    return table.astype({column: dtype for column, dtype in COLUMNS[frame].items() if column in table})


def absences(student_id: int, *days_held: str, **more: Any) -> list[dict[str, Any]]:
    """Return one absence a day for a student, days given as "09-26"."""
    return [{"student_id": student_id, "held_on": f"2025-{day}", **more} for day in days_held]


def district(**frames: Any) -> FactFrames:
    """Return the district with every student on the roll since the first day, but for what is given."""
    return FactFrames(**({name: frame.copy() for name, frame in _unless_given().items()} | frames))


@functools.cache
def _unless_given() -> dict[str, pd.DataFrame]:
    everyone = [{"student_id": student_id} for student_id in (AMIR, BEA, CALI, DEVON)]
    return {
        "students": rows("students", *everyone),
        "enrolments": rows("enrolments", *everyone),
        "school_days": pd.DataFrame({"held_on": SCHOOL_DAYS}).astype(COLUMNS["school_days"]),
        "terms": rows(
            "terms",
            {"school_year": 2025, "term": "1", "starts_on": "2024-09-02", "ends_on": "2025-01-17"},
            {"school_year": 2025, "term": "2", "starts_on": "2025-01-20", "ends_on": "2025-06-13"},
            {"school_year": 2026, "term": "1", "starts_on": "2025-09-01", "ends_on": "2026-01-16"},
        ),
    }
