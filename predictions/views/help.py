"""One piece of help: how it goes, who carries it until when, and how it ended."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit_log
from accounts.permissions import can, needs
from predictions import given_help
from students.forms import AttendanceGoalForm, HelpEndForm, HelpPlanForm, ProgressForm
from students.help import carriers, help_goals, help_kinds, help_progress
from students.models import HelpPlan


def _plan(request: HttpRequest, public_id: uuid.UUID) -> HelpPlan:
    visible = HelpPlan.objects.visible_to(request.user).select_related("intervention", "student__school", "owner")
    plan = visible.filter(public_id=public_id).first()
    if plan is None:
        raise Http404
    return plan


@require_GET
@needs("see_students")
def help_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one piece of help."""
    return _page(request, _plan(request, public_id))


@require_POST
@needs("record_help")
def check_help(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record a look at it."""
    plan = _plan(request, public_id)
    form = ProgressForm(request.POST)
    if form.is_valid():
        try:
            help_progress.check(plan=plan, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except help_progress.Refused as refused:
            form.add_error("checked_on", str(refused))
        else:
            messages.success(request, _("Recorded. The next look is due as the plan says."))
            return redirect("help_page", public_id=public_id)
    return _page(request, plan, status=422, refused=form)


@require_POST
@needs("record_help")
def end_help(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record how it ended."""
    plan = _plan(request, public_id)
    form = HelpEndForm(request.POST)
    if form.is_valid():
        try:
            given_help.end(plan=plan, **form.cleaned_data, by=request.user, now=timezone.now())
        except help_progress.Refused as refused:
            form.add_error("ended_on", str(refused))
        else:
            messages.success(request, _("Recorded. What came of it stands here and on the student's page."))
            return redirect("help_page", public_id=public_id)
    return _page(request, plan, status=422, refused=form)


@require_POST
@needs("record_help")
def change_help_plan(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change who carries it, until when, how often it is looked at."""
    plan = _plan(request, public_id)
    form = HelpPlanForm(request.POST, carriers=carriers.of(plan.student, now=timezone.now()))
    if form.is_valid():
        try:
            help_progress.change_plan(plan=plan, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except help_progress.Refused as refused:
            form.add_error("due_on", str(refused))
        except help_progress.Overtaken as overtaken:
            return _shown_again(request, overtaken.standing, form)
        else:
            messages.success(request, _("The plan is changed."))
            return redirect("help_page", public_id=public_id)
    return _page(request, plan, status=422, refused=form)


@require_POST
@needs("record_help")
def set_help_goal(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say how much of school is to be attended by when."""
    plan = _plan(request, public_id)
    form = AttendanceGoalForm(request.POST)
    if form.is_valid():
        try:
            help_progress.set_attendance_goal(plan=plan, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except help_progress.Refused as refused:
            form.add_error("by_day", str(refused))
        except help_progress.Overtaken as overtaken:
            return _shown_again(request, overtaken.standing, form)
        else:
            messages.success(request, _("The goal is kept."))
            return redirect("help_page", public_id=public_id)
    return _page(request, plan, status=422, refused=form)


def _shown_again(request: HttpRequest, standing: HelpPlan, form: forms.Form) -> HttpResponse:
    """Keep what was typed in the form; sent again it goes on from the plan that now stands."""
    typed = request.POST.copy()
    typed[form.add_prefix("version")] = str(standing.version)
    form.data = typed
    return _page(request, standing, status=409, refused=form)


def _page(
    request: HttpRequest, plan: HelpPlan, *, status: int = 200, refused: forms.Form | None = None
) -> HttpResponse:
    """Show the page; a form that was refused stands in the place of its own."""
    membership = request.membership  # type: ignore[attr-defined]
    help_given = plan.intervention
    looks = list(help_given.checks.select_related("by"))
    ends = list(help_given.ends.select_related("by"))
    is_overtaken = status == 409  # noqa: PLR2004
    audit_log.record_request(request, "help_page", now=timezone.now(), subjects=[plan.student.public_id])
    context: dict[str, Any] = {
        "plan": plan,
        "help": help_given,
        "student": plan.student,
        "kind_label": help_kinds.label(help_given.kind),
        "looks": looks,
        "ends": ends,
        "standing": help_goals.standing(plan, today=timezone.localdate()),
        "can_record_help": can(membership, "record_help"),
        "is_overtaken": is_overtaken and isinstance(refused, HelpPlanForm),
        "is_goal_refused": isinstance(refused, AttendanceGoalForm),
        "is_goal_overtaken": is_overtaken and isinstance(refused, AttendanceGoalForm),
        "look_form": refused if isinstance(refused, ProgressForm) else ProgressForm(),
        "end_form": refused if isinstance(refused, HelpEndForm) else HelpEndForm(),
    }
    if context["can_record_help"]:
        context |= _forms_of(plan, refused)
    return render(request, "help_page.html", context, status=status)


def _forms_of(plan: HelpPlan, refused: forms.Form | None) -> dict[str, forms.Form]:
    """Return the forms that go on from the plan as it stands, with its version."""
    goal = {"percent": plan.attendance_goal, "by_day": plan.attendance_goal_by, "version": plan.version}
    if isinstance(refused, HelpPlanForm):
        planned = refused
    else:
        shown = {name: getattr(plan, name) for name in ("due_on", "check_every_days", "version")}
        able = carriers.of(plan.student, now=timezone.now())
        planned = HelpPlanForm(initial=shown | {"owner": plan.owner_id}, carriers=able)
    return {
        "plan_form": planned,
        "goal_form": refused if isinstance(refused, AttendanceGoalForm) else AttendanceGoalForm(initial=goal),
    }
