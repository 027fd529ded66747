"""Whom students are given to, and whose work goes to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


def _one_of(label: Any, people: Sequence[User]) -> forms.ModelChoiceField:
    chosen = User.objects.filter(pk__in=[user.pk for user in people]).order_by("display_name", "pk")
    return forms.ModelChoiceField(label=label, queryset=chosen, to_field_name="public_id", empty_label="–")


class GiveStudentsForm(forms.Form):
    """The counsellor that the ticked students are given to."""

    def __init__(self, *args: Any, counsellors: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counsellor"] = _one_of(_("Give them to"), counsellors)


class HandOverForm(forms.Form):
    """Whose open work goes to whom, with a note."""

    note = forms.CharField(
        label=_("What they should know"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ("of", "to", "note")

    def __init__(self, *args: Any, holders: Sequence[User], counsellors: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["of"] = _one_of(_("Whose work"), holders)
        self.fields["to"] = _one_of(_("Goes to"), counsellors)
        self.order_fields(self.field_order)
