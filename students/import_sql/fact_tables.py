"""Where each kind of fact is stored: its table, and which columns of a staged row go there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db import models

from students.importing.record_kinds import Kind, kinds
from students.models import (
    AttendanceRecord,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    ProtectedAttribute,
    StudentAttribute,
)


@dataclass(frozen=True, kw_only=True)
class FactTable:
    """The table of a kind of fact. `columns` are those that a file fills under the same name.

    Where a cell is empty, what is stored stays; but the `restated` say more of another column of the same row, and go
    with it.
    """

    kind: str
    model: type[models.Model]
    columns: tuple[str, ...]
    has_school: bool = False
    restated: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the table's name in the database."""
        return self.model._meta.db_table

    @property
    def described(self) -> Kind:
        """Return what is known of the kind."""
        return kinds()[self.kind]

    @property
    def has_source_id(self) -> bool:
        """Tell whether a row may carry a number of its own, by which it is found again."""
        return "source_id" in self.columns

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns by which a row of a student is found again."""
        return tuple(column for column in self.described.key if column not in ("student_id", "school_id"))

    @property
    def compared(self) -> tuple[str, ...]:
        """Return the columns, the school aside, whose change makes a new version."""
        return tuple(column for column in self.described.compared if column != "school_id")

    @property
    def happened(self) -> str:
        """Return the column of the day on which it happened, "" for kinds without one."""
        return self.described.happened

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the columns that hold an empty text where a file says nothing."""
        fields = {field.column: field for field in self.model._meta.local_concrete_fields}
        return tuple(
            column
            for column in self.columns
            if isinstance(fields[column], models.CharField) and not fields[column].null
        )


# Outcomes and enrolments have rules of their own, so what is said here of them is only where they lie.
FACT_TABLES: Mapping[str, FactTable] = MappingProxyType(
    {
        table.kind: table
        for table in (
            FactTable(
                kind="enrolments",
                model=Enrolment,
                columns=("grade_level", "entered_on", "exited_on", "exit_reason", "exit_known_on", "planned_exit_on"),
                has_school=True,
            ),
            FactTable(
                kind="attendance",
                model=AttendanceRecord,
                columns=("held_on", "category", "excused", "n_sessions", "n_excused"),
                restated=("n_excused",),
                has_school=True,
            ),
            FactTable(
                kind="grades",
                model=GradeRecord,
                columns=("awarded_on", "course", "term", "value", "scale_max")
                + ("credits_attempted", "credits_earned", "core", "source_id"),
                has_school=True,
            ),
            FactTable(
                kind="discipline",
                model=DisciplineIncident,
                columns=("happened_on", "code", "action", "days_removed", "source_id"),
                has_school=True,
            ),
            FactTable(
                kind="interventions",
                model=Intervention,
                columns=("kind", "goal", "started_on", "ended_on", "owner", "result", "source_id"),
            ),
            FactTable(kind="attributes", model=StudentAttribute, columns=("name", "value")),
            FactTable(kind="protected", model=ProtectedAttribute, columns=("name", "value")),
            FactTable(kind="outcomes", model=Outcome, columns=("kind", "exit_code", "happened_on", "source_id")),
        )
    }
)

# Why an enrolment ended that only a later one elsewhere closes.
MOVED: Final = "moved on"
# Kinds whose rows have a day and may name a school: what the rules about enrolment look at.
AT_SCHOOL = ("attendance", "grades", "discipline")
# Kinds of which a file changes nothing but by adding new rows and new versions of old ones.
PLAIN_FACTS = ("attendance", "grades", "discipline", "interventions", "attributes", "protected")


def staged_columns(kind: str) -> dict[str, str]:
    """Return the columns that are staged of a kind, with their type in the database.

    What is stored nowhere is not staged: a roster's enrolment comes as a row of its own, minutes as a share of days.
    """
    types = {"text": "text", "word": "text", "number": "float8", "date": "date", "boolean": "boolean"}
    described = kinds()[kind]
    left_out = {
        "attendance": {"minutes", "hours", "absent_flag", "tardy_flag"},
        "students": set(kinds()["enrolments"].columns) - {"student_id", "known_on"},
    }
    return {field.name: types[field.type] for field in described.fields if field.name not in left_out.get(kind, set())}
