"""The help given to the students a person may see: what waits for a look, and the newest."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit_log
from accounts.permissions import can, needs
from students import help_due, help_kinds
from students import interventions as interventions_of
from students.models import HelpPlan, Intervention

DUE_SHOWN = 40
SHOWN = 60


@require_GET
@needs("see_students")
def interventions(request: HttpRequest) -> HttpResponse:
    """Show what is due first, then the newest help."""
    today = timezone.localdate()
    is_mine = request.GET.get("whose") == "mine"
    due = help_due.due_soon(request.user, today=today)  # type: ignore[arg-type]
    if is_mine:
        due = due.filter(owner_id=request.user.pk)
    plans = list(due[: DUE_SHOWN + 1])
    newest = list(_newest(request))
    kinds = help_kinds.by_code()
    waiting = [_waiting(plan, today, kinds) for plan in plans[:DUE_SHOWN]]
    subjects = {row.student.public_id for row in [*plans[:DUE_SHOWN], *newest]}
    audit_log.record_request(request, "interventions", now=timezone.now(), subjects=sorted(subjects))
    context = {
        "interventions": [_given(help_given, kinds) for help_given in newest],
        "waiting": waiting,
        "n_late": sum(row["is_late"] for row in waiting),
        "has_more": len(plans) > DUE_SHOWN,
        "is_mine": is_mine,
        "can_edit_kinds": can(request.membership, "edit_help_kinds"),  # type: ignore[attr-defined]
    }
    return render(request, "interventions.html", context)


def _newest(request: HttpRequest) -> Any:
    visible = Intervention.objects.visible_to(request.user).select_related("student")
    return interventions_of.with_ends(visible).order_by("-started_on", "-pk")[:SHOWN]


def _given(help_given: Any, kinds: dict[str, help_kinds.KindOfHelp]) -> dict[str, Any]:
    plan = getattr(help_given, "plan", None)
    return {
        "student_name": help_given.student.name,
        "student_url": reverse("student_page", args=[help_given.student.public_id]),
        "url": plan and reverse("help_page", args=[plan.public_id]),
        "kind_label": help_kinds.label(help_given.kind, kinds=kinds),
        "owner": help_given.owner,
        "started_on": help_given.started_on,
        "ended_on": help_given.last_day or help_given.ended_on,
        "result": help_given.last_result or help_given.result or help_given.goal,
    }


def _waiting(plan: HelpPlan, today: dt.date, kinds: dict[str, help_kinds.KindOfHelp]) -> dict[str, Any]:
    due = plan.next_due
    return {
        "student_name": plan.student.name,
        "student_url": reverse("student_page", args=[plan.student.public_id]),
        "url": reverse("help_page", args=[plan.public_id]),
        "kind_label": help_kinds.label(plan.intervention.kind, kinds=kinds),
        "owner": plan.owner.display_name if plan.owner else plan.intervention.owner,
        "due": due,
        "is_late": due is not None and due < today,
        # The planned end and not only a look: the question is whether it really happened.
        "is_end": plan.due_on is not None and due == plan.due_on,
    }
