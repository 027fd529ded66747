"""The page a counsellor's day begins with."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import audit_log
from accounts.permissions import can, needs
from predictions import today as mornings
from predictions.list_changes import Changes
from predictions.verdict_form import VerdictForm
from predictions.views.risk_list import maker_url
from students.uploads import import_health


@require_GET
@needs("give_verdicts")
def today(request: HttpRequest) -> HttpResponse:
    """Show who can be seen this fortnight, what changed since the last look, what is due, what goes well."""
    membership, now = request.membership, timezone.now()  # type: ignore[attr-defined]
    page = mornings.page(membership=membership, now=now)
    # Whom the list names, alone: the next morning is compared with it.
    audit_log.record_request(request, mornings.ACTION, now=now, subjects=page["named"])
    if page["named_besides"]:
        audit_log.record_request(request, "today_besides", now=now, subjects=page["named_besides"])
    context = page | {
        "data_warnings": import_health.warnings(today=timezone.localdate()),
        "can_upload": can(membership, "upload_records"),
        "maker_url": maker_url(membership, page["run"]),
        "verdict_form": VerdictForm(),
        "verdict_next": reverse("front"),
        "new_label": _new_label(page["changes"]),
    }
    return render(request, "today.html", context)


def _new_label(changes: Changes | None) -> str:
    return _("New since %(day)s") % {"day": date_format(changes.since, "j M")} if changes else ""
