"""Store the frames of a simulated district: ids become rows, and every fact keeps the day it became known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from django.db import connection, models

from accounts import scope
from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from students.changes import bulk_load
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
from students.records import columnar

Frames = Mapping[str, pd.DataFrame]

FACT_COLUMNS: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "enrolments": (
        Enrolment,
        ("school_id", "grade_level", "entered_on", "exited_on", "exit_reason", "known_on", "exit_known_on"),
    ),
    "attendance": (AttendanceRecord, ("school_id", "held_on", "category", "excused", "n_sessions", "known_on")),
    "grades": (
        GradeRecord,
        ("school_id", "awarded_on", "course", "term", "value", "scale_max")
        + ("credits_attempted", "credits_earned", "core", "known_on", "source_id"),
    ),
    "discipline": (
        DisciplineIncident,
        ("school_id", "happened_on", "code", "action", "days_removed", "known_on", "source_id"),
    ),
    "interventions": (
        Intervention,
        ("kind", "goal", "started_on", "ended_on", "owner", "result", "known_on", "source_id"),
    ),
    "attributes": (StudentAttribute, ("name", "value", "known_on")),
    "protected": (ProtectedAttribute, ("name", "value", "known_on")),
}

TEXT_COLUMNS = ("grade_level", "exit_reason", "action", "owner", "goal", "result", "course", "term", "source_id")


class AlreadyStored(Exception):
    """The file brings students the institution already has."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the facts came from, as every row keeps it."""

    institution: Institution
    upload: Upload | None
    cohort: Cohort | None
    source: str
    by: User | None
    now: dt.datetime


def store(
    *,
    frames: Frames,
    provenance: Provenance,
    on_progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> dict[str, int]:
    """Write every frame within the caller's transaction and scope, and return the rows written per frame.

    :raises AlreadyStored: if one of the students is stored already
    """
    institution = provenance.institution
    if scope.current().institution_id != institution.pk:
        raise scope.ScopeMissing("The facts belong to another institution than the work in hand.")
    schools = _schools(frames["schools"], institution)
    total = sum(len(frame) for frame in frames.values())
    students = _students(frames, schools, provenance)
    counts = {"students": len(students)}
    _calendar(frames, institution)
    done = len(students)
    for name, (model, columns) in FACT_COLUMNS.items():
        frame = frames.get(name)
        if frame is None or frame.empty:
            continue
        on_progress(done, total, name)
        counts[name] = bulk_load.append(model, _facts(frame, columns, students, schools, provenance))
        done += len(frame)
    if not frames["outcomes"].empty:
        counts["outcomes"] = _outcomes(frames["outcomes"], students, provenance)
    columnar.mark_stale(institution, {name: _months(frames[name], name) for name in columnar.KINDS if name in frames})
    on_progress(total, total, "")
    return counts


def _months(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[columnar.KINDS[name].happened].dt.to_period("M").drop_duplicates().dt.start_time


def _schools(frame: pd.DataFrame, institution: Institution) -> pd.Series:
    """Return the primary key of every school by its external id, made where it is new."""
    known = dict(institution.schools.values_list("external_id", "pk"))
    for row in frame.itertuples():
        if str(row.school_id) not in known:
            made = School.objects.create(institution=institution, external_id=str(row.school_id), name=str(row.name))
            known[made.external_id] = made.pk
    return pd.Series(known, dtype="int64")


def _students(frames: Frames, schools: pd.Series, provenance: Provenance) -> pd.Series:
    """Add the students at the school of their newest enrolment; return their primary keys by external id."""
    frame = frames["students"]
    external_ids = frame["student_id"].astype(str)
    _refuse_known(external_ids, provenance.institution)
    newest = frames["enrolments"].sort_values("entered_on").drop_duplicates("student_id", keep="last")
    newest = newest.set_index("student_id").reindex(frame["student_id"])
    ids = _new_ids(Student, len(frame))
    rows = pd.DataFrame(
        {
            "id": ids,
            "institution_id": provenance.institution.pk,
            "public_id": [str(new_public_id()) for _ in range(len(frame))],
            "external_id": external_ids.to_numpy(),
            "school_id": schools.reindex(newest["school_id"].astype(str)).to_numpy(),
            "cohort_id": provenance.cohort.pk if provenance.cohort else None,
            "given_name": frame["given_name"].fillna("").to_numpy(),
            "family_name": frame["family_name"].fillna("").to_numpy(),
            "grade_level": newest["grade_level"].fillna("").astype(str).to_numpy(),
            "birth_on": frame["birth_on"].to_numpy(),
            "known_on": frame["known_on"].to_numpy(),
            "upload_id": provenance.upload.pk if provenance.upload else None,
        }
    )
    bulk_load.append(Student, rows)
    return pd.Series(ids, index=external_ids.to_numpy(), dtype="int64")


def _refuse_known(external_ids: pd.Series, institution: Institution) -> None:
    stored = Student._base_manager.filter(institution=institution, external_id__in=external_ids.tolist())
    known = list(stored.values_list("external_id", flat=True).order_by("external_id")[:3])
    if known:
        raise AlreadyStored(
            f"{stored.count()} of the {len(external_ids)} students in this file are here already "
            f"(for example {', '.join(known)}). Upload only students that are new."
        )


def _new_ids(model: type[models.Model], n: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [model._meta.db_table, n]
        )
        return [row[0] for row in cursor.fetchall()]


def _calendar(frames: Frames, institution: Institution) -> None:
    days = frames.get("school_days")
    if days is not None and not days.empty:
        rows = [SchoolDay(institution=institution, held_on=day.date()) for day in days["held_on"]]
        SchoolDay.objects.bulk_create(rows, ignore_conflicts=True)
    terms = frames.get("terms")
    if terms is not None and not terms.empty:
        fields = ("school_year", "term", "starts_on", "ends_on")
        made = [
            Term(institution=institution, **{name: getattr(row, name) for name in fields}) for row in terms.itertuples()
        ]
        Term.objects.bulk_create(made, ignore_conflicts=True)


def _facts(
    frame: pd.DataFrame, columns: tuple[str, ...], students: pd.Series, schools: pd.Series, provenance: Provenance
) -> pd.DataFrame:
    rows = frame[[name for name in columns if name in frame.columns]].copy()
    if "school_id" in rows:
        rows["school_id"] = schools.reindex(frame["school_id"].astype(str)).to_numpy()
    rows["student_id"] = students.reindex(frame["student_id"].astype(str)).to_numpy()
    rows["institution_id"] = provenance.institution.pk
    if provenance.upload:
        rows["upload_id"] = provenance.upload.pk
    # The database knows no defaults of ours, so columns a format does not bring are filled here.
    texts = [name for name in columns if name in TEXT_COLUMNS]
    return rows.assign(**{name: "" for name in texts if name not in rows}).fillna(
        {name: "" for name in texts if name in rows}
    )


def _outcomes(frame: pd.DataFrame, students: pd.Series, provenance: Provenance) -> int:
    """Add outcomes with ids of our own, so that a correction keeps pointing at what it corrects."""
    ids = pd.Series(_new_ids(Outcome, len(frame)), index=frame["outcome_id"].to_numpy())
    extra: dict[str, Any] = {
        "id": ids.to_numpy(),
        "corrects_id": frame["corrects_id"].map(ids).astype("Int64"),
        "source": provenance.source,
        "recorded_by_id": provenance.by.pk if provenance.by else None,
        "recorded_at": provenance.now,
    }
    columns = ("kind", "exit_code", "happened_on", "known_on", "source_id")
    rows = _facts(frame, columns, students, pd.Series(dtype="int64"), provenance)
    return bulk_load.append(Outcome, rows.assign(**extra))
