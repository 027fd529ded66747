"""One student's page, and recording help from it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit_log
from accounts.permissions import can, needs
from predictions import given_help, student_notes, verdicts
from predictions import student_page as pages
from predictions.concern_form import ConcernForm
from predictions.models import Verdict
from predictions.verdict_form import VerdictForm
from predictions.views.risk_list import maker_url
from students.forms import InterventionForm
from students.models import Student
from students.people import concerns, student_merges
from students.uploads import import_health


def student_or_404(request: HttpRequest, public_id: uuid.UUID) -> Student:
    """Return a student this person may see; anybody else's looks like nobody's."""
    visible = Student.objects.visible_to(request.user).select_related("school", "cohort")
    student = visible.filter(public_id=public_id).first()
    if student is None:
        raise Http404
    # Read with the membership already.
    student.institution = request.membership.institution  # type: ignore[attr-defined]
    return student


@require_GET
@needs("see_students")
def student_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one student; of two who were merged, the kept one."""
    student = student_or_404(request, public_id)
    if (kept := student_merges.kept_for(student)) is not None:
        return redirect("student_page", public_id=kept.public_id)
    return page_of(request, student)


@require_POST
@needs("record_help")
def record_intervention(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record help for one student."""
    student = student_or_404(request, public_id)
    form = InterventionForm(request.POST)
    if not form.is_valid():
        return page_of(request, student, status=422, intervention_form=form)
    given_help.begin(student=student, **form.cleaned_data, by=request.user, now=timezone.now())
    messages.success(request, _("Recorded. It now stands on this student's page."))
    return redirect("student_page", public_id=public_id)


@require_POST
@needs("give_verdicts")
def give_verdict(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say in one click what is right or wrong about a flag."""
    student = student_or_404(request, public_id)
    form = VerdictForm(request.POST)
    if form.is_valid():
        try:
            verdicts.give(student=student, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except verdicts.DayRefused as refused:
            form.add_error("until_on", str(refused))
        except verdicts.Refused as refused:
            form.add_error("reason", str(refused))
        else:
            return _kept(request, student, form.cleaned_data["kind"])
    return page_of(request, student, status=422, verdict_form=form)


def _kept(request: HttpRequest, student: Student, kind: str) -> HttpResponse:
    """Go back to where the button was pressed; from the next page on, one more click takes it back."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = ""
    if kind == Verdict.Kind.TAKEN_BACK:
        messages.success(request, _("Taken back. Nothing is said of %(name)s now.") % {"name": student.name})
    elif back:
        told = {"name": student.name, "verdict": str(Verdict.Kind(kind).label)}
        request.session["verdict_told"] = told | {"student": str(student.public_id), "next": back}
    else:
        messages.success(request, _("Kept. The list respects it from now on."))
    return redirect(back or reverse("student_page", args=[student.public_id]))


def page_of(request: HttpRequest, student: Student, *, status: int = 200, **typed: Any) -> HttpResponse:
    """Show one student's page, with what was typed into its forms, by their names, where it was refused."""
    membership = request.membership  # type: ignore[attr-defined]
    shows_estimates = request.GET.get("estimates") == "1"
    context = pages.page(
        student=student,
        sees_predictions=can(membership, "see_predictions"),
        shows_estimates=shows_estimates,
        today=timezone.localdate(),
    )
    audit_log.record_request(
        request,
        "student_page",
        now=timezone.now(),
        subjects=[student.public_id],
        purpose="estimate shown" if context["score"] and context["score"]["shows_estimates"] else "",
    )
    context |= {
        "maker_url": maker_url(membership, context["score"]),
        "intervention_form": InterventionForm(),
        "intervention_url": reverse("record_intervention", args=[student.public_id]),
        "verdict": verdicts.standing(student),
        "verdict_form": VerdictForm(),
        "can_give_verdicts": can(membership, "give_verdicts") and context["score"] is not None,
        "can_record_help": can(membership, "record_help"),
        "can_record_outcomes": can(membership, "record_outcomes"),
        "data_warnings": import_health.warnings(today=timezone.localdate(), school_id=student.school_id),
        "can_upload": can(membership, "upload_records"),
        "concern_form": ConcernForm(),
        "concern_receiver": concerns.receiver_of(student, raised_by=membership.user, now=timezone.now()),
    }
    context |= student_notes.section(student, user=membership.user, now=timezone.now())
    return render(request, "student_page.html", context | typed, status=status)
