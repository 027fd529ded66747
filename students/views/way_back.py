"""Cases of students who left: the queue, one case and its steps, and by when each step is due."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit_log
from accounts.permissions import can, needs
from students.forms.way_back import STEP_FORMS, CaseOwnerForm, DeadlinesForm
from students.help import carriers
from students.models import CaseState, ReengagementCase
from students.outcomes import exit_reasons, way_back_deadlines, way_back_queue
from students.outcomes import way_back as ways
from students.outcomes.way_back_queue import Filters

# The step that each state asks for.
_NEXT = {
    CaseState.FINDING_OUT: "found",
    CaseState.PLANNING: "plan",
    CaseState.RETURNING: "back",
    CaseState.FOLLOWING: "look",
}


@require_GET
@needs("work_cases")
def way_back(request: HttpRequest) -> HttpResponse:
    """Show the cases that wait, the longest late first."""
    filters = Filters.from_query(request.GET, user=request.user)  # type: ignore[arg-type]
    queue = way_back_queue.queue(user=request.user, filters=filters, today=timezone.localdate())  # type: ignore[arg-type]
    audit_log.record_request(request, "way_back", now=timezone.now(), subjects=queue["subjects"])
    may_set = can(request.membership, "set_case_deadlines")  # type: ignore[attr-defined]
    return render(request, "way_back.html", {"queue": queue, "can_set_deadlines": may_set})


@require_GET
@needs("work_cases")
def way_back_case(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one case."""
    return _page(request, _case(request, public_id))


@require_POST
@needs("work_cases")
def record_case_step(request: HttpRequest, public_id: uuid.UUID, step: str) -> HttpResponse:
    """Record a step of one case: what was found, planned or seen, or how it ended."""
    case = _case(request, public_id)
    if step not in STEP_FORMS:
        raise Http404
    form = STEP_FORMS[step](request.POST)
    if not form.is_valid():
        return _page(request, case, status=422, refused=form)
    version = form.cleaned_data["version"]
    try:
        ways.record(case=case, told=form.told(), version=version, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except ways.Refused as refused:
        form.add_error(None, str(refused))
    except ways.Overtaken as overtaken:
        return _overtaken(request, overtaken, form)
    else:
        messages.success(request, _("Recorded. What is to do next stands here, with its day."))
        return redirect("way_back_case", public_id=public_id)
    return _page(request, case, status=422, refused=form)


@require_POST
@needs("work_cases")
def give_case(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give one case to somebody."""
    case = _case(request, public_id)
    form = CaseOwnerForm(request.POST, carriers=carriers.of(case.student, now=timezone.now()))
    if not form.is_valid():
        return _page(request, case, status=422, refused=form)
    try:
        ways.give(case=case, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except ways.Overtaken as overtaken:
        return _overtaken(request, overtaken, form)
    messages.success(request, _("Given. It stands in their queue."))
    return redirect("way_back_case", public_id=public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("set_case_deadlines")
def case_deadlines(request: HttpRequest) -> HttpResponse:
    """Show and change by when each step is due."""
    form = DeadlinesForm(request.POST) if request.method == "POST" else DeadlinesForm.of(way_back_deadlines.standing())
    if request.method != "POST":
        return render(request, "way_back_deadlines.html", {"form": form})
    if not form.is_valid():
        return render(request, "way_back_deadlines.html", {"form": form}, status=422)
    days = {name: n for name, n in form.cleaned_data.items() if name != "version"}
    version = form.cleaned_data["version"]
    try:
        way_back_deadlines.change(days=days, version=version, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except way_back_deadlines.Overtaken as overtaken:
        _let_go_on(request, form, overtaken.standing.version)
        context = {"form": form, "standing": DeadlinesForm.of(overtaken.standing), "is_overtaken": True}
        return render(request, "way_back_deadlines.html", context, status=409)
    messages.success(request, _("Saved. Steps that begin from now on have these days."))
    return redirect("case_deadlines")


def _case(request: HttpRequest, public_id: uuid.UUID) -> ReengagementCase:
    visible = ReengagementCase.objects.visible_to(request.user)
    case = visible.select_related("student__school", "owner", "outcome").filter(public_id=public_id).first()
    if case is None:
        raise Http404
    return case


def _let_go_on(request: HttpRequest, form: forms.Form, version: int) -> None:
    """Keep what was typed; sent again it goes on from what now stands."""
    typed = request.POST.copy()
    typed[form.add_prefix("version")] = str(version)
    form.data = typed


def _overtaken(request: HttpRequest, overtaken: ways.Overtaken, form: forms.Form) -> HttpResponse:
    _let_go_on(request, form, overtaken.standing.version)
    case = _case(request, overtaken.standing.public_id)
    return _page(request, case, status=409, refused=form)


def _page(
    request: HttpRequest, case: ReengagementCase, *, status: int = 200, refused: forms.Form | None = None
) -> HttpResponse:
    now = timezone.now()
    audit_log.record_request(request, "way_back_case", now=now, subjects=[case.student.public_id])
    steps = list(case.steps.select_related("by", "given_to"))
    shown: dict[str, Any] = {"version": case.version}
    named: dict[str, forms.Form] = {name: form(initial=shown) for name, form in STEP_FORMS.items()}
    named["owner"] = CaseOwnerForm(initial=shown | {"owner": case.owner}, carriers=carriers.of(case.student, now=now))
    if refused is not None:
        named[str(refused.prefix)] = refused
    following = _NEXT.get(CaseState(case.state), "")
    # What was typed for a step that somebody else has done meanwhile is not lost.
    fits = {following, "note", "end", "owner"} | ({"back"} if following in ("found", "plan") else set())
    context = {
        "case": case,
        "student": case.student,
        "next": following,
        "forms": named,
        "steps": [{"step": step, "reason": exit_reasons.label(step.reason) if step.reason else ""} for step in steps],
        "is_late": case.due_on is not None and case.due_on < timezone.localdate(),
        "is_overtaken": status == 409,  # noqa: PLR2004
        "not_fitting": refused if refused is not None and refused.prefix not in fits else None,
        "n_checks": way_back_deadlines.N_CHECKS,
        "refused": str(refused.prefix) if refused is not None else "",
    }
    return render(request, "way_back_case.html", context, status=status)
