"""One kind of help that begins for many students at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import audit_log
from accounts.permissions import needs
from predictions import caseload_page, given_help
from students.forms import InterventionForm
from students.help.many_given import Begun, NotAll
from students.models import Student

MOST_REASONS = 5


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_help")
def help_many(request: HttpRequest) -> HttpResponse:
    """Show one's own students, else those of a school; record help for the ticked ones, for all of them or none."""
    asked = caseload_page.Asked.from_query(
        request.GET,
        schools=caseload_page.schools_of(request.membership),  # type: ignore[attr-defined]
        page="help_many",
        begins_with=caseload_page.begins_with(request.user),  # type: ignore[arg-type]
    )
    if request.method != "POST":
        return _page(request, asked, InterventionForm())
    form = InterventionForm(request.POST)
    students = _students(request, form)
    if not form.is_valid():
        return _page(request, asked, form, status=422)
    begun = [Begun(student=student, **form.cleaned_data) for student in students]
    try:
        new = given_help.begin_many(begun=begun, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except NotAll as refusal:
        _say_why(form, refusal, students)
        return _page(request, asked, form, status=422)
    messages.success(request, _done(len(new), len(students) - len(new)))
    return redirect(asked.url(asked.place))


def _students(request: HttpRequest, form: InterventionForm) -> list[Student]:
    """Return the ticked students; the form says so where nobody is ticked, or somebody is not here any more."""
    ticked = caseload_page.ticked(request.POST)
    seen = Student.objects.visible_to(request.user).filter(public_id__in=ticked)
    students = list(seen.select_related("school", "institution").order_by("pk"))
    if not ticked:
        form.add_error(None, _("Nobody is ticked. Tick the students who get this help."))
    elif len(students) < len(ticked):
        gone = _("Somebody you ticked is not here any more. Look at the list again; nothing was recorded.")
        form.add_error(None, gone)
    return students


def _say_why(form: InterventionForm, refusal: NotAll, students: list[Student]) -> None:
    refused = [(student.name, refusal.refused[student.pk]) for student in students if student.pk in refusal.refused]
    form.add_error(None, _("Nothing was recorded, since it cannot be for everybody you ticked."))
    for name, why in refused[:MOST_REASONS]:
        form.add_error(None, f"{name}: {why}")
    if (n := len(refused) - MOST_REASONS) > 0:
        form.add_error(None, ngettext("And %(n)s more.", "And %(n)s more.", n) % {"n": n})


def _done(n_new: int, n_stands: int) -> str:
    if not n_new:
        return _("All of this is on record already.")
    done = ngettext("Recorded for %(n)s student.", "Recorded for %(n)s students.", n_new) % {"n": n_new}
    if not n_stands:
        return done
    had = ngettext("%(n)s had it already.", "%(n)s had it already.", n_stands) % {"n": n_stands}
    return f"{done} {had}"


def _page(
    request: HttpRequest, asked: caseload_page.Asked, form: InterventionForm, *, status: int = 200
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = caseload_page.page(user=user, asked=asked, counsellors=[user])  # type: ignore[arg-type, list-item]
    subjects = [row["public_id"] for row in context["rows"]]
    audit_log.record_request(request, "help_many", now=timezone.now(), subjects=subjects)
    context |= {"form": form, "ticked": set(caseload_page.ticked(request.POST))}
    return render(request, "help_many.html", context, status=status)
