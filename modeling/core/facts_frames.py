"""The facts of one institution as frames, and what of them was known on a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

import pandas as pd

DAY = "datetime64[s]"
COLUMNS: dict[str, dict[str, str]] = {
    "terms": {"school_year": "int64", "term": "str", "starts_on": DAY, "ends_on": DAY},
    "school_days": {"held_on": DAY},
    "students": {"student_id": "int64", "birth_on": DAY, "known_on": DAY},
    "enrolments": {
        "student_id": "int64",
        "school_id": "int64",
        "grade_level": "str",
        "entered_on": DAY,
        "exited_on": DAY,
        "exit_reason": "str",
        "known_on": DAY,
        "exit_known_on": DAY,
        "replaced_on": DAY,
    },
    "attendance": {
        "student_id": "int64",
        "held_on": DAY,
        "category": "str",
        "excused": "bool",
        "n_sessions": "float64",
        "known_on": DAY,
        "replaced_on": DAY,
    },
    "grades": {
        "student_id": "int64",
        "awarded_on": DAY,
        "term": "str",
        "value": "float64",
        "scale_max": "float64",
        "credits_attempted": "float64",
        "credits_earned": "float64",
        "core": "bool",
        "known_on": DAY,
        "replaced_on": DAY,
    },
    "discipline": {
        "student_id": "int64",
        "happened_on": DAY,
        "days_removed": "float64",
        "known_on": DAY,
        "replaced_on": DAY,
    },
    "interventions": {
        "student_id": "int64",
        "started_on": DAY,
        "ended_on": DAY,
        "known_on": DAY,
        "replaced_on": DAY,
    },
    "outcomes": {
        "outcome_id": "int64",
        "corrects_id": "float64",
        "student_id": "int64",
        "kind": "str",
        "happened_on": DAY,
        "known_on": DAY,
    },
    "attributes": {"student_id": "int64", "name": "str", "value": "str", "known_on": DAY, "replaced_on": DAY},
    "term_features": {"name": "str", "term": "str", "quantity": "str"},
}
# Facts of which a later file may bring another version. Outcomes are corrected by rows of their own.
VERSIONED = tuple(name for name, columns in COLUMNS.items() if "replaced_on" in columns)


def empty(frame: str) -> pd.DataFrame:
    """Return the frame of that name with its columns and no rows."""
    return pd.DataFrame({column: pd.Series(dtype=dtype) for column, dtype in COLUMNS[frame].items()})


def _frame(name: str) -> pd.DataFrame:
    # One factory per field: dataclasses need a default that is not shared between instances.
    made: pd.DataFrame = field(default_factory=lambda: empty(name))
    return made


@dataclass(frozen=True, kw_only=True)
class FactFrames:
    """What an institution recorded, one frame per kind of record; a frame left out is empty.

    There is no frame of protected attributes: what features cannot reach they cannot use.

    Attributes
    ----------
    terms : DataFrame
        ``school_year`` (int, the year it ends in), ``term``, ``starts_on``, ``ends_on``.
    school_days : DataFrame
        ``held_on``, one row per session of the institution. Empty for a flat cohort.
    students, enrolments, attendance, grades, discipline, interventions, outcomes, attributes : DataFrame
        Columns as in `COLUMNS`, further ones are carried along. Dates are datetime64; ids are integers.
        Every version of a fact is a row: ``replaced_on`` is the day from which it no longer held, NaT while it
        does. A frame without that column holds facts of which nothing was ever replaced.
    term_features : DataFrame
        For a flat cohort: the feature ``name`` is the ``quantity`` ("value", "credits_attempted",
        "credits_earned", or "absences") recorded for ``term``.
    kept : frozenset of str
        The kinds of record this institution keeps. A student of a school that records no incidents has
        a missing number of incidents, not zero.
    """

    terms: pd.DataFrame = _frame("terms")
    school_days: pd.DataFrame = _frame("school_days")
    students: pd.DataFrame = _frame("students")
    enrolments: pd.DataFrame = _frame("enrolments")
    attendance: pd.DataFrame = _frame("attendance")
    grades: pd.DataFrame = _frame("grades")
    discipline: pd.DataFrame = _frame("discipline")
    interventions: pd.DataFrame = _frame("interventions")
    outcomes: pd.DataFrame = _frame("outcomes")
    attributes: pd.DataFrame = _frame("attributes")
    term_features: pd.DataFrame = _frame("term_features")
    kept: frozenset[str] = frozenset({"attendance", "grades", "discipline", "interventions"})

    def __post_init__(self) -> None:
        """Refuse a frame that lacks a column of the contract; facts without versions were never replaced."""
        for name in VERSIONED:
            frame: pd.DataFrame = getattr(self, name)
            if "replaced_on" not in frame:
                # Frozen for everybody else.
                object.__setattr__(self, name, frame.assign(replaced_on=pd.Series(pd.NaT, frame.index, dtype=DAY)))
        for name, columns in COLUMNS.items():
            lacking = sorted(set(columns) - set(getattr(self, name).columns))
            if lacking:
                raise ValueError(f"The frame of {name} lacks {', '.join(lacking)}.")

    def known_by(self, as_of: date) -> FactFrames:
        """Return only what was known on a day: later facts are gone, later endings and corrections undone.

        Parameters
        ----------
        as_of : date
            The last day whose knowledge counts.

        Returns
        -------
        FactFrames
            Rows with ``known_on`` on or before `as_of` and ``replaced_on``, if any, after it. An exit or the end
            of an intervention that became known, or lies, after `as_of` is NaT.
        """
        day = pd.Timestamp(as_of)
        known: dict[str, Any] = {
            frame.name: _known(getattr(self, frame.name), day)
            for frame in fields(self)
            if "known_on" in COLUMNS.get(frame.name, {})
        }
        known["enrolments"] = _without_later_exits(known["enrolments"], day)
        interventions = known["interventions"]
        known["interventions"] = interventions.assign(
            ended_on=interventions["ended_on"].where(interventions["ended_on"] <= day)
        )
        return replace(self, **known)

    def of_students(self, student_ids: Collection[int]) -> FactFrames:
        """Return the facts of some students only; the calendar and what is kept stay as they are."""
        ids = list(student_ids)
        narrowed = {
            frame.name: getattr(self, frame.name).loc[lambda rows: rows["student_id"].isin(ids)]
            for frame in fields(self)
            if "student_id" in COLUMNS.get(frame.name, {})
        }
        return replace(self, **narrowed)


def _known(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    known = rows["known_on"] <= day
    if "replaced_on" in rows:
        known &= ~(rows["replaced_on"] <= day)
    return rows if known.all() else rows.loc[known]


def _without_later_exits(enrolments: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    # A file without exit_known_on says the exit was known when it happened.
    exit_known_on = enrolments["exit_known_on"].fillna(enrolments["exited_on"])
    exited = (exit_known_on <= day) & (enrolments["exited_on"] <= day)
    return enrolments.assign(
        exited_on=enrolments["exited_on"].where(exited),
        exit_known_on=enrolments["exit_known_on"].where(exited),
        exit_reason=enrolments["exit_reason"].where(exited, ""),
    )
