"""What a search may spend."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from modeling.models import TuningStudy
from modeling.training.training_config import Tuning

MOST_TRIALS = 1000
MOST_MINUTES = 24 * 60


class TuningForm(forms.Form):
    """How to search, and for how long; the first to be spent ends it."""

    n_trials = forms.IntegerField(
        label=_("Settings to try, at most"),
        min_value=1,
        max_value=MOST_TRIALS,
        error_messages={"min_value": _("Try at least 1."), "max_value": _("Try at most %(limit_value)s.")},
    )
    minutes = forms.IntegerField(
        label=_("Minutes, at most"),
        min_value=1,
        max_value=MOST_MINUTES,
        error_messages={
            "min_value": _("Give it at least 1 minute."),
            "max_value": _("Give it at most %(limit_value)s minutes."),
        },
    )
    method = forms.ChoiceField(
        label=_("How"),
        choices=[
            (TuningStudy.Method.OPTUNA, _("Learn from each try where to look next")),
            (TuningStudy.Method.GRID, _("Try every combination of a small grid")),
        ],
        help_text=_("Either way it begins with the settings as they are."),
    )

    @classmethod
    def usual(cls, tuning: Tuning) -> TuningForm:
        """Return the form filled in as the configuration says."""
        usual: dict[str, Any] = {
            "n_trials": tuning.n_trials,
            "minutes": max(1, round(tuning.minutes)),
            "method": tuning.method,
        }
        return cls(initial=usual)
