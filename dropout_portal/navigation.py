"""The frame around every page: the institution, and the pages this person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.permissions import can


def places(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the pages this person may open, in the order of the sidebar."""
    membership = getattr(request, "membership", None)
    listed = (
        ("today", _("Today"), "front", "give_verdicts"),
        ("students", _("Students"), "risk_list", "see_predictions"),
        ("help", _("Help given"), "interventions", "see_students"),
        ("outcomes", _("Outcomes"), "missing_outcomes", "record_outcomes"),
        # Who records outcomes finds it there.
        *([] if can(membership, "record_outcomes") else [("outcomes", _("Way back"), "way_back", "work_cases")]),
        ("records", _("Records"), "uploads", "upload_records"),
        ("model", _("Model"), "models", "see_models"),
        ("people", _("People"), "people", "manage_people"),
    )
    return [
        {"name": name, "label": label, "url": reverse(view), "is_current": _is_within(request.path, view)}
        for name, label, view, permission in listed
        if can(membership, permission)
    ]


def _is_within(path: str, view: str) -> bool:
    """Say whether a page belongs to a place: its address begins like the place's, or is one piece of help."""
    if view == "front":
        return path == reverse(view)
    return path.startswith(reverse(view)) or (view == "interventions" and path.startswith("/help/"))


def _told(request: HttpRequest) -> dict[str, str] | None:
    """Return the verdict that was just given, to be taken back by one click; once."""
    return request.session.pop("verdict_told", None) if "verdict_told" in request.session else None


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html needs of every page; pages of errors may lack a person."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return {"institution": None, "nav": [], "can_search": False, "works_as": None, "other_roles": []}
    return {
        "institution": membership.institution,
        "nav": places(request),
        "can_search": can(membership, "see_predictions"),
        "works_as": membership,
        # Said once, on the page after the click.
        "verdict_told": _told(request),
        "other_roles": [each for each in getattr(request, "memberships", []) if each != membership],
    }
