"""What became of a student, as a person says it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from students.models import Outcome
from students.outcomes import exit_code_map


def _day(**given: Any) -> forms.DateField:
    return forms.DateField(label=_("On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **given)


class SaidForm(forms.Form):
    """A code of the institution under the kind it counts as, and what one goes by."""

    exit_code = forms.ChoiceField(label=_("What became of the student"))
    evidence = forms.CharField(
        label=_("How do you know?"),
        help_text=_("For example: a letter, a call, another school that asked for the transcript."),
        max_length=300,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_kind: dict[str, list[tuple[str, str]]] = {}
        for kind, code in exit_code_map.in_scope().by_plain.values():
            by_kind.setdefault(str(Outcome.Kind(kind).label), []).append((code, code))
        self.fields["exit_code"].choices = [("", "–"), *by_kind.items()]  # type: ignore[attr-defined]


class OutcomeForm(SaidForm):
    """An outcome of one student, on a day."""

    happened_on = _day(initial=timezone.localdate)
    # Of the outcome that is corrected, as it was shown.
    corrects = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ManyOutcomesForm(SaidForm):
    """One outcome for several students; without a day it was each one's own last day."""

    happened_on = _day(required=False, help_text=_("Left empty: each student's own last day."))
    students = forms.TypedMultipleChoiceField(required=False)

    def __init__(self, *args: Any, offered: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exit_code"].label = _("What became of them")
        self.fields["students"].choices = [(key, key) for key in offered]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse an outcome of nobody, and of anybody who was not offered."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "students" in self.errors:
            gone = _("Somebody you ticked is not here any more. Look at the list again; nothing was recorded.")
            self.add_error(None, ValidationError(gone))
        elif not cleaned.get("students"):
            self.add_error(None, ValidationError(_("Nobody is ticked. Tick the students this is said of.")))
        return cleaned
