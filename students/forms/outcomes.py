"""What became of a student, as a person says it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from students import outcome_codes
from students.models import Outcome


class OutcomeForm(forms.Form):
    """An outcome: a code of the vocabulary under the kind it counts as, a day, and what one goes by."""

    exit_code = forms.ChoiceField(label=_("What became of the student"))
    happened_on = forms.DateField(
        label=_("On"), initial=timezone.localdate, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    evidence = forms.CharField(
        label=_("How do you know?"),
        help_text=_("For example: a letter, a call, another school that asked for the transcript."),
        max_length=300,
        required=False,
    )
    # Of the outcome that is corrected, as it was shown.
    corrects = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_kind: dict[str, list[tuple[str, str]]] = {}
        for code in outcome_codes.exit_codes():
            by_kind.setdefault(str(Outcome.Kind(outcome_codes.kind_of(code)).label), []).append((code, code))
        self.fields["exit_code"].choices = [("", "–"), *by_kind.items()]  # type: ignore[attr-defined]
