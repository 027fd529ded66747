"""The facts of one institution as frames, and what of them was known on a day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain
from typing import Any, overload

import numpy as np
import numpy.typing as npt
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
        "n_excused": "float64",
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
# What there may be too much of for one frame.
RECORDS = ("attendance", "grades", "discipline")
# The day on which each of them happened, whenever it became known.
HAPPENED_ON = {"attendance": "held_on", "grades": "awarded_on", "discipline": "happened_on"}
# Facts of which a later file may bring another version. Outcomes are corrected by rows of their own.
VERSIONED = tuple(name for name, columns in COLUMNS.items() if "replaced_on" in columns)


def empty(frame: str) -> pd.DataFrame:
    """Return the frame of that name with its columns and no rows."""
    return pd.DataFrame({column: pd.Series(dtype=dtype) for column, dtype in COLUMNS[frame].items()})


@dataclass(frozen=True, kw_only=True)
class InParts:
    """Rows of one kind that are too many to lie in memory at once as a frame: read part by part, as often as asked.

    Attributes
    ----------
    read : callable
        Returns the parts in the order of the rows, each a frame of some hundred thousand rows with the columns of
        `COLUMNS`, ``replaced_on`` included.
    """

    read: Callable[[], Iterable[pd.DataFrame]]

    def each(self, cut: Callable[[pd.DataFrame], pd.DataFrame]) -> InParts:
        """Return the same rows with something done to each part as it is read."""
        return InParts(read=lambda: map(cut, self.read()))


class _Records:
    """A field that holds a frame or parts; who asks for it gets a frame, whole, however much that takes."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, facts: None, owner: type) -> None: ...
    @overload
    def __get__(self, facts: FactFrames, owner: type) -> pd.DataFrame: ...
    def __get__(self, facts: FactFrames | None, owner: type) -> pd.DataFrame | None:
        if facts is None:
            # What dataclasses take for the default.
            return None
        held: pd.DataFrame | InParts = facts.__dict__[self.name]
        if isinstance(held, InParts):
            parts = list(held.read())
            return parts[0] if len(parts) == 1 else pd.concat([empty(self.name), *parts], ignore_index=True)
        return held

    def __set__(self, facts: FactFrames, value: pd.DataFrame | InParts | None) -> None:
        facts.__dict__[self.name] = empty(self.name) if value is None else value


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
        does. A frame without that column holds facts of which nothing was ever replaced. Texts may be
        categorical. Attendance, grades and discipline may be given `InParts`.
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
    attendance: _Records = _Records()
    grades: _Records = _Records()
    discipline: _Records = _Records()
    interventions: pd.DataFrame = _frame("interventions")
    outcomes: pd.DataFrame = _frame("outcomes")
    attributes: pd.DataFrame = _frame("attributes")
    term_features: pd.DataFrame = _frame("term_features")
    kept: frozenset[str] = frozenset({"attendance", "grades", "discipline", "interventions"})

    def __post_init__(self) -> None:
        """Refuse a frame that lacks a column of the contract; facts without versions were never replaced."""
        for name in VERSIONED:
            frame = self.__dict__[name]
            if isinstance(frame, pd.DataFrame) and "replaced_on" not in frame:
                never = pd.Series(pd.NaT, frame.index, dtype=DAY)
                # A frozen dataclass sets its own fields so.
                object.__setattr__(self, name, frame.assign(replaced_on=never))
        for name in COLUMNS:
            frame = self.__dict__[name]
            if isinstance(frame, pd.DataFrame):
                _check_columns(name, frame)

    def parts(self, name: str) -> Iterator[pd.DataFrame]:
        """Return the rows of a kind of record part by part, in their order; a frame in memory is one part."""
        held = self.__dict__[name]
        for part in chain([empty(name)], held.read()) if isinstance(held, InParts) else [held]:
            _check_columns(name, part)
            yield part

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
            frame.name: self._cut(frame.name, lambda rows: _chosen(rows, is_known(rows, day)))
            for frame in fields(self)
            if "known_on" in COLUMNS.get(frame.name, {})
        }
        known["enrolments"] = _without_later_exits(known["enrolments"], day)
        known["interventions"] = _without_later_ends(known["interventions"], day)
        return replace(self, **known)

    def of_students(self, student_ids: Collection[int]) -> FactFrames:
        """Return the facts of some students only; the calendar and what is kept stay as they are."""
        ids = list(student_ids)
        narrowed: dict[str, Any] = {
            frame.name: self._cut(frame.name, lambda rows: rows.loc[rows["student_id"].isin(ids)])
            for frame in fields(self)
            if "student_id" in COLUMNS.get(frame.name, {})
        }
        return replace(self, **narrowed)

    def _cut(self, name: str, cut: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame | InParts:
        held: pd.DataFrame | InParts = self.__dict__[name]
        if name not in RECORDS:
            return cut(self.__dict__[name])
        # Records are many, and who wants them known by a day mostly asks with `is_known` as they pass.
        parts = held if isinstance(held, InParts) else InParts(read=lambda: [held])
        return parts.each(cut)


def _check_columns(name: str, frame: pd.DataFrame) -> None:
    lacking = [column for column in COLUMNS[name] if column not in frame.columns]
    if lacking:
        raise ValueError(f"The frame of {name} lacks {', '.join(sorted(lacking))}.")


def is_known(rows: pd.DataFrame, day: pd.Timestamp) -> npt.NDArray[np.bool_]:
    """Return which rows were known on a day and not yet replaced by then."""
    then = day.to_datetime64()
    known: npt.NDArray[np.bool_] = rows["known_on"].to_numpy() <= then
    if "replaced_on" in rows:
        known &= ~(rows["replaced_on"].to_numpy() <= then)
    return known


def _chosen(rows: pd.DataFrame, which: npt.NDArray[np.bool_]) -> pd.DataFrame:
    return rows if which.all() else rows.loc[which]


def _without_later_exits(enrolments: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    then, exited_on = day.to_datetime64(), enrolments["exited_on"].to_numpy()
    exit_known_on = enrolments["exit_known_on"].to_numpy()
    # A file without exit_known_on says the exit was known when it happened.
    exit_known_on = np.where(np.isnat(exit_known_on), exited_on, exit_known_on)
    # The last day is a day at the school.
    exited = (exit_known_on <= then) & (exited_on < then)
    if (exited | np.isnat(exited_on)).all():
        return enrolments
    return enrolments.assign(
        exited_on=enrolments["exited_on"].where(exited),
        exit_known_on=enrolments["exit_known_on"].where(exited),
        exit_reason=enrolments["exit_reason"].where(exited, ""),
    )


def _without_later_ends(interventions: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    is_later = interventions["ended_on"].to_numpy() > day.to_datetime64()
    if not is_later.any():
        return interventions
    return interventions.assign(ended_on=interventions["ended_on"].mask(is_later))
