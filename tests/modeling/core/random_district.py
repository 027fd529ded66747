"""A district of two hundred students drawn by chance, with every oddity that records have: always the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from modeling.core.facts_frames import COLUMNS, FactFrames

N_STUDENTS = 200
FIRST, LAST = np.datetime64("2024-08-20"), np.datetime64("2026-03-31")
KINDS = ("attendance", "grades", "discipline", "interventions", "outcomes", "attributes", "enrolments", "students")


def facts(seed: int = 7) -> FactFrames:
    """Return the district: moves, gaps, corrections, facts known late, odd numbers of sessions, unknown students."""
    random = np.random.default_rng(seed)
    drawn = {name: _typed(name, globals()[f"_{name}"](random)) for name in KINDS}
    return FactFrames(**drawn, **_calendar())


def _typed(name: str, columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(columns).astype(COLUMNS[name])[list(COLUMNS[name])]


def _calendar() -> dict[str, pd.DataFrame]:
    days = np.arange(np.datetime64("2024-09-02"), LAST)
    held = days[np.is_busday(days) & ((days < np.datetime64("2025-06-14")) | (days > np.datetime64("2025-08-31")))]
    terms = {
        "school_year": [2025, 2025, 2026, 2026],
        "term": ["1", "2", "1", "2"],
        "starts_on": ["2024-09-02", "2025-01-20", "2025-09-01", "2026-01-19"],
        "ends_on": ["2025-01-17", "2025-06-13", "2026-01-16", "2026-06-12"],
    }
    return {"terms": _typed("terms", terms), "school_days": _typed("school_days", {"held_on": held})}


def _day(random: np.random.Generator, n: int) -> np.ndarray:
    return FIRST + random.integers(0, (LAST - FIRST).astype(int), n)


def _sometimes(random: np.random.Generator, values: np.ndarray, share: float, other: Any) -> np.ndarray:
    return np.where(random.random(values.size) < share, values, other)


def _fact(random: np.random.Generator, happened: str, n: int) -> dict[str, Any]:
    """Return whose and when: a tenth is known late, a tenth was replaced, a few belong to nobody here."""
    on = _day(random, n)
    known_on = on + _sometimes(random, random.integers(1, 60, n), 0.1, 0)
    replaced_on = _sometimes(random, known_on + random.integers(1, 60, n), 0.1, np.datetime64("NaT"))
    student_id = random.integers(1, N_STUDENTS + 20, n) * 7
    return {"student_id": student_id, happened: on, "known_on": known_on, "replaced_on": replaced_on}


def _attendance(random: np.random.Generator) -> dict[str, Any]:
    n = 6_000
    return _fact(random, "held_on", n) | {
        "category": random.choice(["absent", "absent", "tardy"], n),
        "excused": random.random(n) < 0.5,
        "n_sessions": random.choice([1.0, 0.5, 0.1, 0.7, 2.0], n),
        "n_excused": np.nan,
    }


def _grades(random: np.random.Generator) -> dict[str, Any]:
    n = 3_000
    attempted = _sometimes(random, random.choice([0.5, 1.0, 0.3], n), 0.8, np.nan)
    return _fact(random, "awarded_on", n) | {
        "term": random.choice(["1", "2", "3", "Summer"], n),
        "value": _sometimes(random, random.integers(0, 1001, n) / 10, 0.95, np.nan),
        "scale_max": 100.0,
        "credits_attempted": attempted,
        "credits_earned": attempted * random.choice([1.0, 1.0, 0.0], n),
        "core": random.random(n) < 0.6,
    }


def _discipline(random: np.random.Generator) -> dict[str, Any]:
    n = 400
    removed = _sometimes(random, random.choice([0.0, 1.0, 2.5], n), 0.9, np.nan)
    return _fact(random, "happened_on", n) | {"days_removed": removed}


def _interventions(random: np.random.Generator) -> dict[str, Any]:
    fact = _fact(random, "started_on", 200)
    return fact | {"ended_on": _sometimes(random, fact["started_on"] + 40, 0.5, np.datetime64("NaT"))}


def _outcomes(random: np.random.Generator) -> dict[str, Any]:
    kinds = random.choice(["dropped_out", "transferred", "continued", "unknown"], 60)
    fact = _fact(random, "happened_on", 60)
    return fact | {"outcome_id": np.arange(1, 61), "corrects_id": np.nan, "kind": kinds}


def _attributes(random: np.random.Generator) -> dict[str, Any]:
    fact = _fact(random, "happened_on", 300)
    return fact | {"name": "bus_line", "value": random.choice(["3", "12", ""], 300)}


def _students(random: np.random.Generator) -> dict[str, Any]:
    born = np.datetime64("2008-01-01") + random.integers(0, 2_000, N_STUDENTS)
    born = _sometimes(random, born, 0.95, np.datetime64("NaT"))
    return {"student_id": np.arange(1, N_STUDENTS + 1) * 7, "birth_on": born, "known_on": FIRST}


def _enrolments(random: np.random.Generator) -> dict[str, Any]:
    n = 500
    fact = _fact(random, "entered_on", n)
    exited_on = _sometimes(random, fact["entered_on"] + random.integers(1, 200, n), 0.5, np.datetime64("NaT"))
    return fact | {
        "school_id": random.integers(1, 4, n),
        "grade_level": random.choice(["9", "10", "11", "12", "KG", "8", ""], n),
        "exited_on": exited_on,
        "exit_reason": "",
        "exit_known_on": _sometimes(random, exited_on + 3, 0.5, np.datetime64("NaT")),
    }
