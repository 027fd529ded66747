"""What is asked of whoever judges a flag: a click, and if they like a reason and a day."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from predictions.models import Verdict


class VerdictForm(forms.Form):
    """The button that was pressed, with its reason and day; a key, so that a double click opens one case only."""

    prefix = "verdict"
    kind = forms.ChoiceField(choices=Verdict.Kind.choices, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Why"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    until_on = forms.DateField(
        label=_("Not before"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_request_key(self) -> uuid.UUID:
        """Return the form's key; one of its own where it came without."""
        return self.cleaned_data["request_key"] or uuid.uuid4()
