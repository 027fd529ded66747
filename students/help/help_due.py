"""Which help waits for a look, and which should have ended."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max, QuerySet

from accounts.models import User
from students.models import HelpEnd, HelpPlan, ProgressCheck

SOON = dt.timedelta(days=7)


def due_soon(user: User, *, today: dt.date) -> QuerySet[HelpPlan]:
    """Return the plans of help that has not ended of which something is due within the week or late already."""
    return (
        HelpPlan.objects.visible_to(user)
        .filter(next_due__lte=today + SOON)
        .filter(intervention__ended_on=None, intervention__replaced_on=None)
        .select_related("intervention", "student", "owner")
        .order_by("next_due", "pk")
    )


def next_due(plan: HelpPlan) -> dt.date | None:
    """Return the day of the next look or of the planned end, whichever is first; None where neither is to come."""
    if HelpEnd.objects.filter(intervention_id=plan.intervention_id).exists():
        return None
    looks = ProgressCheck.objects.filter(intervention_id=plan.intervention_id).aggregate(last=Max("checked_on"))
    return due_after(plan, looks["last"] or plan.intervention.started_on)


def due_after(plan: HelpPlan, last: dt.date) -> dt.date | None:
    """Return what is due next of help that was last looked at, or begun, on a day and has not ended."""
    days = [plan.due_on]
    if plan.check_every_days is not None:
        days.append(last + dt.timedelta(days=plan.check_every_days))
    return min((day for day in days if day is not None), default=None)


def keep(plan: HelpPlan) -> None:
    """Write down when something is due next, in the transaction that changed it."""
    plan.next_due = next_due(plan)
    plan.save(update_fields=["next_due"])
