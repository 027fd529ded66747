"""What is said about a kind of help."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from students.help.help_kinds import KindOfHelp

TIERS = ((1, _("For everybody")), (2, _("For some")), (3, _("For few")))


def _longer(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, help_text=help_text, max_length=300, required=False, widget=widget)


class HelpKindForm(forms.Form):
    """A kind of help; with the version that was shown, once there is one."""

    label = forms.CharField(label=_("Name"), max_length=100)
    tier = forms.TypedChoiceField(label=_("For whom"), choices=TIERS, coerce=int)
    usual_days = forms.IntegerField(label=_("Days it usually takes"), min_value=1, max_value=730)
    check_every_days = forms.IntegerField(
        label=_("Days between looks"), min_value=1, max_value=365, required=False, help_text=_("Empty: never.")
    )
    what_for = _longer(_("What for"), _("When it is the right help."))
    evidence_note = _longer(_("What is known of it"), _("Where its effect was studied, or seen here."))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    @classmethod
    def of(cls, kind: KindOfHelp) -> HelpKindForm:
        """Return the form filled with a kind; several stand on one page."""
        return cls(initial=vars(kind), prefix=kind.code, auto_id=f"id_of_{kind.code}_%s")

    def kind(self, code: str) -> KindOfHelp:
        """Return what was said, of the kind with a code."""
        said = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "code")}
        return KindOfHelp(code=code, **said)


class NewHelpKindForm(HelpKindForm):
    """A kind that is not there yet."""

    code = forms.RegexField(
        r"^[\w.-]+$",
        label=_("Code"),
        max_length=40,
        required=False,
        help_text=_("As your files call it; otherwise it is made of the name."),
        error_messages={"invalid": _("Letters, digits, “_”, “-” and “.” only.")},
    )
    field_order = ("label", "code")
