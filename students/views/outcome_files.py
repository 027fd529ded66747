"""Outcomes by CSV: what each line would record, shown before anything is, and the lines that cannot be given back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import audit_log
from accounts.permissions import needs
from students import outcome_codes, outcome_files
from students.forms import OutcomeFileForm
from students.importing.file_errors import FileRefused
from students.outcome_files import CheckedLine

if TYPE_CHECKING:
    from students.importing.outcome_lines import OutcomeLine


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_outcomes")
def outcome_file(request: HttpRequest) -> HttpResponse:
    """Take a CSV of outcomes, show what it would record, and record it once somebody says so."""
    if request.method != "POST":
        return _page(request, OutcomeFileForm())
    if "lines" in request.POST:
        return _confirmed(request)
    form = OutcomeFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    file, now = form.cleaned_data["file"], timezone.now()
    institution = request.membership.institution  # type: ignore[attr-defined]
    try:
        lines = outcome_files.read(file.chunks(), file.name, institution=institution, now=now)
    except FileRefused as refusal:
        form.add_error("file", str(refusal))
        return _page(request, form, status=422)
    return _shown(request, lines)


def _confirmed(request: HttpRequest) -> HttpResponse:
    try:
        lines, offered = _opened(request)
    except signing.BadSignature:
        return _page(request, OutcomeFileForm(), {"is_too_old": True}, status=422)
    if request.POST.get("do") == "refused":
        return _given_back(request, lines)
    try:
        recorded = outcome_files.record(lines, offered=offered, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except outcome_files.Changed:
        return _shown(request, lines, has_changed=True, status=409)
    n = len(recorded)
    done = ngettext("Recorded for %(n)s student.", "Recorded for %(n)s students.", n) % {"n": n}
    messages.success(request, done if recorded else _("All of this is on record already."))
    left = [one for one in lines if one.line not in offered]
    return _shown(request, left, is_done=True) if _refused(_checked(request, left)) else redirect("missing_outcomes")


def _checked(request: HttpRequest, lines: list[OutcomeLine]) -> list[CheckedLine]:
    return outcome_files.check(lines, by=request.user, now=timezone.now())  # type: ignore[arg-type]


def _refused(checked: list[CheckedLine]) -> list[CheckedLine]:
    return [one for one in checked if one.status == "refused"]


def _given_back(request: HttpRequest, lines: list[OutcomeLine]) -> HttpResponse:
    from students.importing import outcome_lines  # noqa: PLC0415

    refused = _refused(_checked(request, lines))
    audit_log.record_request(request, "download_outcome_lines", now=timezone.now(), subjects=_subjects(refused))
    text = outcome_lines.write((one.said, one.why) for one in refused)
    headers = {
        "Content-Disposition": 'attachment; filename="outcomes to mend.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _subjects(checked: list[CheckedLine]) -> list[Any]:
    return [one.student.public_id for one in checked if one.student is not None]


def _shown(
    request: HttpRequest,
    lines: list[OutcomeLine],
    *,
    has_changed: bool = False,
    is_done: bool = False,
    status: int = 200,
) -> HttpResponse:
    checked = _checked(request, lines)
    audit_log.record_request(request, "outcome_file", now=timezone.now(), subjects=_subjects(checked))
    new = [one for one in checked if one.status == "new"]
    context = {
        "lines": checked,
        "n_new": len(new),
        "n_stands": sum(one.status == "stands" for one in checked),
        "n_refused": len(_refused(checked)),
        "signed": _signed(request, lines, [one.said.line for one in new]),
        "has_changed": has_changed,
        "is_done": is_done,
    }
    return _page(request, OutcomeFileForm(), context, status=status)


def _page(
    request: HttpRequest, form: OutcomeFileForm, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    about = {"form": form, "codes": outcome_codes.exit_codes()}
    return render(request, "outcome_file.html", about | (context or {}), status=status)


def _salt(request: HttpRequest) -> str:
    """Return what binds signed lines to one person at one institution."""
    return f"outcome file {request.membership.institution_id} {request.user.pk}"  # type: ignore[attr-defined]


def _signed(request: HttpRequest, lines: list[OutcomeLine], offered: list[int]) -> str:
    told = {"lines": [asdict(one) for one in lines], "offered": offered}
    return signing.dumps(told, salt=_salt(request), compress=True)


def _opened(request: HttpRequest) -> tuple[list[OutcomeLine], set[int]]:
    from students.importing.outcome_lines import OutcomeLine  # noqa: PLC0415

    told = signing.loads(request.POST["lines"], salt=_salt(request), max_age=settings.SESSION_COOKIE_AGE)
    return [OutcomeLine(**one) for one in told["lines"]], set(told["offered"])
