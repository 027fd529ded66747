"""Help that begins."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from students.help import help_kinds


class InterventionForm(forms.Form):
    """Help that begins: what, from when, what for."""

    kind = forms.ChoiceField(label=_("Kind of help"))
    started_on = forms.DateField(
        label=_("Since"), initial=timezone.localdate, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    goal = forms.CharField(
        label=_("What for"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(kind.code, kind.label) for kind in help_kinds.offered()]
        self.fields["kind"].choices = offered  # type: ignore[attr-defined]

    def clean_started_on(self) -> Any:
        """Refuse days to come: help that is only planned has not begun."""
        day = self.cleaned_data["started_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day lies ahead. Record help once it has begun."))
        return day
