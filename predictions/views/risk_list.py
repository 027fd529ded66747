"""The list's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts import audit_log
from accounts.models import Membership
from accounts.permissions import can, needs
from predictions import risk_list as lists
from predictions.verdict_form import VerdictForm
from students.uploads import import_health


@require_GET
@vary_on_headers("HX-Request")
@needs("see_predictions")
def risk_list(request: HttpRequest) -> HttpResponse:
    """Show the students this person may see, the ones worth a conversation first."""
    filters = lists.Filters.from_query(request.GET)
    membership = request.membership  # type: ignore[attr-defined]
    listing = lists.listing(membership=membership, filters=filters, today=timezone.localdate())
    listing["empty_action"] = _way_out(listing["empty"], membership, filters)
    audit_log.record_request(
        request,
        ("search" if filters.q else "risk_list") + ("_with_estimates" if listing["shows_estimates"] else ""),
        now=timezone.now(),
        subjects=[row["public_id"] for row in listing["rows"]],
    )
    verdicts = {
        "takes_verdicts": can(membership, "give_verdicts"),
        "verdict_form": VerdictForm(),
        "verdict_next": filters.url(place=filters.place),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "_risk_table.html", {"listing": listing} | verdicts)
    context = verdicts | {
        "listing": listing,
        "data_warnings": import_health.warnings(today=timezone.localdate()),
        "can_upload": can(membership, "upload_records"),
        "maker_url": maker_url(membership, listing["run"]),
        "capacity_url": reverse("capacity") if can(membership, "set_capacity") else None,
        "rule_url": reverse("rule") if can(membership, "edit_rules") else None,
    }
    return render(request, "risk_list.html", context)


def maker_url(membership: Membership, run: Mapping[str, Any] | None) -> str | None:
    """Return where it stands what made a list and from which data: the version's page, or its card for everybody."""
    number = run["model_number"] if run else None
    if number is None:
        return None
    if can(membership, "see_models"):
        return reverse("model_version", args=[number])
    return reverse("model_card_version", args=[membership.institution.slug, number])


def _way_out(empty: str | None, membership: object, filters: lists.Filters) -> dict[str, str] | None:
    """Offer what would fill an empty list, to those who may do it."""
    if empty == "no_match":
        return {"url": lists.Filters().url(), "label": _("Show everybody")}
    if empty == "no_students" and can(membership, "upload_records"):  # type: ignore[arg-type]
        return {"url": reverse("uploads"), "label": _("Bring in records")}
    if empty == "no_run" and can(membership, "train_models"):  # type: ignore[arg-type]
        return {"url": reverse("models"), "label": _("Make the first list")}
    if empty == "switched_off" and can(membership, "edit_rules"):  # type: ignore[arg-type]
        return {"url": reverse("rule"), "label": _("Write the school's rule")}
    return None
