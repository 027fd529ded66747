"""Incidents of an Ed-Fi export: one row per student and incident, with what was done about it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch
from students.importing.edfi_descriptors import code, entries, removes_from_school
from students.importing.edfi_resources import SEPARATOR, Resources

INCIDENTS = "disciplineIncidents"
BEHAVIORS = "studentDisciplineIncidentBehaviorAssociations"
OLDER_BEHAVIORS = "studentDisciplineIncidentAssociations"
ACTIONS = "disciplineActions"
_LONGEST = 60
_KEY = ["student", "incident"]
_HEADERS = {
    "student_id": "studentUniqueId",
    "school_id": "schoolId",
    "happened_on": "incidentDate",
    "code": "behaviorDescriptor",
    "action": "disciplineDescriptor",
    "days_removed": "actualDisciplineActionLength",
    "source_id": "incidentIdentifier",
}


def discipline(resources: Resources, *, ledger: BatchLedger) -> Iterator[Batch]:
    """Yield the incidents with the students who took part, and actions that name no incident."""
    if not resources.names & {BEHAVIORS, OLDER_BEHAVIORS, ACTIONS}:
        return
    actions = _actions(resources)
    by_incident = (
        actions.explode("incident")
        .filter(pl.col("incident") != "")
        .group_by(_KEY)
        .agg(_joined("words").alias("action"), pl.col("days").sum().alias("days_removed"))
    )
    for name in (BEHAVIORS, OLDER_BEHAVIORS):
        if name in resources.names:
            rows = _with_incident(_taking_part(resources, name), resources, ledger)
            rows = rows.join(by_incident, on=_KEY, how="left", maintain_order="left")
            yield ledger.batch("discipline", _as_records(rows.rename({"incident": "source_id"})), headers=_HEADERS)
    alone = actions.filter(pl.col("incident").list.join("") == "")
    if len(alone):
        # The action is all that is known: it stands for the incident.
        rows = alone.with_columns(
            pl.col("words").alias("code"), pl.col("words").alias("action"), pl.col("days").alias("days_removed")
        ).rename({"id": "source_id"})
        headers = {**_HEADERS, "happened_on": "disciplineDate", "source_id": "disciplineActionIdentifier"}
        yield ledger.batch("discipline", _as_records(rows), headers=headers)


def _joined(column: str) -> pl.Expr:
    return pl.col(column).drop_nulls().unique(maintain_order=True).str.join("; ").str.slice(0, _LONGEST)


def _taking_part(resources: Resources, name: str) -> pl.DataFrame:
    """Return one row per student and incident: an incident has one number, however many things happened in it."""
    rows = resources.table(name).with_columns(code(pl.col("behaviors")).str.replace_all(SEPARATOR, "; ").alias("code"))
    has_key = pl.all_horizontal(pl.col(_KEY).is_not_null())
    grouped = (
        rows.filter(has_key)
        .group_by(_KEY, maintain_order=True)
        .agg(pl.col("school").first(), _joined("code"), pl.col("file").first(), pl.col("line").first())
    )
    # Rows without a number or a student go on as they are, to be named as faults one by one.
    return pl.concat([grouped, rows.filter(~has_key).select(grouped.columns)])


def _with_incident(rows: pl.DataFrame, resources: Resources, ledger: BatchLedger) -> pl.DataFrame:
    incidents = resources.table(INCIDENTS).select("incident", "school", "day", pl.lit(value=True).alias("is_listed"))
    incidents = incidents.unique(["incident", "school"], keep="last")
    found = rows.join(incidents, on=["incident", "school"], how="left", maintain_order="left")
    lost = found.filter(pl.col("is_listed").is_null() & pl.col("incident").is_not_null())
    for (file,), of_file in lost.partition_by("file", as_dict=True).items():
        ledger.note(
            faults=faults_of(
                of_file, file=str(file), column="incidentIdentifier", value="incident", problem="edfi_unknown_incident"
            )
        )
    return found.filter(pl.col("is_listed").is_not_null() | pl.col("incident").is_null())


def _actions(resources: Resources) -> pl.DataFrame:
    """Return what was done: ``student``, ``incident`` (list), ``id``, ``words``, ``days`` that it removes, ``day``."""
    rows = resources.table(ACTIONS)
    words = code(pl.col("disciplines"))
    rows = rows.with_columns(words.alias("disciplines"), words.str.replace_all(SEPARATOR, "; ").alias("words"))
    removing = {text: removes_from_school(text) for text in rows["disciplines"].drop_nulls().unique().to_list()}
    removes = pl.col("disciplines").replace_strict(removing, default=False, return_dtype=pl.Boolean())
    length = pl.coalesce("length", "planned").cast(pl.Float64(), strict=False).clip(lower_bound=0)
    return rows.select(
        "student",
        "school",
        entries(pl.coalesce("incidents", "older_incidents")).list.unique(maintain_order=True).alias("incident"),
        pl.col("action").alias("id"),
        pl.col("words").str.slice(0, _LONGEST),
        pl.when(removes).then(length).otherwise(0.0).alias("days"),
        "day",
        "file",
        "line",
    )


def _as_records(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col("student").alias("student_id"),
        pl.col("school").alias("school_id"),
        pl.col("day").alias("happened_on"),
        "code",
        "action",
        "days_removed",
        "source_id",
        "file",
        "line",
    )
