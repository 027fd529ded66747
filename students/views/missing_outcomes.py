"""The work list of students of whom nobody has said what became of them, and one outcome for several of them."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import audit_log
from accounts.models import School
from accounts.permissions import needs
from students.forms import ManyOutcomesForm
from students.models import Enrolment, Student
from students.outcomes import outcome_checks, outcomes_recorded
from students.outcomes.outcomes_recorded import Said, Why

SHOWN = 50
# More than a page can hold are no mistake of a person.
MOST_TICKED = 2 * SHOWN


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_outcomes")
def missing_outcomes(request: HttpRequest) -> HttpResponse:
    """Show the students who left, or whose year ended, without an outcome on record; record one for several."""
    if request.method != "POST":
        return _page(request, ManyOutcomesForm(offered=[]))
    ticked = _ticked(request)
    form = ManyOutcomesForm(request.POST, offered=[str(student.public_id) for student in ticked])
    if not form.is_valid():
        return _page(request, form, ticked=ticked, status=422)
    given = {name: form.cleaned_data[name] for name in ("exit_code", "happened_on", "evidence")}
    said = [Said(student=student, **given) for student in ticked]
    try:
        outcomes_recorded.record_many(said=said, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except outcomes_recorded.NotAll as not_all:
        sentence = ngettext(
            "Nothing was recorded, as %(n)s student cannot be. See beside the name.",
            "Nothing was recorded, as %(n)s students cannot be. See beside the names.",
            len(not_all.refused),
        )
        form.add_error(None, sentence % {"n": len(not_all.refused)})
        return _page(request, form, ticked=ticked, refused=not_all.refused, status=409)
    done = ngettext("Recorded for %(n)s student.", "Recorded for %(n)s students.", len(said)) % {"n": len(said)}
    messages.success(request, done)
    return redirect(f"{reverse('missing_outcomes')}{_query(_filters(request))}")


def _ticked(request: HttpRequest) -> list[Student]:
    """Return the ticked students whom the person may see, by name; others are as if they were not there."""
    keys = []
    for text in request.POST.getlist("students")[:MOST_TICKED]:
        try:
            keys.append(uuid.UUID(text))
        except ValueError:
            continue
    found = Student.objects.visible_to(request.user).filter(public_id__in=keys)
    return list(found.select_related("school", "institution").order_by("family_name", "given_name", "pk"))


def _filters(request: HttpRequest) -> dict[str, str]:
    """Return the filters of an address that are understood."""
    school, why = request.GET.get("school", ""), request.GET.get("why", "")
    filters = {}
    if school.isascii() and school.isdecimal() and len(school) < 10:  # noqa: PLR2004
        filters["school"] = school
    if why in ("left", "year_ended"):
        filters["why"] = why
    return filters


def _after(request: HttpRequest) -> Student | None:
    """Return the last student of the page before; None, and so the first page, where nobody is seen."""
    try:
        key = uuid.UUID(request.GET.get("after", ""))
    except ValueError:
        return None
    return Student.objects.visible_to(request.user).filter(public_id=key).first()


def _query(given: dict[str, str]) -> str:
    query = QueryDict(mutable=True)
    query.update(given)
    return f"?{query.urlencode()}" if given else ""


def _page(
    request: HttpRequest,
    form: ManyOutcomesForm,
    *,
    ticked: list[Student] | None = None,
    refused: dict[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    filters, after = _filters(request), _after(request)
    found = outcomes_recorded.missing(
        request.user,  # type: ignore[arg-type]
        today=timezone.localdate(),
        most=SHOWN + 1,
        after=after,
        school_id=int(filters["school"]) if "school" in filters else None,
        why=cast("Why | None", filters.get("why")),
    )
    shown, has_more = found[:SHOWN], len(found) > SHOWN
    lines = _lines(shown, ticked or [], refused or {})
    subjects = [line["student"].public_id for line in lines]
    audit_log.record_request(request, "missing_outcomes", now=timezone.now(), subjects=subjects)
    here = filters | ({"after": str(after.public_id)} if after else {})
    beyond = filters | {"after": str(shown[-1].student.public_id)} if has_more else {}
    context = {
        "form": form,
        "lines": lines,
        "n_shown": len(shown),
        "has_more": has_more,
        "action": reverse("missing_outcomes") + _query(here),
        "next_url": _query(beyond),
        "first_url": (_query(filters) or reverse("missing_outcomes")) if after else "",
        "filters": filters,
        "schools": _schools(request),
        "whys": [{"value": "left", "label": _("Left")}, {"value": "year_ended", "label": _("Year is over")}],
    }
    return render(request, "missing_outcomes.html", context, status=status)


def _lines(shown: list[Enrolment], ticked: list[Student], refused: dict[int, str]) -> list[dict[str, Any]]:
    """Return the lines of a page; whoever was ticked stays on it, also where the list has let them go meanwhile."""
    keys = {student.pk for student in ticked}
    listed = {enrolment.student_id for enrolment in shown}
    gone = [student for student in ticked if student.pk not in listed]
    days = {pk: known.last_on for pk, known in outcome_checks.on_record(gone, now=timezone.now()).items()}
    lines = [(student, days[student.pk]) for student in gone]
    lines += [(enrolment.student, enrolment.exited_on) for enrolment in shown]
    return [
        {"student": student, "left_on": left_on, "is_ticked": student.pk in keys, "why": refused.get(student.pk, "")}
        for student, left_on in lines
    ]


def _schools(request: HttpRequest) -> list[dict[str, str]]:
    membership = request.membership  # type: ignore[attr-defined]
    every = School.objects.filter(institution=membership.institution)
    schools = (every if membership.every_school else membership.schools).order_by("name")
    found = [{"value": str(school.pk), "label": school.name} for school in schools]
    return found if len(found) > 1 else []
