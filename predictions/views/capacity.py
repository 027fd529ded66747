"""How many students somebody can see in a fortnight."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import School
from accounts.permissions import needs
from predictions import capacities
from predictions.models import HIGHEST_CAPACITY


class CapacityForm(forms.Form):
    """A number, and for whom: oneself, or the team of the one school one sees."""

    n = forms.IntegerField(label=gettext_lazy("Students in two weeks"), min_value=1, max_value=HIGHEST_CAPACITY)
    speaks_for = forms.ChoiceField(label=gettext_lazy("Who can see them"), widget=forms.RadioSelect, initial="me")

    def __init__(self, *args: Any, school: School | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if school is None:
            del self.fields["speaks_for"]
        else:
            team = _("The team of %(school)s") % {"school": school.name}
            self.fields["speaks_for"].choices = [("me", _("I")), ("school", team)]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("set_capacity")
def capacity(request: HttpRequest) -> HttpResponse:
    """Ask how many, and draw the line there."""
    membership = request.membership  # type: ignore[attr-defined]
    school = capacities.only_school(membership)
    stands = capacities.of(membership=membership)
    if request.method != "POST":
        form = CapacityForm(initial={"n": stands.n}, school=school)
        return render(request, "capacity.html", {"form": form, "stands": stands})
    form = CapacityForm(request.POST, school=school)
    if not form.is_valid():
        return render(request, "capacity.html", {"form": form, "stands": stands}, status=422)
    capacities.say(
        institution=membership.institution,
        n=form.cleaned_data["n"],
        school=school if form.cleaned_data.get("speaks_for") == "school" else None,
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    messages.success(request, _("The line is drawn there now."))
    return redirect("risk_list")
