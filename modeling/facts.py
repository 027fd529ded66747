"""The only door from the model to the students: facts as frames, and what of them may be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import yaml
from django.conf import settings
from django.db import models

from accounts import scope
from modeling.core import catalogue, facts_frames
from modeling.core.facts_frames import FactFrames, InParts
from modeling.core.feature import Feature
from modeling.core.rules import Rule
from modeling.models import RuleSet
from modeling.training.training_config import ConfigRefused
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
    Upload,
)
from students.models.people import Fact
from students.outcomes import outcomes_recorded
from students.records import columnar, packed_rows
from students.records.columnar import Copy

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
# Rows of a kind that a frame may have; about 100 MB. More are read in parts, once per look at them.
MOST_IN_MEMORY = 2_000_000
# What the keys of some students have to fulfil, by Django's lookups; {} for all.
_Some = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an institution's data allows: features, the rule beside the model, the horizon, the days of snapshots."""

    features: list[Feature]
    # The rule in force; only what the records can answer.
    rules: list[Rule]
    horizon_days: int
    has_calendar: bool
    cohort_snapshots: list[dt.date]

    def kept_rules(self) -> list[dict[str, Any]]:
        """Return the rule in force as a list keeps it: with what a school can change about each sign."""
        changeable = {feature.name: feature.changeable for feature in self.features}
        return [asdict(rule) | {"changeable": changeable[rule.feature]} for rule in self.rules]


def frames(*, student_ids: Collection[int] | None = None) -> FactFrames:
    """Return the facts of the institution in scope, or of some of its students only."""
    # The columnar copy holds all schools; some students, or those of some schools, are few and found by index.
    from_copy = columnar.KINDS if student_ids is None and scope.current().school_ids is None else ()
    some: _Some = {} if student_ids is None else {"in": list(student_ids)}
    return _frames({name: columnar.taken(name) for name in from_copy}, some)


def portions(*, n_students: int) -> Iterator[FactFrames]:
    """Yield the facts of the institution in scope, of so many of its students at a time, by their keys.

    Records are those of one moment, however long the reading takes. Nothing of a portion is held here while the next
    one is made.

    :raises ScopeMissing: in a scope of some schools only
    """
    copies, first = {name: columnar.taken(name) for name in columnar.KINDS}, None
    while True:
        some: dict[str, Any] = {} if first is None else {"gte": first}
        stop = _rows("students", some).order_by("pk").values_list("pk", flat=True)[n_students:].first()
        some |= {} if stop is None else {"lt": stop}
        yield _frames({name: copy.of_students(first, stop) for name, copy in copies.items()}, some)
        if stop is None:
            return
        first = stop


def protected_attributes() -> pd.DataFrame:
    """Return the protected attributes in force, for the audit of groups alone: student_id, name, value.

    A code that a cohort's schema has words for is given in words, since people read of groups.
    """
    rows = ProtectedAttribute.objects.order_by("student_id", "name", "known_on")
    listed = list(rows.values_list("student_id", "name", "value"))
    frame = pd.DataFrame.from_records(listed, columns=["student_id", "name", "value"])
    frame = frame.astype({"student_id": "int64", "name": object, "value": object}).drop_duplicates(
        ["student_id", "name"], keep="last", ignore_index=True
    )
    for described in (fields for schema in _schemas() for fields in schema.protected_descriptions()):
        if described["levels"]:
            here = frame["name"] == described["name"]
            frame.loc[here, "value"] = frame.loc[here, "value"].replace(described["levels"])
    return frame


def who_said() -> pd.DataFrame:
    """Return who said each outcome of the institution in scope, by ``outcome_id``.

    ``said_by`` is "staff" or "file", ``is_correction`` whether it corrects an earlier one, ``said_source`` the system
    that told it, and ``said_upload`` the public id of the upload that brought it, "" without one.
    """
    rows = Outcome.every_version.filter(institution_id=scope.current().institution_id)
    asked = {"outcomes": (rows, ["id", "source", "upload_id", "corrects_id"])}
    columns = packed_rows.columns_of(asked, are_any={})["outcomes"]
    uploads = dict(Upload.objects.values_list("pk", "public_id"))
    upload = pd.Series(columns["upload_id"]).map({float(pk): str(public_id) for pk, public_id in uploads.items()})
    source = columns["source"].to_pandas().astype(object)
    is_staff = pd.Series(columns["upload_id"]).isna() & (source == outcomes_recorded.SOURCE)
    said = {
        "said_by": is_staff.map({True: "staff", False: "file"}).astype(object),
        "is_correction": pd.notna(columns["corrects_id"]),
        "said_source": source,
        "said_upload": upload.astype(object).fillna(""),
    }
    return pd.DataFrame(said).set_axis(pd.Index(columns["id"], name="outcome_id"))


def newest_day(known: FactFrames) -> dt.date | None:
    """Return the last day on which anything became known: how far the records reach; None without any."""
    dated = [name for name in _SOURCES if "known_on" in facts_frames.COLUMNS[name]]
    days = [part["known_on"].max() for name in dated for part in known.parts(name)]
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
        described = [catalogue.from_json(fields) for fields in schema.feature_descriptions()]
        features += [feature for feature in described if feature.name not in known]
        known |= {feature.name for feature in described}
    cohorts = list(Cohort.objects.order_by("snapshot_on"))
    flat = not has_calendar and bool(cohorts)
    of_schema = [Rule(**step.model_dump()) for step in schemas[-1].rule] if flat else []
    default = of_schema or configured_rules(rule_name)
    return Terms(
        features=features,
        rules=_asked_of(known, written_rules() or default),
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


def written_rules() -> list[Rule]:
    """Return the rule as somebody of the institution last wrote it; empty where the default holds."""
    newest = RuleSet.objects.first()
    return [Rule(**fields) for fields in newest.rules] if newest else []


def _asked_of(known: Collection[str], rules: list[Rule]) -> list[Rule]:
    """Return the rules whose features the records offer: nobody can meet the others."""
    return [rule for rule in rules if rule.feature in known]


def _schemas() -> list[CohortSchema]:
    return [CohortSchema.from_json(cohort.schema) for cohort in Cohort.objects.order_by("snapshot_on", "pk")]


def _term_features(schemas: list[CohortSchema]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [row for schema in schemas for row in schema.term_features()]
    return pd.DataFrame(rows, columns=["name", "term", "quantity"]) if rows else facts_frames.empty("term_features")


def _frames(copies: Mapping[str, Copy], some: _Some) -> FactFrames:
    copied: dict[str, Any] = {name: _copied(copy) for name, copy in copies.items()}
    read, kept = _from_tables([name for name in _SOURCES if name not in copies], some)
    return FactFrames(**copied, **read, term_features=_term_features(_schemas()), kept=kept)


def _copied(copy: Copy) -> pd.DataFrame | InParts:
    return InParts(read=copy.frames) if copy.n_rows > MOST_IN_MEMORY else copy.frame()


def _from_tables(names: Iterable[str], some: _Some) -> tuple[dict[str, pd.DataFrame], frozenset[str]]:
    """Return the frames of some kinds of record, and those of `_KEPT` among all kinds of which there is any."""
    asked = {name: (_rows(name, some), _stored(name)) for name in names}
    any_of = {f"any of {name}": _SOURCES[name][0]._default_manager.all() for name in _KEPT}
    answer = packed_rows.columns_of(asked, are_any=any_of)
    frames = {name: _frame(name, answer[name]) for name in asked}
    return frames, frozenset(name for name in _KEPT if answer[f"any of {name}"])


def _frame(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    typed = {
        wanted: column.to_pandas() if dtype == "str" else column.astype(dtype, copy=False)
        for (wanted, dtype), column in zip(facts_frames.COLUMNS[name].items(), columns.values(), strict=True)
    }
    return pd.DataFrame(typed, copy=False)


def _stored(name: str) -> list[str]:
    """Return the columns of a frame by their names in the table."""
    model, renamed = _SOURCES[name]
    return [model._meta.pk.attname if renamed.get(column) == "pk" else column for column in facts_frames.COLUMNS[name]]


def _rows(name: str, some: _Some) -> models.QuerySet[Any]:
    model, renamed = _SOURCES[name]
    # Of a fact every version is read: which of them was believed on a day is told by the frames.
    manager = model.every_version if issubclass(model, Fact) else model._default_manager
    rows: models.QuerySet[Any] = manager.filter(institution_id=scope.current().institution_id)
    if "student_id" in facts_frames.COLUMNS[name]:
        key = renamed.get("student_id", "student_id")
        rows = rows.filter(**{f"{key}__{lookup}": value for lookup, value in some.items()})
    return rows


def first_and_last_school_day() -> tuple[dt.date, dt.date]:
    """Return the span of the calendar of the institution in scope."""
    days = SchoolDay.objects.filter(institution_id=scope.current().institution_id)
    span = days.aggregate(first=models.Min("held_on"), last=models.Max("held_on"))
    return span["first"], span["last"]
