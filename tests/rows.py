"""Sound rows of any model, made from its fields: tests that walk over all models cover a new one by themselves."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import itertools
import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, School
from students.models import Student

DAY = dt.date(2025, 3, 3)
_numbers = itertools.count(1)

# What no field can tell: values that only together make a row its constraints accept.
TOGETHER: dict[str, dict[str, Any]] = {
    "predictions.RiskScore": {"tier": "review_first", "rank": 1},
    "modeling.TuningStudy": {"method": "optuna"},
    "students.Outcome": {"kind": "continued"},
    "students.AttendanceRecord": {"category": "absent"},
    "accounts.Membership": {"role": "counsellor"},
    "students.ProgressCheck": {"on_track": "yes"},
    "students.HelpKind": {"tier": 2},
    "students.ExitCode": {"kind": "continued"},
    "students.Concern": {"kind": "concern"},
    "students.Note": {"visibility": "all"},
    "students.NoteDraft": {"visibility": "all"},
    "students.HelpEnd": {"happened": "yes"},
    "students.ReengagementCase": {"due_on": DAY, "ending": "", "path": ""},
    "students.CaseStep": {"kind": "noted"},
    "predictions.TeamCapacity": {"n": 12},
    "predictions.Verdict": {"kind": "known"},
}


# Seen and written by their author alone, so that a job sees none: tests that walk over all models leave them out.
OF_THEIR_AUTHOR = frozenset({"students.NoteDraft"})
# Fields that have to be those of another field's row.
SAME_AS = {"predictions.CurrentRisk": {"score": ("run", "student")}}


def student(school: School, **given: Any) -> Student:
    """Add a student at a school."""
    return sound(Student, institution=school.institution, school=school, **given)


def sound(model: type[models.Model], *, institution: Institution, **given: Any) -> Any:
    """Add a row that breaks no constraint; what it points at is made along with it, in the same institution."""
    row = model(**values(model, institution=institution, **given))
    with _as_author(row):
        model._base_manager.bulk_create([row])
    return row


def _as_author(row: Any) -> contextlib.AbstractContextManager[Any]:
    """Work as a note's author where nobody asks: a job writes none that is for others."""
    if row._meta.label not in {*OF_THEIR_AUTHOR, "students.Note"} or scope.current().user_id is not None:
        return contextlib.nullcontext()
    return scope.entered(dataclasses.replace(scope.current(), user_id=row.author_id))


def values(model: type[models.Model], *, institution: Institution, **given: Any) -> dict[str, Any]:
    """Return the fields of such a row."""
    found = TOGETHER.get(model._meta.label, {}) | given
    for of, names in SAME_AS.get(model._meta.label, {}).items():
        if of not in found:
            same = {name: given[name] for name in names if name in given}
            found[of] = sound(model._meta.get_field(of).related_model, institution=institution, **same)  # type: ignore[arg-type]
        found = {name: getattr(found[of], name) for name in names} | found
    for field in model._meta.local_concrete_fields if not model._meta.parents else model._meta.concrete_fields:
        if field.name in found or field.attname in found or isinstance(field, models.AutoField) or field.null:
            continue
        if field.name == "institution":
            found["institution"] = institution
        elif not field.has_default() and not getattr(field, "auto_now_add", False):
            found[field.name] = _value(field, institution)
    return found


def _value(field: models.Field[Any, Any], institution: Institution) -> Any:
    if field.is_relation:
        return sound(field.related_model, institution=institution)  # type: ignore[arg-type]
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.CharField | models.TextField):
        return f"made up {next(_numbers)}"[: field.max_length]
    plain: dict[type, Any] = {
        models.DateField: DAY,
        models.IntegerField: next(_numbers),
        models.FloatField: 0.5,
        models.JSONField: {},
        models.BooleanField: False,
        models.UUIDField: uuid.uuid4(),
        ArrayField: [],
    }
    return next(value for kind, value in plain.items() if isinstance(field, kind))
