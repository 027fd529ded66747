"""What was answered of the files of a source: to be changed, or asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from students.forms.answers import LISTED, PLAIN, AnswersForm
from students.importing.questions import GRADE_WORDS
from students.uploads import question_words

CHOSEN = set(LISTED) - {GRADE_WORDS}
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

    def stays(self, name: str, cleaned: Mapping[str, Any]) -> bool:
        """Tell whether an answer was left standing."""
        return name in LISTED or bool(cleaned.get(PLAIN[name][0]))

    def answered(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers that stay; of a word without a choice there is none, but a word may be no grade."""
        return {
            name: {value: meaning for value, meaning in answer.items() if meaning or name not in CHOSEN}
            for name, answer in super().answered(cleaned).items()
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
