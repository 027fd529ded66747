"""The page each person's work begins on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import can
from dropout_portal.navigation import places
from predictions.views.today import today


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """Show the day's work to whoever has students to see; send others to the first page they may open, if any."""
    if can(getattr(request, "membership", None), "give_verdicts"):
        return today(request)
    open_to = places(request)
    if open_to:
        return redirect(open_to[0]["url"])
    context = {
        "title": _("You have no role here today."),
        "sentence": _("Your membership has ended or not begun. Ask your administrator."),
    }
    return render(request, "refused.html", context, status=403)
