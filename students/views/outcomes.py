"""Recording what became of a student, and correcting it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import audit_log
from accounts.permissions import can, needs
from students.forms import OutcomeForm
from students.models import Outcome, ReengagementCase, Student
from students.outcomes import outcome_words, outcomes_recorded
from students.people import student_merges


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_outcomes")
def student_outcomes(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what was said of one student's outcome, and record or correct it."""
    student = Student.objects.visible_to(request.user).select_related("school").filter(public_id=public_id).first()
    if student is None:
        raise Http404
    if (kept := student_merges.kept_for(student)) is not None:
        return redirect("student_outcomes", public_id=kept.public_id)
    if request.method == "POST":
        return _record(request, student)
    corrects = _outcome(student, request.GET.get("correct", ""))
    return _page(request, student, _form_of(corrects), corrects=corrects)


def _record(request: HttpRequest, student: Student) -> HttpResponse:
    form = OutcomeForm(request.POST)
    corrects = _outcome(student, request.POST.get("corrects", ""))
    if not form.is_valid():
        return _page(request, student, form, corrects=corrects, status=422)
    given = form.cleaned_data | {"corrects": corrects}
    try:
        outcomes_recorded.record(student=student, **given, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except outcomes_recorded.Refused as refused:
        form.add_error("happened_on", str(refused))
    except outcomes_recorded.Overtaken as overtaken:
        # What was typed stays in the form; sent again it corrects what now stands.
        typed = request.POST.copy()
        typed["corrects"] = str(overtaken.standing.pk)
        form.data = typed
        return _page(request, student, form, corrects=overtaken.standing, status=409)
    else:
        messages.success(request, _("Recorded. Trainings to come learn from it."))
        return redirect("student_outcomes", public_id=student.public_id)
    return _page(request, student, form, corrects=corrects, status=422)


def _outcome(student: Student, number: str) -> Outcome | None:
    if not number:
        return None
    outcome = Outcome.objects.filter(student=student, pk=number).first() if number.isdecimal() else None
    if outcome is None:
        raise Http404
    return outcome


def _form_of(corrects: Outcome | None) -> OutcomeForm:
    if corrects is None:
        return OutcomeForm()
    shown = {"exit_code": corrects.exit_code, "happened_on": corrects.happened_on, "evidence": corrects.evidence}
    return OutcomeForm(initial=shown | {"corrects": corrects.pk})


def _page(
    request: HttpRequest, student: Student, form: OutcomeForm, *, corrects: Outcome | None, status: int = 200
) -> HttpResponse:
    audit_log.record_request(request, "student_outcomes", now=timezone.now(), subjects=[student.public_id])
    outcomes = outcomes_recorded.told(student)
    context = {
        "student": student,
        "form": form,
        "corrects": corrects,
        "is_overtaken": status == 409,  # noqa: PLR2004
        "standing": [
            (outcome, outcome_words.counts_as(outcome.kind))
            for outcome in outcomes
            if not hasattr(outcome, "corrected_by")
        ],
        "way_back": _way_back(request, student),
        "corrected": [outcome for outcome in outcomes if hasattr(outcome, "corrected_by")],
    }
    return render(request, "student_outcomes.html", context, status=status)


def _way_back(request: HttpRequest, student: Student) -> ReengagementCase | None:
    """Return the newest case of the student's way back, for whoever may work on it."""
    if not can(request.membership, "work_cases"):  # type: ignore[attr-defined]
        return None
    return ReengagementCase.objects.filter(student=student).order_by("opened_at", "pk").last()
