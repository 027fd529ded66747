"""What is typed when staff say something of a student, and when it is answered."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from students.models import Concern


class ConcernForm(forms.Form):
    """The button that was pressed and the words; a key, so that a double click says it once."""

    prefix = "concern"
    kind = forms.ChoiceField(choices=Concern.Kind.choices, widget=forms.HiddenInput)
    words = forms.CharField(label=_("In words"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_request_key(self) -> uuid.UUID:
        """Return the form's key; one of its own where it came without."""
        return self.cleaned_data["request_key"] or uuid.uuid4()


class CloseForm(forms.Form):
    """What happened; of kudos nothing need be said."""

    words = forms.CharField(
        label=_("What happened"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
