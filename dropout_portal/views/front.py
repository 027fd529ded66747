"""Send each person to the page their work begins on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dropout_portal.navigation import places


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """Redirect to the first page this person may open; say so where there is none."""
    open_to = places(request)
    if open_to:
        return redirect(open_to[0]["url"])
    context = {
        "title": _("You have no role here today."),
        "sentence": _("Your membership has ended or not begun. Ask your administrator."),
    }
    return render(request, "refused.html", context, status=403)
