"""What the columns of a file are, when it follows no format that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.importing import headers, record_kinds
from students.models import Source, Upload
from students.records import record_words
from students.uploads import column_choices


class ColumnsForm(forms.Form):
    """The source of a file, and what each of its columns is; one field per column, named by its position."""

    source_name = forms.CharField(
        label=gettext_lazy("Name of the source"),
        max_length=150,
        help_text=gettext_lazy("As you will know it again: “PowerSchool attendance export”."),
    )
    date_format = forms.ChoiceField(
        label=gettext_lazy("Which comes first in the dates?"), required=False, widget=forms.RadioSelect
    )
    holds = forms.ChoiceField(
        label=gettext_lazy("What files from this source hold"),
        initial="changes",
        widget=forms.RadioSelect,
        choices=[
            ("changes", gettext_lazy("Only what is new or changed")),
            ("everything", gettext_lazy("Everything: what is missing is no longer true")),
        ],
    )

    def __init__(self, *args: Any, upload: Upload, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.upload, self.kind = upload, kind
        self.header: list[str] = upload.summary.get("header", [])[: column_choices.MOST_COLUMNS]
        self.sample: column_choices.Sample = upload.summary.get("sample", [])
        self.withheld = column_choices.withheld(upload.summary)
        self._add_columns(upload.summary.get("proposal", {}))
        self._offer_date_orders(upload.summary.get("proposal", {}))
        self.fields["source_name"].initial = upload.filename.rpartition(".")[0] or upload.filename

    def _add_columns(self, proposal: dict[str, Any]) -> None:
        columns = column_choices.proposed(self.kind, self.header, proposal)
        meant = {header: field.partition(":")[0] for field, header in columns.items()}
        choices = _choices(self.kind)
        for position, name in enumerate(self.header):
            if name not in self.withheld:
                self.fields[f"column_{position}"] = forms.ChoiceField(
                    label=name, choices=choices, required=False, initial=meant.get(name, "")
                )

    def _offer_date_orders(self, proposal: dict[str, Any]) -> None:
        """Ask what comes first, day or month, where the check could not tell or the first rows do not."""
        doubtful = column_choices.doubtful_date(self.header, self.sample)
        if not doubtful and not self.upload.summary.get("notes"):
            del self.fields["date_format"]
            return
        field = self.fields["date_format"]
        field.required, field.initial = True, proposal.get("date_format", "")
        words = [_("The day, as in 31/12/2026"), _("The month, as in 12/31/2026")]
        if doubtful:
            days = column_choices.both_readings(doubtful)
            words = [_("%(date)s is %(day)s") % {"date": doubtful, "day": date_format(day, "j F Y")} for day in days]
        formats = (column_choices.DAY_FIRST, column_choices.MONTH_FIRST)
        field.choices = list(zip(formats, words, strict=True))  # type: ignore[attr-defined]

    def columns(self) -> Iterator[dict[str, Any]]:
        """Yield the columns of the file in their order: name, a few values, and the field that says what it is."""
        for position, name in enumerate(self.header):
            field = f"column_{position}"
            yield {
                "name": name,
                "values": column_choices.values(self.sample, position) if field in self.fields else [],
                "field": self[field] if field in self.fields else None,
            }

    def rows(self) -> Iterator[list[str]]:
        """Yield the first rows of the file as they came, without the columns that are kept out."""
        shown = [position for position, name in enumerate(self.header) if name not in self.withheld]
        for row in self.sample:
            yield [column_choices.cut(row[position]) if position < len(row) else "" for position in shown]

    def clean_source_name(self) -> str:
        """Refuse the name of a source whose files look different."""
        name = str(self.cleaned_data["source_name"]).strip()
        others = Source.objects.filter(name=name).exclude(shape_sha256=self.upload.summary.get("shape", ""))
        if others.exists():
            raise ValidationError(_("Another source has this name, and its files look different. Choose another name."))
        return name

    def clean(self) -> dict[str, Any]:
        """Put what is chosen together as a mapping; each field once, and none missing that every row needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = {
            position: str(cleaned[f"column_{position}"])
            for position in range(len(self.header))
            if cleaned.get(f"column_{position}")
        }
        meanings = {position: self._meaning(choice, position) for position, choice in chosen.items()}
        self._refuse_twice(meanings)
        self._refuse_missing(meanings)
        cleaned["mapping"] = {
            "kind": self.kind,
            "columns": {meaning: self.header[position] for position, meaning in meanings.items()},
            "date_format": cleaned.get("date_format", ""),
        }
        cleaned["is_complete"] = cleaned.get("holds") == "everything"
        return cleaned

    def _meaning(self, choice: str, position: int) -> str:
        if choice not in (column_choices.ATTRIBUTE, column_choices.PROTECTED):
            return choice
        name = headers.snake_case(self.header[position])
        if not name:
            self.add_error(f"column_{position}", _("This column has no name to keep it under. Name it in the file."))
        return f"{choice}:{name}"

    def _refuse_twice(self, meanings: dict[int, str]) -> None:
        times = Counter(meanings.values())
        for position, meaning in meanings.items():
            if times[meaning] > 1:
                words = record_words.column(self.kind, meaning.partition(":")[2] or meaning)
                self.add_error(
                    f"column_{position}", _("Only one column can be “%(field)s”. Choose which.") % {"field": words}
                )

    def _refuse_missing(self, meanings: dict[int, str]) -> None:
        missing = headers.missing_columns(record_kinds.kinds()[self.kind], meanings.values())
        if missing:
            words = ", ".join(record_words.column(self.kind, field) for field in missing)
            self.add_error(None, _("No column is named yet for: %(fields)s. Every row needs it.") % {"fields": words})


def _choices(kind: str) -> Sequence[Any]:
    """Return what a column may be: not needed, a field of the kind, or another fact about the student."""
    described = record_kinds.kinds()[kind]
    needed = headers.missing_columns(described, ())
    others = [name for name in described.columns if name not in needed]
    groups: list[Any] = [
        ("", _("Not needed")),
        (_("Every row needs"), [(name, _worded(kind, name)) for name in needed]),
        (_("Good to have"), [(name, _worded(kind, name)) for name in others]),
    ]
    if column_choices.takes_facts(kind):
        facts = [
            (column_choices.ATTRIBUTE, _("Another fact, kept under its own name")),
            (column_choices.PROTECTED, _("A protected fact, kept apart from the model")),
        ]
        groups.append((_("Something else about the student"), facts))
    return groups


def _worded(kind: str, field: str) -> str:
    words = record_words.column(kind, field)
    return words[:1].upper() + words[1:]
