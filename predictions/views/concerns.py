"""What staff say of students to each other: raised from the student's page, heard and answered on a page of its own."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import audit_log
from accounts.models import Membership
from accounts.permissions import needs
from predictions.concern_form import CloseForm, ConcernForm
from predictions.views import student_page
from students.models import Concern
from students.people import concerns as said

SHOWN = 50
PARTS = {
    "waiting": gettext_lazy("To me"),
    "raised": gettext_lazy("Raised by me"),
    "answered": gettext_lazy("Answered"),
    "all": gettext_lazy("Everybody's"),
}


@require_POST
@needs("see_students")
def raise_concern(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say something of a student to who looks after them."""
    student = student_page.student_or_404(request, public_id)
    form = ConcernForm(request.POST)
    if form.is_valid():
        try:
            concern = said.raise_concern(student=student, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except said.Refused as refused:
            form.add_error("words", str(refused))
        else:
            told = concern.to.display_name if concern.to else _("the school leads")
            messages.success(request, _("Sent to %(name)s. What comes of it stands under “Concerns”.") % {"name": told})
            return redirect("student_page", public_id=public_id)
    return student_page.page_of(request, student, status=422, concern_form=form)


@require_GET
@needs("see_students")
def concerns(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person, what they said, what came of it; to leads also everybody's."""
    return _page(request, _part(request, request.GET.get("show", "")))


@require_POST
@needs("see_students")
def close_concern(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say what happened; of kudos, that they were seen."""
    membership = request.membership  # type: ignore[attr-defined]
    concern = said.received_by(membership).filter(public_id=public_id).first()
    if concern is None:
        raise Http404
    part = _part(request, request.POST.get("show", ""))
    form = CloseForm(request.POST, prefix=str(concern.public_id))
    if form.is_valid():
        try:
            said.close(concern=concern, words=form.cleaned_data["words"], by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except said.Refused as refused:
            form.add_error("words", str(refused))
        else:
            messages.success(request, _("Kept. Whoever said it reads it."))
            return redirect(_url(part))
    return _page(request, part, form=form, about=concern, status=422)


def _part(request: HttpRequest, wanted: str) -> str:
    """Return a part that the person may read; what waits for them in place of any other."""
    return wanted if wanted in _parts(request.membership) else "waiting"  # type: ignore[attr-defined]


def _parts(membership: Membership) -> dict[str, Any]:
    return {name: label for name, label in PARTS.items() if name != "all" or said.leads(membership)}


def _rows(membership: Membership, part: str, after: str) -> QuerySet[Concern, Any]:
    """Return a part's rows, those after a concern of it where the address names one."""
    of_part = {
        "waiting": said.waiting_for,
        "raised": said.raised_by,
        "answered": said.answered,
        "all": said.received_by,
    }
    rows = of_part[part](membership)
    try:
        last = Concern.objects.filter(public_id=uuid.UUID(after)).first()
    except ValueError:
        return rows
    if last is None or (part == "answered" and last.closed_at is None):
        return rows
    if part == "answered":
        return rows.filter(Q(closed_at__lt=last.closed_at) | Q(closed_at=last.closed_at, pk__lt=last.pk))
    return rows.filter(pk__gt=last.pk) if part == "waiting" else rows.filter(pk__lt=last.pk)


def _page(
    request: HttpRequest, part: str, *, form: CloseForm | None = None, about: Concern | None = None, status: int = 200
) -> HttpResponse:
    membership = request.membership  # type: ignore[attr-defined]
    after = request.GET.get("after", "")
    rows = _rows(membership, part, after)
    found = list(rows.select_related("student", "raised_by", "to").prefetch_related("steps__by")[: SHOWN + 1])
    shown = found[:SHOWN]
    if about and about.pk not in {concern.pk for concern in shown}:
        # What somebody else answered meanwhile stays before whoever typed.
        beside = Concern.objects.filter(pk=about.pk).select_related("student", "raised_by", "to")
        shown = [*beside.prefetch_related("steps__by"), *shown]
    subjects = sorted({concern.student.public_id for concern in shown})
    audit_log.record_request(request, "concerns", now=timezone.now(), subjects=subjects)
    hears_all = said.leads(membership)
    lines = [
        {
            "concern": concern,
            "answers": concern.closed_at is None and (hears_all or concern.to_id == membership.user_id),
            "form": form if about and concern.pk == about.pk else CloseForm(prefix=str(concern.public_id)),
        }
        for concern in shown
    ]
    context = {
        "lines": lines,
        "part": part,
        "tabs": [
            {"label": label, "url": _url(name), "is_on": name == part} for name, label in _parts(membership).items()
        ],
        "first_url": _url(part) if after else "",
        "next_url": _url(part, after=str(shown[-1].public_id)) if len(found) > SHOWN else "",
    }
    return render(request, "concerns.html", context, status=status)


def _url(part: str, **given: str) -> str:
    return f"{reverse('concerns')}?{urlencode({'show': part} | given)}"
