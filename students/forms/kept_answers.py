"""What was answered of the files of a source: to be changed, or asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from students import question_words
from students.forms.answers import LISTED, PLAIN, AnswersForm
from students.importing.questions import GRADE_WORDS

ASK_AGAIN = ("", gettext_lazy("Ask again"))


class KeptAnswersForm(AnswersForm):
    """One section per answer that is kept; a field without a choice is asked again with the next file."""

    def __init__(self, *args: Any, kept: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, asked=[_asked(name, answer) for name, answer in kept.items()], **kwargs)
        for field in self.fields.values():
            field.required = False
            if isinstance(field, forms.ChoiceField):
                offered = list(cast("Iterable[Any]", field.choices))
                field.choices = [ASK_AGAIN, *(choice for choice in offered if choice[0] != "")]

    def heading(self, question: Mapping[str, Any]) -> str:
        """Return what an answer is about."""
        return question_words.about(question["name"])

    def answered(
        self, cleaned: Mapping[str, Any], asked: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Return the answers that stay."""
        asked = self.asked if asked is None else asked
        stay = {name: question for name, question in asked.items() if name in LISTED or cleaned.get(PLAIN[name][0])}
        found = super().answered(cleaned, stay)
        blank = {name for name in stay if name in LISTED and name != GRADE_WORDS}
        return {
            name: {value: meaning for value, meaning in answer.items() if meaning} if name in blank else answer
            for name, answer in found.items()
        }


def _asked(name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kept answer as the question that it answered, without what was seen then."""
    values = [{"value": value, "n": 0, "line": None, "known": meaning} for value, meaning in answer.items()]
    return {
        "name": name,
        "arguments": {},
        "values": values if name in LISTED else [],
        "proposal": dict(answer),
    }
