"""The school's rule as rows of a form: one sign each, an empty row to add one, a tick to remove one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from modeling.facts import Terms
    from modeling.rule_sets import RuleRefused

OPERATIONS = (
    ("at_least", gettext_lazy("is at least")),
    ("above", gettext_lazy("is more than")),
    ("at_most", gettext_lazy("is at most")),
    ("below", gettext_lazy("is less than")),
    ("equals", gettext_lazy("is")),
)
FIELDS = ("feature", "op", "value", "points", "words", "domain")
# What a new row holds before anybody wrote in it.
EMPTY = {"op": "at_least", "points": "1"}
# More rows than a rule may have signs, so that whoever sends too many is told so.
MOST_ROWS = 40


class SignForm(forms.Form):
    """One sign. Nothing is checked here: what a rule may say is the domain's, which names every fault at once."""

    feature = forms.CharField(label=gettext_lazy("What is looked at"), required=False, widget=forms.Select)
    op = forms.CharField(label=gettext_lazy("How it compares"), required=False, widget=forms.Select(choices=OPERATIONS))
    value = forms.CharField(
        label=gettext_lazy("With"),
        required=False,
        help_text=gettext_lazy("Shares are parts of 1: a tenth is 0.1. Yes is 1, no is 0."),
    )
    points = forms.CharField(label=gettext_lazy("Points"), required=False)
    words = forms.CharField(
        label=gettext_lazy("In words"),
        required=False,
        help_text=gettext_lazy("Stands on the list, beside the student."),
    )
    domain = forms.CharField(
        label=gettext_lazy("Kind of trouble (optional)"),
        required=False,
        help_text=gettext_lazy("Signs of one kind count once."),
    )
    remove = forms.BooleanField(label=gettext_lazy("Remove this sign"), required=False)

    def __init__(self, terms: Terms, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        features = [(feature.name, _(feature.label) if feature.label else feature.name) for feature in terms.features]
        self.fields["feature"].widget.choices = [("", _("Choose")), *features]

    def written(self) -> dict[str, str]:
        """Return the row as it was sent."""
        return {name: str(self[name].value() or "") for name in FIELDS}

    @property
    def is_untouched(self) -> bool:
        """Tell whether nothing was written into a new row."""
        return not any(self.written()[name] for name in ("feature", "value", "words", "domain"))


class RuleForms:
    """The rows of the page."""

    def __init__(self, forms_of_rows: Sequence[SignForm]) -> None:
        self.forms = list(forms_of_rows)
        self.errors: list[str] = []

    @classmethod
    def showing(cls, terms: Terms) -> RuleForms:
        """Return the rule in force, and an empty row below it."""
        rows = [{name: _plain(value) for name, value in asdict(rule).items()} for rule in terms.rules]
        return cls.showing_rows(terms, rows, n_empty=1)

    @classmethod
    def showing_rows(cls, terms: Terms, rows: Sequence[dict[str, Any]], *, n_empty: int) -> RuleForms:
        """Return rows as they are, and some empty ones below."""
        shown = [*rows, *[EMPTY for _number in range(n_empty)]]
        return cls([SignForm(terms, initial=row, prefix=f"sign-{place}") for place, row in enumerate(shown)])

    @classmethod
    def sent(cls, terms: Terms, data: QueryDict) -> RuleForms:
        """Return the rows that were sent."""
        said = data.get("n_rows", "")
        n_rows = min(int(said), MOST_ROWS) if said.isascii() and said.isdigit() and len(said) < 4 else 0
        return cls([SignForm(terms, data, prefix=f"sign-{place}") for place in range(n_rows)])

    def rows(self) -> list[dict[str, str]]:
        """Return the rows that are meant: neither removed nor left empty."""
        return [form.written() for form in self._meant()]

    def tell(self, refusal: RuleRefused) -> None:
        """Put every fault beside its field."""
        meant = self._meant()
        for fault in refusal.faults:
            if fault.row is None:
                self.errors.append(fault.sentence)
            else:
                meant[fault.row].add_error(fault.field, fault.sentence)

    def _meant(self) -> list[SignForm]:
        return [form for form in self.forms if not form["remove"].value() and not form.is_untouched]


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
