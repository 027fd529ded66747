"""Whose students are whose: given in one step to many, and handed over when somebody leaves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import audit_log
from accounts.models import User
from accounts.permissions import needs
from predictions import caseload_page
from predictions import caseloads as given
from students.forms.caseloads import GiveStudentsForm, HandOverForm
from students.help import carriers
from students.models import Student
from students.people.caseloads import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@needs("assign_students")
def caseloads(request: HttpRequest) -> HttpResponse:
    """Show the students of a school with whose they are; give the ticked ones to somebody."""
    asked = caseload_page.Asked.from_query(request.GET, schools=caseload_page.schools_of(request.membership))  # type: ignore[attr-defined]
    if request.method != "POST":
        return _page(request, asked)
    form = GiveStudentsForm(request.POST, counsellors=_counsellors(asked))
    ticked = Student.objects.visible_to(request.user).filter(public_id__in=caseload_page.ticked(request.POST))
    students = list(ticked.select_related("school"))
    if not students:
        form.add_error(None, _("Tick the students to give."))
    if not form.is_valid():
        return _page(request, asked, form, status=422)
    counsellor = form.cleaned_data["counsellor"]
    try:
        new = given.assign(students=students, counsellor=counsellor, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except Refused as refused:
        form.add_error("counsellor", str(refused))
        return _page(request, asked, form, status=422)
    done = ngettext("%(n)s student is now %(name)s's.", "%(n)s students are now %(name)s's.", len(new))
    messages.success(request, done % {"n": len(new), "name": counsellor.display_name})
    return redirect(asked.url())


@require_http_methods(["GET", "HEAD", "POST"])
@needs("assign_students")
def hand_over(request: HttpRequest) -> HttpResponse:
    """Give all open work of one person to another."""
    membership = request.membership  # type: ignore[attr-defined]
    people = carriers.at_schools(set(), institution_id=membership.institution_id, now=timezone.now())
    holders = caseload_page.holders()
    form = HandOverForm(request.POST or None, holders=holders, counsellors=people)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "hand_over.html", {"form": form, "holders": holders}, status=status)
    try:
        handed = given.hand_over(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except Refused as refused:
        form.add_error("to", str(refused))
        return render(request, "hand_over.html", {"form": form, "holders": holders}, status=422)
    words = {"n": len(handed.students), "help": handed.n_plans, "name": form.cleaned_data["to"].display_name}
    messages.success(request, _("%(name)s has %(n)s more students now, and %(help)s more pieces of help.") % words)
    return redirect("caseloads")


def _counsellors(asked: caseload_page.Asked) -> list[User]:
    if asked.school is None:
        return []
    return carriers.at_schools({asked.school.pk}, institution_id=asked.school.institution_id, now=timezone.now())


def _page(
    request: HttpRequest, asked: caseload_page.Asked, form: GiveStudentsForm | None = None, status: int = 200
) -> HttpResponse:
    counsellors = _counsellors(asked)
    context: dict[str, Any] = caseload_page.page(user=request.user, asked=asked, counsellors=counsellors)  # type: ignore[arg-type]
    audit_log.record_request(
        request, "caseloads", now=timezone.now(), subjects=[row["public_id"] for row in context["rows"]]
    )
    context |= {
        "form": form or GiveStudentsForm(counsellors=counsellors),
        "ticked": set(caseload_page.ticked(request.POST)) if request.method == "POST" else set(),
        "hand_over_url": reverse("hand_over"),
    }
    return render(request, "caseloads.html", context, status=status)
