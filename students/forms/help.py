"""What is asked about help on its way and at its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from students.models.help import Happened, OnTrack


def _day(label: Any, **given: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **given)


class ProgressForm(forms.Form):
    """A look at help on its way."""

    prefix = "look"
    on_track = forms.ChoiceField(label=_("How does it go?"), choices=OnTrack.choices, widget=forms.RadioSelect)
    checked_on = _day(_("Seen on"), initial=timezone.localdate)
    words = forms.CharField(
        label=_("What was seen"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class HelpEndForm(forms.Form):
    """The end of help."""

    prefix = "end"
    happened = forms.ChoiceField(label=_("Did it really happen?"), choices=Happened.choices, widget=forms.RadioSelect)
    ended_on = _day(_("Last day"), initial=timezone.localdate)
    result = forms.CharField(
        label=_("What came of it"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class AttendanceGoalForm(forms.Form):
    """A goal that can be measured; with the version of the plan that was shown."""

    prefix = "goal"
    percent = forms.IntegerField(
        label=_("School days attended, in percent"), min_value=1, max_value=100, required=False
    )
    by_day = _day(_("By when"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)


class HelpPlanForm(forms.Form):
    """Who carries help, until when, how often it is looked at; with the version of the plan that was shown."""

    prefix = "plan"
    # With an empty choice, so that a plan whose owner has left goes to nobody unasked.
    owner = forms.ModelChoiceField(label=_("Who carries it"), queryset=User.objects.none(), empty_label="–")
    due_on = _day(_("Until"), required=False)
    check_every_days = forms.IntegerField(label=_("Days between looks"), min_value=1, max_value=365, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, carriers: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[user.pk for user in carriers]
        ).order_by("display_name", "pk")
