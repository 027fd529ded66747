"""Help that begins, is looked at and ends, with the list told of it at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from predictions import list_states
from students import help_progress, interventions
from students.models import HelpEnd, HelpPlan, Intervention, Student


@transaction.atomic
def begin(*, student: Student, now: dt.datetime, **given: Any) -> Intervention:
    """Record help that begins: see `students.interventions.begin`."""
    intervention = interventions.begin(student=student, now=now, **given)
    list_states.help_changed([student.pk])
    return intervention


@transaction.atomic
def end(*, plan: HelpPlan, now: dt.datetime, **given: Any) -> HelpEnd:
    """Record how help ended: see `students.help_progress.end`."""
    ended = help_progress.end(plan=plan, now=now, **given)
    list_states.help_changed([plan.student_id])
    return ended
