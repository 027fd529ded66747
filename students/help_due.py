"""Which help waits for a look, and which should have ended."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import DateField, Exists, F, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from accounts.models import User
from students.models import HelpEnd, HelpPlan, ProgressCheck

SOON = dt.timedelta(days=7)


def under_way(user: User) -> QuerySet[Any]:
    """Return the plans of help that has not ended, by the day something is due: the next look or the planned end.

    Each has `last_look`, `next_look` and `due`, None where nothing was agreed.
    """
    of_this = OuterRef("intervention_id")
    looks = ProgressCheck.objects.filter(intervention_id=of_this).order_by("-checked_on")
    next_look = Func(
        Coalesce("last_look", "intervention__started_on"),
        F("check_every_days"),
        template="(%(expressions)s)",
        arg_joiner=" + ",
        output_field=DateField(null=True),
    )
    return (
        HelpPlan.objects.visible_to(user)
        .filter(~Exists(HelpEnd.objects.filter(intervention_id=of_this)))
        .filter(intervention__ended_on=None, intervention__replaced_on=None)
        .annotate(last_look=Subquery(looks.values("checked_on")[:1]))
        .annotate(next_look=next_look)
        .annotate(due=Least("next_look", "due_on"))
        .select_related("intervention", "student", "owner")
        .order_by(F("due").asc(nulls_last=True), "pk")
    )


def due_soon(user: User, *, today: dt.date) -> QuerySet[Any]:
    """Return what is due within the week or late already."""
    return under_way(user).filter(due__lte=today + SOON)
