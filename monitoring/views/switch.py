"""Switch the model off and on again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import Membership
from accounts.permissions import can, needs
from modeling.promotion import model_switch
from predictions import list_switch


class SwitchForm(forms.Form):
    """Why, and which way: a page left open since yesterday must not turn the switch back."""

    off = forms.BooleanField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=model_switch.LONGEST_REASON,
        help_text=gettext_lazy("Everybody who opens the list reads this."),
        error_messages={"required": gettext_lazy("Say why. Whoever opens the list reads it there.")},
    )


@require_http_methods(["GET", "POST"])
@needs("switch_model")
def switch_model(request: HttpRequest) -> HttpResponse:
    """Show the switch, and turn it."""
    membership = request.membership  # type: ignore[attr-defined]
    if request.method == "GET":
        return render(request, "model_switch.html", {"switch": standing(membership)})
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return render(request, "model_switch.html", {"switch": standing(membership, form)}, status=422)
    turn = list_switch.turn_off if form.cleaned_data["off"] else list_switch.turn_on
    asked = {"institution": membership.institution, "by": request.user, "now": timezone.now()}
    try:
        run = turn(**asked, reason=form.cleaned_data["reason"])
    except model_switch.SwitchRefused as refusal:
        form.add_error(None, str(refusal))
        return render(request, "model_switch.html", {"switch": standing(membership, form)}, status=422)
    messages.success(
        request, _told(is_off=form.cleaned_data["off"], is_made=run is None or run.published_at is not None)
    )
    return redirect("models")


def standing(membership: Membership, form: SwitchForm | None = None) -> dict[str, Any]:
    """Return what components/model_switch.html shows: which way the switch stands, who turned it, and the form."""
    newest = model_switch.newest_switch()
    is_on = newest is None or newest.is_on
    return {
        "is_on": is_on,
        "newest": newest,
        "url": reverse("switch_model"),
        "form": (form or SwitchForm(initial={"off": is_on})) if can(membership, "switch_model") else None,
    }


def _told(*, is_off: bool, is_made: bool) -> str:
    if is_off:
        return _("The model is off. The school's rule makes the list, and no estimate is shown.")
    if is_made:
        return _("The model is on again.")
    return _("The model is on again. Its list is being made; until then the rule's stands.")
