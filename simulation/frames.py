"""From the ledger's codes and day numbers to the frames that the rest of the system reads, cut at the end date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from simulation import discipline, exits, grades, interventions
from simulation.arrays import NEVER, Column, Ints
from simulation.calendar import DAYS_IN_TERM, SchoolYear
from simulation.ledger import Ledger
from simulation.names import FAMILY_NAMES, GIVEN_NAMES, school_name
from simulation.population import GROUPS
from simulation.school_year import hide_exits_after

COLUMNS: Final = {
    "schools": ("school_id", "name"),
    "terms": ("school_year", "term", "starts_on", "ends_on"),
    "school_days": ("held_on",),
    "students": ("student_id", "given_name", "family_name", "birth_on", "known_on"),
    "enrolments": (
        "student_id",
        "school_id",
        "grade_level",
        "entered_on",
        "exited_on",
        "exit_reason",
        "known_on",
        "exit_known_on",
    ),
    "attendance": ("student_id", "school_id", "held_on", "category", "excused", "n_sessions", "known_on"),
    "grades": (
        "student_id",
        "school_id",
        "awarded_on",
        "course",
        "term",
        "value",
        "scale_max",
        "credits_attempted",
        "credits_earned",
        "core",
        "known_on",
    ),
    "discipline": ("student_id", "school_id", "happened_on", "code", "action", "days_removed", "known_on"),
    "interventions": ("student_id", "kind", "started_on", "ended_on", "owner", "result", "known_on"),
    "outcomes": ("outcome_id", "corrects_id", "student_id", "kind", "exit_code", "happened_on", "known_on"),
    "attributes": ("student_id", "name", "value", "known_on"),
    "protected": ("student_id", "name", "value", "known_on"),
}


@dataclass(frozen=True)
class Numbering:
    """How the numbers of one area become ids that are unique in the district.

    Attributes
    ----------
    first_student, first_school : int
        Counted from 1 over the whole district.
    student_digits, school_digits : int
    """

    first_student: int
    first_school: int
    student_digits: int
    school_digits: int

    def student_ids(self, n: int) -> pd.Series[str]:
        return _numbered("S", self.first_student, n, self.student_digits)

    def school_ids(self, n: int) -> pd.Series[str]:
        return _numbered("H", self.first_school, n, self.school_digits)


def calendar_frames(years: Sequence[SchoolYear]) -> dict[str, pd.DataFrame]:
    """Return the frames ``terms`` and ``school_days``; both reach to the end of the year under way."""
    starts = np.concatenate([year.days[[0, DAYS_IN_TERM]] for year in years])
    ends = np.concatenate([year.days[[DAYS_IN_TERM - 1, -1]] for year in years])
    terms = pd.DataFrame(
        {
            "school_year": np.repeat([year.ends_in for year in years], 2),
            "term": words(("1", "2"), np.tile([0, 1], len(years))),
            "starts_on": dates(starts),
            "ends_on": dates(ends),
        }
    )
    return {
        "terms": terms,
        "school_days": pd.DataFrame({"held_on": dates(np.concatenate([year.days for year in years]))}),
    }


def school_frame(numbering: Numbering, n_schools: int) -> pd.DataFrame:
    """Return the frame ``schools`` of one area."""
    names = [school_name(numbering.first_school - 1 + k) for k in range(n_schools)]
    return pd.DataFrame({"school_id": numbering.school_ids(n_schools), "name": pd.Series(names, dtype="str")})


class AreaFrames:
    """Turns one area's ledger into frames: what the district's systems know on the end date, and no more."""

    def __init__(self, ledger: Ledger, *, numbering: Numbering, n_students: int, n_schools: int, ends_on: int) -> None:
        self._ledger = ledger
        self._ends_on = ends_on
        self._student_ids = numbering.student_ids(n_students)
        self._school_ids = numbering.school_ids(n_schools)
        per_school = range(1, interventions.COUNSELLORS_PER_SCHOOL + 1)
        self._owners = [f"{school} counsellor {k}" for school in self._school_ids for k in per_school]
        enrolments = self._known("enrolments")
        self._enrolments = hide_exits_after(enrolments, ends_on=ends_on)
        self._is_known = np.zeros(n_students, np.bool_)
        self._is_known[enrolments["student"]] = True

    def build(self, outcome_columns: dict[str, Column]) -> dict[str, pd.DataFrame]:
        """Return every frame that tells of students, by name."""
        frames = {
            "students": self._students(),
            "enrolments": self._enrolment_frame(),
            "attendance": self._attendance(),
            "grades": self._grades(),
            "discipline": self._discipline(),
            "interventions": self._interventions(),
            "outcomes": self._outcomes(outcome_columns),
            "attributes": _empty("attributes"),
            "protected": self._protected(),
        }
        return {name: frame[list(COLUMNS[name])] for name, frame in frames.items()}

    def _known(self, table: str) -> dict[str, Column]:
        columns = self._ledger.take(table)
        return self._known_of(columns)

    def _known_of(self, columns: dict[str, Column]) -> dict[str, Column]:
        if not columns:
            return columns
        known = columns["known_on"] <= self._ends_on
        return columns if known.all() else {name: column[known] for name, column in columns.items()}

    def _students(self) -> pd.DataFrame:
        of = self._ledger.take("students")
        of = {name: column[self._is_known[of["student"]]] for name, column in of.items()}
        return self._frame(
            of,
            given_name=words(GIVEN_NAMES, of["given"]),
            family_name=words(FAMILY_NAMES, of["family"]),
            birth_on=dates(of["born"]),
        )

    def _enrolment_frame(self) -> pd.DataFrame:
        of = self._enrolments
        return self._frame(
            of,
            grade_level=words(("9", "10", "11", "12"), of["grade"] - 9),
            entered_on=dates(of["entered_on"]),
            exited_on=dates(of["exited_on"]),
            exit_reason=words(exits.REASONS, of["reason"]),
            exit_known_on=dates(of["exit_known_on"]),
        )

    def _attendance(self) -> pd.DataFrame:
        of = self._known("attendance")
        if not of:
            return _empty("attendance")
        return self._frame(
            of,
            held_on=dates(of["held_on"]),
            category=words(("absent", "tardy"), of["category"]),
            excused=of["excused"],
            n_sessions=np.ones(len(of["student"])),
        )

    def _grades(self) -> pd.DataFrame:
        of = self._known("grades")
        if not of:
            return _empty("grades")
        return self._frame(
            of,
            awarded_on=dates(of["awarded_on"]),
            course=words(grades.COURSE_NAMES, of["course"]),
            term=words(("1", "2"), of["term"]),
            value=of["value"].astype(np.float64),
            scale_max=np.full(len(of["student"]), 100.0),
            credits_attempted=np.full(len(of["student"]), grades.CREDITS_PER_COURSE),
            credits_earned=grades.CREDITS_PER_COURSE * of["passed"],
            core=of["core"],
        )

    def _discipline(self) -> pd.DataFrame:
        of = self._known("discipline")
        if not of:
            return _empty("discipline")
        return self._frame(
            of,
            happened_on=dates(of["happened_on"]),
            code=words(discipline.CODES, of["code"]),
            action=words(discipline.ACTIONS, of["action"]),
            days_removed=of["days_removed"].astype(np.float64),
        )

    def _interventions(self) -> pd.DataFrame:
        of = self._known("interventions")
        if not of:
            return _empty("interventions")
        of = interventions.hide_after(of, ends_on=self._ends_on)
        return self._frame(
            of,
            kind=words(interventions.KINDS, of["kind"]),
            started_on=dates(of["started_on"]),
            ended_on=dates(of["ended_on"]),
            owner=words(self._owners, interventions.COUNSELLORS_PER_SCHOOL * of["school"] + of["owner"]),
            result=words(interventions.RESULTS, of["result"]),
        )

    def _outcomes(self, columns: dict[str, Column]) -> pd.DataFrame:
        of = self._known_of(columns)
        if not of:
            return _empty("outcomes")
        return self._frame(
            of,
            outcome_id=of["outcome_id"],
            corrects_id=np.where(of["corrects_id"] < 0, np.nan, of["corrects_id"]),
            kind=words(exits.KINDS, of["kind"]),
            exit_code=words(exits.REASONS, of["reason"]),
            happened_on=dates(of["happened_on"]),
        )

    def _protected(self) -> pd.DataFrame:
        of = self._known("protected")
        of = {name: column[self._is_known[of["student"]]] for name, column in of.items()}
        values = tuple(value for group in GROUPS for value in group.values)
        first = np.cumsum([0] + [len(group.values) for group in GROUPS[:-1]])
        return self._frame(
            of,
            name=words([group.name for group in GROUPS], of["name"]),
            value=words(values, first[of["name"]] + of["value"]),
        )

    def _frame(self, of: dict[str, Column], **columns: Column | pd.Series) -> pd.DataFrame:
        shared = {
            "student_id": self._student_ids.take(of["student"]).reset_index(drop=True),
            "known_on": dates(of["known_on"]),
        }
        if "school" in of:
            shared["school_id"] = self._school_ids.take(of["school"]).reset_index(drop=True)
        return pd.DataFrame({**shared, **columns})


def dates(day_numbers: Ints) -> pd.Series:
    """Return day numbers as dates; NEVER becomes NaT."""
    days = day_numbers.astype("int64").astype("datetime64[D]")
    return pd.Series(np.where(day_numbers == NEVER, np.datetime64("NaT"), days).astype("datetime64[us]"))


def words(vocabulary: Sequence[str], codes: Ints) -> pd.Series:
    """Return the words of a vocabulary for an array of codes."""
    return pd.Series(list(vocabulary), dtype="str").take(codes).reset_index(drop=True)


def _numbered(letter: str, first: int, n: int, digits: int) -> pd.Series[str]:
    numbers = pd.Series(np.arange(first, first + n)).astype("str").str.zfill(digits)
    return letter + numbers


def _empty(name: str) -> pd.DataFrame:
    """Return a frame without rows whose columns have the types they would have with rows."""
    return pd.DataFrame({column: pd.Series(dtype=_dtype(name, column)) for column in COLUMNS[name]})


def _dtype(name: str, column: str) -> str:
    if column.endswith("_on"):
        return "datetime64[us]"
    if column in {"excused", "core"}:
        return "bool"
    if column == "outcome_id":
        return "int64"
    numbers = {"n_sessions", "scale_max", "credits_attempted", "credits_earned", "days_removed", "corrects_id"}
    is_mark = (name, column) == ("grades", "value")
    return "float64" if is_mark or column in numbers else "str"
