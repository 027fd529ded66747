"""What an institution lets through, and how a source is called and expected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.importing import plausibility
from students.models import Source
from students.uploads import import_settings

RULE = "rule_"
SEVERITIES = (
    ("refuse", gettext_lazy("Leave the row out")),
    ("warn", gettext_lazy("Keep the row, and tell me")),
    ("off", gettext_lazy("Do not check")),
)


def _percent(label: Any, help_text: Any) -> forms.FloatField:
    return forms.FloatField(label=label, help_text=help_text, min_value=0, max_value=100)


class ImportSettingsForm(forms.Form):
    """Two thresholds in percent, and a choice for every rule that is not fixed."""

    most_gone = _percent(
        gettext_lazy("Records gone, in percent at most"),
        gettext_lazy("A file that is cut short looks as if records were gone."),
    )
    most_bad = _percent(
        gettext_lazy("Wrong rows, in percent at most"),
        gettext_lazy("The wrong rows are left out either way."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rule in plausibility.RULES.items():
            if not rule.is_fixed:
                self.fields[RULE + name] = forms.ChoiceField(label=_(rule.words), choices=SEVERITIES)

    @classmethod
    def showing(cls, settings: import_settings.Settings) -> ImportSettingsForm:
        """Return the form filled with what holds."""
        shares = {"most_gone": _in_percent(settings.most_gone_share), "most_bad": _in_percent(settings.most_bad_share)}
        return cls(initial=shares | {RULE + name: severity for name, severity in settings.severities.items()})

    @property
    def thresholds(self) -> list[BoundField]:
        """Return the fields of the thresholds."""
        return [self["most_gone"], self["most_bad"]]

    @property
    def rules(self) -> list[BoundField]:
        """Return the fields of the rules."""
        return [self[name] for name in self.fields if name.startswith(RULE)]

    def wanted(self) -> dict[str, Any]:
        """Return what was chosen, as the domain takes it."""
        chosen = self.cleaned_data
        rules = {name.removeprefix(RULE): chosen[name] for name in self.fields if name.startswith(RULE)}
        shares = {f"{name}_share": chosen[name] / 100 for name in ("most_gone", "most_bad")}
        return shares | {"rules": rules}


def _in_percent(share: float) -> str:
    return f"{100 * share:.6g}"


class SourceForm(forms.Form):
    """What a source is called, and how many days after one file the next is expected."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    expected_every_days = forms.IntegerField(
        label=gettext_lazy("A file is expected every … days"),
        required=False,
        min_value=1,
        max_value=366,
        help_text=gettext_lazy("Leave it empty if files come as they please."),
    )

    @classmethod
    def of(cls, source: Source, data: Any = None) -> SourceForm:
        """Return the form of one of several sources on a page, filled with what holds."""
        initial = {"name": source.name, "expected_every_days": source.expected_every_days}
        return cls(data, initial=initial, auto_id=f"id_{source.public_id}_%s")
