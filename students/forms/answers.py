"""What the codes and numbers of a file mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.importing import questions
from students.importing.questions import (
    CODES,
    DAYS,
    GRADE_WORDS,
    HELP,
    MIXED,
    NO_GRADE,
    NUMBERS,
    OF_100,
    OUTCOMES,
    REUSED,
    SCALE,
    STATUS,
    TWO_SCHOOLS,
    UNIT,
    YES_NO,
)
from students.uploads import question_words

LISTED = {
    CODES: "code_",
    STATUS: "status_",
    NUMBERS: "number_",
    REUSED: "reused_",
    OUTCOMES: "outcome_",
    HELP: "help_",
    YES_NO: "yes_no_",
    GRADE_WORDS: "grade_",
}
# The fields of questions whose one answer is for all.
COUNTED = ("period", "minutes")
PLAIN = {
    MIXED: ("mixed",),
    UNIT: ("unit", "a_day"),
    SCALE: ("best", "worst"),
    TWO_SCHOOLS: ("two_schools",),
    DAYS: ("days",),
}
CHOICES = {
    OUTCOMES: question_words.OUTCOME_CHOICES,
    HELP: question_words.HELP_CHOICES,
    YES_NO: question_words.YES_NO_CHOICES,
    CODES: question_words.CODE_CHOICES,
    STATUS: question_words.STATUS_CHOICES,
    REUSED: question_words.REUSED_CHOICES,
}


class AnswersForm(forms.Form):
    """One section per open question of a file, each filled with what fits what was seen."""

    def __init__(self, *args: Any, asked: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = {question["name"]: question for question in asked}
        for name, question in self.asked.items():
            _FIELDS[name](self, question)

    def sections(self) -> Iterator[dict[str, Any]]:
        """Yield each question: what is asked, why, its fields, and of codes where each was seen."""
        for name, question in self.asked.items():
            section = {
                "name": name.replace(".", "-"),
                "title": self.heading(question),
                "why": question_words.why(question),
            }
            if name in LISTED:
                rows = [value | {"field": self[f"{LISTED[name]}{n}"]} for n, value in enumerate(question["values"])]
                yield section | {"codes": rows}
            else:
                yield section | {"fields": [self[field] for field in PLAIN[name]]}

    def heading(self, question: Mapping[str, Any]) -> str:
        """Return what is asked."""
        return question_words.title(question)

    def stays(self, name: str, cleaned: Mapping[str, Any]) -> bool:
        """Tell whether a question has an answer; every open one must."""
        return True

    def answered(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Put together the answers, as a file is read by them."""
        asked = {name: question for name, question in self.asked.items() if self.stays(name, cleaned)}
        return {name: _ANSWERS[name](cleaned, question) for name, question in asked.items()}

    def clean(self) -> dict[str, Any]:
        """Put together what was answered, as the file is read by it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        if UNIT in self.asked and (fault := _of_a_day(cleaned)):
            self.add_error("a_day", fault)
            return cleaned
        answers = self.answered(cleaned)
        for problem in questions.problems(answers):
            self.add_error(None, problem)
        return cleaned | {"answers": answers}


def _of_a_day(cleaned: Mapping[str, Any]) -> str:
    """Return what is wrong with the periods or minutes of a day; "" where nothing is."""
    n: int = cleaned.get("a_day") or 0
    unit = cleaned.get("unit")
    if unit in COUNTED and not n:
        return _("Say how many periods or minutes a school day has.")
    if unit == "period" and n > questions.MOST_PERIODS:
        return _("A school day has 1 to %(most)s periods.") % {"most": questions.MOST_PERIODS}
    if unit == "minutes" and n < questions.FEWEST_MINUTES:
        fewest, most = questions.FEWEST_MINUTES, questions.MOST_MINUTES
        return _("A school day has %(fewest)s to %(most)s minutes.") % {"fewest": fewest, "most": most}
    return ""


def _unit_fields(form: AnswersForm, question: Mapping[str, Any]) -> None:
    form.fields["unit"] = forms.ChoiceField(
        label=gettext_lazy("One row is"),
        choices=question_words.UNIT_CHOICES,
        widget=forms.RadioSelect,
        initial=question["proposal"].get("is"),
    )
    form.fields["a_day"] = forms.IntegerField(
        label=gettext_lazy("Periods, or minutes, of a school day"),
        required=False,
        min_value=1,
        max_value=questions.MOST_MINUTES,
        initial=question["proposal"].get("a_day"),
        help_text=gettext_lazy("Only where one row is a period or tells minutes."),
    )


def _listed_fields(form: AnswersForm, question: Mapping[str, Any]) -> None:
    for n, value in enumerate(question["values"]):
        offered = CHOICES.get(question["name"]) or question_words.number_choices(value)
        choices: list[Any] = [("", gettext_lazy("Choose …")), *offered]
        form.fields[f"{LISTED[question['name']]}{n}"] = forms.ChoiceField(
            label=_("What “%(code)s” means") % {"code": value["value"]},
            choices=choices,
            initial=question["proposal"].get(value["value"], ""),
        )


def _mixed_fields(form: AnswersForm, question: Mapping[str, Any]) -> None:
    best = question["proposal"]["up_to"]
    bests = questions.SECOND_BEST if best == questions.ONE_SCALE else (best,)
    words = _("Up to %(best)s they are of %(best)s, the others of 100")
    form.fields["mixed"] = forms.ChoiceField(
        label=gettext_lazy("The low grades"),
        choices=[
            *((f"{one:g}", words % {"best": f"{one:g}"}) for one in bests),
            (questions.ONE_SCALE, _("All grades are of 100; these are low")),
        ],
        widget=forms.RadioSelect,
        initial=best if best == questions.ONE_SCALE else f"{best:g}",
    )


def _choice_of_all(name: str, label: Any, choices: Any) -> Callable[[AnswersForm, Mapping[str, Any]], None]:
    """Return what adds the field of a question whose answer is one word for all rows."""

    def add(form: AnswersForm, question: Mapping[str, Any]) -> None:
        form.fields[name] = forms.ChoiceField(
            label=label, choices=choices, widget=forms.RadioSelect, initial=question["proposal"].get("is")
        )

    return add


def _grade_fields(form: AnswersForm, question: Mapping[str, Any]) -> None:
    for n, value in enumerate(question["values"]):
        form.fields[f"{LISTED[GRADE_WORDS]}{n}"] = forms.FloatField(
            label=_("What “%(word)s” is out of 100") % {"word": value["value"]},
            required=False,
            min_value=0,
            max_value=OF_100,
            initial=None if (given := question["proposal"].get(value["value"])) == NO_GRADE else given,
        )


def _scale_fields(form: AnswersForm, question: Mapping[str, Any]) -> None:
    form.fields["best"] = forms.FloatField(
        label=gettext_lazy("The best possible grade"),
        initial=question["proposal"].get("best"),
        help_text=gettext_lazy("100 for percent; 4 where four points are the best; 1 where 1 is the best."),
    )
    form.fields["worst"] = forms.FloatField(
        label=gettext_lazy("The worst possible grade"),
        initial=question["proposal"].get("worst", 0),
        help_text=gettext_lazy("0 for most scales. Where 1 is the best and 6 the worst: 6."),
    )


def _unit_answer(cleaned: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    unit = cleaned["unit"]
    return {"is": unit, "a_day": cleaned["a_day"]} if unit in COUNTED else {"is": unit}


def _listed_answer(cleaned: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    prefix = LISTED[question["name"]]
    return {value["value"]: cleaned[f"{prefix}{n}"] for n, value in enumerate(question["values"])}


def _word_for_all(name: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]:
    return lambda cleaned, _question: {"is": cleaned[name]}


def _mixed_answer(cleaned: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    mixed = cleaned["mixed"]
    return {"up_to": mixed if mixed == questions.ONE_SCALE else float(mixed)}


def _grade_answer(cleaned: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    given = [cleaned[f"{LISTED[GRADE_WORDS]}{n}"] for n in range(len(question["values"]))]
    return {
        value["value"]: NO_GRADE if of_100 is None else of_100
        for value, of_100 in zip(question["values"], given, strict=True)
    }


def _scale_answer(cleaned: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    return {"best": cleaned["best"], "worst": cleaned["worst"]}


_FIELDS = {
    **dict.fromkeys(LISTED, _listed_fields),
    UNIT: _unit_fields,
    SCALE: _scale_fields,
    MIXED: _mixed_fields,
    TWO_SCHOOLS: _choice_of_all(
        "two_schools", gettext_lazy("Students at two schools"), question_words.TWO_SCHOOLS_CHOICES
    ),
    DAYS: _choice_of_all("days", gettext_lazy("The days of absence"), question_words.DAYS_CHOICES),
    GRADE_WORDS: _grade_fields,
}
_ANSWERS = {
    **dict.fromkeys(LISTED, _listed_answer),
    UNIT: _unit_answer,
    TWO_SCHOOLS: _word_for_all("two_schools"),
    DAYS: _word_for_all("days"),
    SCALE: _scale_answer,
    MIXED: _mixed_answer,
    GRADE_WORDS: _grade_answer,
}
