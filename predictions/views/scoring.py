"""Ask for a new list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import needs
from predictions import runs


@require_POST
@needs("train_models")
def make_list(request: HttpRequest) -> HttpResponse:
    """Queue a scoring run and return to the models."""
    institution = request.membership.institution  # type: ignore[attr-defined]
    runs.request(institution=institution, as_of=None, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("The list is being made. It appears here when it is ready."))
    return redirect("models")
