"""A file to bring in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from students.importing.cohort_schema import CohortSchema, SchemaRefused
from students.models import Format

OWN_SCHEMA = "own"
MAX_SCHEMA_BYTES = 1 << 20


class UploadForm(forms.Form):
    """One file. What it is and how much it holds is found out, unless somebody says so."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("CSV, zip, OneRoster or Ed-Fi. We find out which."),
    )
    holds = forms.ChoiceField(
        label=_("What the file holds"),
        required=False,
        choices=[
            ("", _("Let the file say")),
            ("changes", _("Only what is new or changed")),
            ("everything", _("Everything: what is missing is no longer true")),
        ],
    )
    format = forms.ChoiceField(label=_("Format"), required=False)
    own_schema = forms.FileField(
        label=_("Your own schema (YAML)"),
        required=False,
        help_text=_("For one row per student. Needed only if you chose your own schema above."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [Format.PORTAL, Format.ONEROSTER, Format.EDFI, Format.MAPPED]
        self.fields["format"].choices = [  # type: ignore[attr-defined]
            ("", _("Find out by itself")),
            *((choice.value, choice.label) for choice in known),
            (_("One row per student"), [*_configured(), (OWN_SCHEMA, _("My own schema file"))]),
        ]

    @property
    def has_more_errors(self) -> bool:
        """Tell whether one of the fields that are folded away is wrong."""
        return any(name in self.errors for name in ("holds", "format", "own_schema"))

    def clean(self) -> dict[str, Any]:
        """Read the schema, and put what is wrong with it beside its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        holds = cleaned.get("holds")
        cleaned["is_complete"] = holds == "everything" if holds else None
        chosen = cleaned.get("format", "")
        if cleaned.get("own_schema"):
            chosen = OWN_SCHEMA
        cleaned["schema_yaml"] = ""
        if chosen and chosen not in Format.values:
            cleaned["format"] = Format.COHORT
            self._read_schema(cleaned, chosen)
        return cleaned

    def _read_schema(self, cleaned: dict[str, Any], chosen: str) -> None:
        try:
            cleaned["schema_yaml"] = self._schema_yaml(chosen)
            CohortSchema.from_yaml(cleaned["schema_yaml"])
        except (SchemaRefused, UnicodeDecodeError) as refusal:
            self.add_error("own_schema" if chosen == OWN_SCHEMA else "format", ValidationError(str(refusal)))

    def _schema_yaml(self, chosen: str) -> str:
        if chosen != OWN_SCHEMA:
            return (settings.COHORT_SCHEMAS_DIR / f"{chosen}.yaml").read_text(encoding="utf-8")
        own = self.cleaned_data.get("own_schema")
        if own is None:
            raise SchemaRefused([str(_("Choose the schema's YAML file."))])
        return str(own.read(MAX_SCHEMA_BYTES).decode("utf-8"))


def _configured() -> list[tuple[str, str]]:
    """Return the schemas that come with the portal, by file name, with their titles."""
    paths = sorted(settings.COHORT_SCHEMAS_DIR.glob("*.yaml"))
    return [(path.stem, CohortSchema.from_yaml(path).title) for path in paths]
