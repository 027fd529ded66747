"""The help given to the students a person may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit_log
from accounts.permissions import needs
from students.models import Intervention

SHOWN = 100


@require_GET
@needs("see_students")
def interventions(request: HttpRequest) -> HttpResponse:
    """Show the newest help first."""
    newest = (
        Intervention.objects.visible_to(request.user).select_related("student").order_by("-started_on", "-pk")[:SHOWN]
    )
    rows = [
        {
            "student_name": help_given.student.name,
            "student_url": reverse("student_page", args=[help_given.student.public_id]),
            "kind_label": help_given.get_kind_display(),
            "owner": help_given.owner,
            "started_on": help_given.started_on,
            "ended_on": help_given.ended_on,
            "result": help_given.result or help_given.goal,
        }
        for help_given in newest
    ]
    audit_log.record_request(
        request, "interventions", now=timezone.now(), subjects=[row.student.public_id for row in newest]
    )
    return render(request, "interventions.html", {"interventions": rows})
