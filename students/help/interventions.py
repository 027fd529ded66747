"""Help for students: what begins, who carries it, until when, and how often it is looked at."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from accounts import audit_log
from accounts.models import ApiClient, User
from students.help import help_due, help_kinds
from students.models import HelpEnd, HelpPlan, Intervention, Student


@transaction.atomic
def begin(  # noqa: PLR0913
    *, student: Student, kind: str, started_on: dt.date, goal: str, by: User | ApiClient, now: dt.datetime
) -> Intervention:
    """Record that help has begun, owned by whoever records it, planned as is usual for its kind.

    Recorded twice, it stands once. Another system carries nothing: its name stands there until somebody takes it on.
    """
    user = by if isinstance(by, User) else None
    # One row of the student orders whoever records at the same time: nothing else keeps two from finding nothing.
    Student.objects.select_for_update(no_key=True, of=("self",)).get(pk=student.pk)
    intervention, is_new = Intervention.objects.get_or_create(
        institution_id=student.institution_id,
        student=student,
        kind=kind,
        started_on=started_on,
        goal=goal,
        owner=by.display_name if isinstance(by, User) else by.name,
        defaults={"recorded_by": user, "known_on": max(started_on, student.institution.day_of(now))},
    )
    if is_new:
        planned(intervention, usual=help_kinds.by_code().get(kind), by=user, now=now).save(force_insert=True)
        audit_log.record(action="intervention_begun", by=by, now=now, subjects=[student.public_id])
    return intervention


def planned(
    intervention: Intervention, *, usual: help_kinds.KindOfHelp | None, by: User | None, now: dt.datetime
) -> HelpPlan:
    """Return the plan of help that has just begun, as is usual for its kind; it is not kept yet."""
    started_on = intervention.started_on
    plan = HelpPlan(
        institution_id=intervention.institution_id,
        student_id=intervention.student_id,
        intervention=intervention,
        owner=by,
        due_on=started_on + dt.timedelta(days=usual.usual_days) if usual else None,
        check_every_days=usual.check_every_days if usual else None,
        created_at=now,
        created_by=by,
    )
    plan.next_due = help_due.due_after(plan, started_on)
    return plan


def last_day(given: Intervention) -> dt.date | None:
    """Return the day on which help ended, as it was last told; None while it goes on."""
    told = next(iter(given.ends.all()), None)
    return told.ended_on if told else given.ended_on


def last_result(given: Intervention) -> str:
    """Return what came of help, as it was last told; "" where nobody said."""
    told = next(iter(given.ends.all()), None)
    return told.result if told and told.result else given.result


def with_ends(given: QuerySet[Intervention]) -> QuerySet[Any]:
    """Add to each piece of help its plan, and its `last_day` and `last_result` as its end was last told, else None."""
    ends = HelpEnd.objects.filter(intervention_id=OuterRef("pk")).order_by("-at", "-pk")
    return given.select_related("plan").annotate(
        last_day=Subquery(ends.values("ended_on")[:1]), last_result=Subquery(ends.values("result")[:1])
    )
