"""Who is invited, and for what role at which schools."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Institution, Role, School

EVERY, SOME = "every", "some"


class RoleForm(forms.Form):
    """A role, and the schools it is for."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", gettext_lazy("Choose …")), *Role.choices])
    where = forms.ChoiceField(
        label=gettext_lazy("At"),
        choices=[(EVERY, gettext_lazy("Every school")), (SOME, gettext_lazy("Only the schools ticked"))],
        widget=forms.RadioSelect,
    )
    schools = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Schools"),
        queryset=School.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schools = School.objects.filter(institution=institution).order_by("name", "pk")
        self.fields["schools"].queryset = schools  # type: ignore[attr-defined]
        self.has_choice_of_schools = schools.count() > 1
        if not self.has_choice_of_schools:
            del self.fields["where"], self.fields["schools"]

    def clean(self) -> dict[str, Any]:
        """Refuse ticks that contradict the choice above them."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("where") == SOME and not cleaned.get("schools"):
            self.add_error("schools", _("Tick at least one school."))
        if cleaned.get("where") == EVERY and cleaned.get("schools"):
            self.add_error("where", _("Schools are ticked. Choose only those, or untick them."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """Return what was chosen, as the domain takes it: no schools stand for every school."""
        schools = list(self.cleaned_data["schools"]) if self.cleaned_data.get("where") == SOME else None
        return {"role": Role(self.cleaned_data["role"]), "schools": schools}


class InvitationForm(RoleForm):
    """A person to invite."""

    display_name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("They sign in with it. Nothing is sent to it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("display_name", "email", "role", "where", "schools")

    def wanted(self) -> dict[str, Any]:
        """Return who is invited for what, as the domain takes it."""
        chosen = self.cleaned_data
        return super().wanted() | {"email": chosen["email"], "display_name": chosen["display_name"]}
