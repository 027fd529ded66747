"""What is asked on the way back of a student who left; each with the version of the case that was shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from students.models import CasePath, CaseStep, TalkedTo, WayBackDeadlines
from students.outcomes import exit_reasons, way_back_deadlines
from students.outcomes.way_back import SAID_ENDINGS, Told


class _StepForm(forms.Form):
    """A step on a day."""

    kind: str
    done_on = forms.DateField(
        label=_("On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=timezone.localdate
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def told(self) -> Told:
        """Return what was said."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Told(kind=self.kind, **said)


def _words(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, help_text=help_text, max_length=1000, required=required, widget=widget)


class FoundOutForm(_StepForm):
    """What was found out about the leaving."""

    prefix, kind = "found", CaseStep.Kind.FOUND_OUT
    talked_to = forms.ChoiceField(label=_("You talked with"), choices=TalkedTo.choices, widget=forms.RadioSelect)
    reason = forms.ChoiceField(label=_("Why they left, as they say"))
    words = _words(_("In their words"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [("", "–"), *exit_reasons.choices()]  # type: ignore[attr-defined]


class PlannedForm(_StepForm):
    """A plan."""

    prefix, kind = "plan", CaseStep.Kind.PLANNED
    words = _words(_("The plan"), _("Who does what, and by when: school, family, other services."))


class ReturnedForm(_StepForm):
    """Back at school, or on another path."""

    prefix, kind = "back", CaseStep.Kind.RETURNED
    path = forms.ChoiceField(label=_("Where they are now"), choices=CasePath.choices, widget=forms.RadioSelect)
    words = _words(_("In words"), required=False)


class CheckedForm(_StepForm):
    """A look after the return."""

    prefix, kind = "look", CaseStep.Kind.CHECKED
    is_there = forms.TypedChoiceField(
        label=_("Still there?"),
        choices=[("yes", _("Yes")), ("no", _("Not any more: make a new plan"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )
    words = _words(_("What was seen"), required=False)


class NotedForm(_StepForm):
    """Something that leaves the case where it stands."""

    prefix, kind = "note", CaseStep.Kind.NOTED
    words = _words(_("What you did or tried"), _("For example: called twice, nobody answered."))


class EndedForm(_StepForm):
    """An ending with its reason."""

    prefix, kind = "end", CaseStep.Kind.ENDED
    ending = forms.ChoiceField(
        label=_("How it ends"),
        choices=[(ending.value, ending.label) for ending in SAID_ENDINGS],
        widget=forms.RadioSelect,
    )
    words = _words(_("How you know"))


STEP_FORMS: dict[str, type[_StepForm]] = {
    form.prefix: form for form in (FoundOutForm, PlannedForm, ReturnedForm, CheckedForm, NotedForm, EndedForm)
}


class CaseOwnerForm(forms.Form):
    """Who carries a case."""

    prefix = "owner"
    owner = forms.ModelChoiceField(label=_("Who carries it"), queryset=User.objects.none(), empty_label="–")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, carriers: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[user.pk for user in carriers]
        ).order_by("display_name", "pk")


def _days(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=730)


class DeadlinesForm(forms.Form):
    """Days for each step, and of the looks after the return."""

    find_out_days = _days(_("Days to find out why"))
    plan_days = _days(_("Days to make a plan"))
    return_days = _days(_("Days for the way back"))
    first_check_days = _days(_("First look, days after the return"))
    second_check_days = _days(_("Second look"))
    third_check_days = _days(_("Third look"))
    fourth_check_days = _days(_("Fourth look"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, standing: WayBackDeadlines) -> DeadlinesForm:
        """Return the form filled with what stands."""
        names = (*way_back_deadlines.DAYS, *way_back_deadlines.CHECKS, "version")
        return cls(initial={name: getattr(standing, name) for name in names})

    def clean(self) -> dict[str, Any]:
        """Refuse looks that do not follow one another."""
        cleaned: dict[str, Any] = super().clean() or {}
        checks = [cleaned.get(name) for name in way_back_deadlines.CHECKS]
        for name, first, then in zip(way_back_deadlines.CHECKS[1:], checks, checks[1:], strict=False):
            if first is not None and then is not None and then <= first:
                self.add_error(name, _("Each look comes later than the one before."))
        return cleaned
