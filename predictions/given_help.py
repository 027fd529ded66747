"""Help that begins, is looked at and ends, with the list told of it at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from predictions import list_states
from students.help import help_progress, interventions, many_given
from students.help.many_given import Begun
from students.models import HelpEnd, HelpPlan, Intervention, Student


@transaction.atomic
def begin(*, student: Student, now: dt.datetime, **given: Any) -> Intervention:
    """Record help that begins: see `students.help.interventions.begin`."""
    intervention = interventions.begin(student=student, now=now, **given)
    list_states.help_changed([student.pk])
    return intervention


@transaction.atomic
def begin_many(*, begun: Sequence[Begun], by: User, now: dt.datetime) -> list[Intervention]:
    """Record help that begins for several: see `students.help.many_given.begin_many`."""
    new = many_given.begin_many(begun=begun, by=by, now=now)
    list_states.help_changed([intervention.student_id for intervention in new])
    return new


@transaction.atomic
def end(*, plan: HelpPlan, now: dt.datetime, **given: Any) -> HelpEnd:
    """Record how help ended: see `students.help.help_progress.end`."""
    ended = help_progress.end(plan=plan, now=now, **given)
    list_states.help_changed([plan.student_id])
    return ended
