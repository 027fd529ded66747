"""The only door from the model to the students: facts as frames, and what of them may be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml
from django.conf import settings
from django.db import models

from accounts import scope
from modeling.core import catalogue, facts_frames
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.rules import Rule
from modeling.training_config import ConfigRefused
from students import columnar
from students.importing.cohort_schema import CohortSchema
from students.models import (
    AttendanceRecord,
    Cohort,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    ProtectedAttribute,
    SchoolDay,
    Student,
    StudentAttribute,
    Term,
)
from students.models.people import Fact

# Frame, model, and the model's fields where they differ from the frame's columns.
_SOURCES: dict[str, tuple[type[models.Model], dict[str, str]]] = {
    "terms": (Term, {}),
    "school_days": (SchoolDay, {}),
    "students": (Student, {"student_id": "pk"}),
    "enrolments": (Enrolment, {}),
    "attendance": (AttendanceRecord, {}),
    "grades": (GradeRecord, {}),
    "discipline": (DisciplineIncident, {}),
    "interventions": (Intervention, {}),
    "outcomes": (Outcome, {"outcome_id": "pk"}),
    "attributes": (StudentAttribute, {}),
}
_KEPT = {"attendance", "grades", "discipline", "interventions"}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an institution's data allows: features, the rule beside the model, the horizon, the days of snapshots."""

    features: list[Feature]
    rules: list[Rule]
    horizon_days: int
    has_calendar: bool
    cohort_snapshots: list[dt.date]


def frames(*, student_ids: Collection[int] | None = None) -> FactFrames:
    """Return the facts of the institution in scope, or of some of its students only."""
    read = {name: _frame(name, student_ids) for name in _SOURCES}
    kept = frozenset(name for name in _KEPT if not read[name].empty or _SOURCES[name][0]._default_manager.exists())
    return FactFrames(**read, term_features=_term_features(_schemas()), kept=kept)


def protected_attributes() -> pd.DataFrame:
    """Return the protected attributes in force, for the audit of groups alone: student_id, name, value."""
    rows = ProtectedAttribute.objects.order_by("student_id", "name", "known_on")
    listed = list(rows.values_list("student_id", "name", "value"))
    frame = pd.DataFrame.from_records(listed, columns=["student_id", "name", "value"])
    return frame.astype({"student_id": "int64", "name": object, "value": object}).drop_duplicates(
        ["student_id", "name"], keep="last", ignore_index=True
    )


def newest_day(known: FactFrames) -> dt.date | None:
    """Return the last day on which anything became known: how far the records reach; None without any."""
    days = [frame["known_on"].max() for name in _SOURCES if "known_on" in (frame := getattr(known, name))]
    newest = pd.Series(days, dtype="datetime64[s]").max()
    return None if pd.isna(newest) else newest.date()


def terms(*, default_horizon_days: int, rule_name: str) -> Terms:
    """Return what the institution in scope offers the model.

    A dated institution is looked at through the catalogue; a flat cohort through its schema, with its own horizon.
    """
    schemas = _schemas()
    has_calendar = SchoolDay.objects.filter(institution_id=scope.current().institution_id).exists()
    # A flat cohort has no calendar to count days by, but its grades and credits add up like any others.
    features = list(catalogue.CATALOGUE) if has_calendar else []
    if not has_calendar and GradeRecord.objects.exists():
        features = list(catalogue.COURSEWORK)
    known = {feature.name for feature in features}
    for schema in schemas:
        described = [Feature.from_json(fields) for fields in schema.feature_descriptions()]
        features += [feature for feature in described if feature.name not in known]
        known |= {feature.name for feature in described}
    cohorts = list(Cohort.objects.order_by("snapshot_on"))
    flat = not has_calendar and bool(cohorts)
    return Terms(
        features=features,
        rules=[Rule(**step.model_dump()) for step in schemas[-1].rule] if flat else configured_rules(rule_name),
        horizon_days=cohorts[-1].horizon_days if flat else default_horizon_days,
        has_calendar=has_calendar,
        cohort_snapshots=sorted({cohort.snapshot_on for cohort in cohorts}),
    )


def configured_rules(name: str) -> list[Rule]:
    """Return a rule of configs/rules.yaml.

    :raises ConfigRefused: if there is none of that name
    """
    listed = yaml.safe_load((settings.BASE_DIR / "configs" / "rules.yaml").read_text(encoding="utf-8"))
    if name not in listed:
        known = ", ".join(listed)
        raise ConfigRefused([f'"rule" is "{name}", which configs/rules.yaml does not have. Known: {known}.'])
    return [Rule(**fields) for fields in listed[name]["rules"]]


def _schemas() -> list[CohortSchema]:
    return [CohortSchema.from_json(cohort.schema) for cohort in Cohort.objects.order_by("snapshot_on", "pk")]


def _term_features(schemas: list[CohortSchema]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [row for schema in schemas for row in schema.term_features()]
    return pd.DataFrame(rows, columns=["name", "term", "quantity"]) if rows else facts_frames.empty("term_features")


def _frame(name: str, student_ids: Collection[int] | None) -> pd.DataFrame:
    columns = facts_frames.COLUMNS[name]
    # The columnar copy holds all schools; some students, or those of some schools, are few and found by index.
    if name in columnar.KINDS and student_ids is None and scope.current().school_ids is None:
        frame = columnar.read(name)[list(columns)]
    else:
        frame = _from_table(name, student_ids)
    return frame.astype({column: dtype for column, dtype in columns.items() if dtype != "str"})


def _from_table(name: str, student_ids: Collection[int] | None) -> pd.DataFrame:
    model, renamed = _SOURCES[name]
    columns = facts_frames.COLUMNS[name]
    # Of a fact every version is read: which of them was believed on a day is told by the frames.
    manager = model.every_version if issubclass(model, Fact) else model._default_manager
    rows = manager.filter(institution_id=scope.current().institution_id)
    if student_ids is not None and "student_id" in columns:
        key = renamed.get("student_id", "student_id")
        rows = rows.filter(**{f"{key}__in": list(student_ids)})
    values = rows.order_by("pk").values_list(*[renamed.get(column, column) for column in columns])
    return pd.DataFrame.from_records(list(values), columns=list(columns))


def first_and_last_school_day() -> tuple[dt.date, dt.date]:
    """Return the span of the calendar of the institution in scope."""
    days = SchoolDay.objects.filter(institution_id=scope.current().institution_id)
    span = days.aggregate(first=models.Min("held_on"), last=models.Max("held_on"))
    return span["first"], span["last"]
