"""What an exit code counts as."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from students.models import Outcome
from students.outcomes.exit_code_map import LONGEST_CODE, Entry


class CodeKindForm(forms.Form):
    """The kind of a code that stands in the map; with the version that was shown."""

    plain = forms.CharField(widget=forms.HiddenInput, max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    kind = forms.ChoiceField(label=_("Counts as, from now on"), choices=Outcome.Kind.choices)

    @classmethod
    def of(cls, entry: Entry, number: int) -> CodeKindForm:
        """Return the form filled with an entry; several stand on one page, each with its number."""
        initial = {"plain": entry.plain, "version": entry.version, "kind": entry.kind}
        return cls(initial=initial, auto_id=f"id_of_{number}_%s")


class NewCodeForm(forms.Form):
    """A code that is not in the map yet."""

    code = forms.CharField(label=_("Code"), max_length=LONGEST_CODE, help_text=_("As your files write it."))
    kind = forms.ChoiceField(label=_("Counts as"), choices=[("", "–"), *Outcome.Kind.choices])

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="id_new_%s", **kwargs)
