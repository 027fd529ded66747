"""Which two students are one child, and why somebody says so."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.models import Student


class TwoStudentsForm(forms.Form):
    """Two students by their numbers."""

    keep = forms.CharField(label=gettext_lazy("Number that is kept"), max_length=100)
    other = forms.CharField(label=gettext_lazy("Other number of the same child"), max_length=100)

    def clean(self) -> dict[str, Any]:
        """Find both students."""
        given = super().clean() or {}
        for name in ("keep", "other"):
            if name in given and (student := _student(given[name])) is None:
                self.add_error(name, _("No student here has this number."))
            elif name in given:
                given[name] = student
        return given


class MergeForm(TwoStudentsForm):
    """Two students who were looked at, and why they are one."""

    keep = forms.CharField(max_length=100, widget=forms.HiddenInput)
    other = forms.CharField(max_length=100, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("How do you know?"),
        help_text=gettext_lazy("For example: the office of the new school confirmed it."),
        max_length=300,
    )


def _student(number: str) -> Student | None:
    found: Student | None = Student.objects.select_related("school", "institution").filter(external_id=number).first()
    return found
