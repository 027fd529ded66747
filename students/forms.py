"""What people type about students."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from students.importing.cohort_schema import CohortSchema, SchemaRefused
from students.models import Intervention

OWN_SCHEMA = "own"


class InterventionForm(forms.Form):
    """Help that begins: what, from when, what for."""

    kind = forms.ChoiceField(label=_("Kind of help"), choices=Intervention.Kind.choices)
    started_on = forms.DateField(
        label=_("Since"), initial=timezone.localdate, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    goal = forms.CharField(
        label=_("What for"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_started_on(self) -> Any:
        """Refuse days to come: help that is only planned has not begun."""
        day = self.cleaned_data["started_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day lies ahead. Record help once it has begun."))
        return day


class UploadForm(forms.Form):
    """A file, and the schema that says what its columns are."""

    file = forms.FileField(label=_("File (CSV)"), allow_empty_file=True)
    schema = forms.ChoiceField(label=_("What the columns are"))
    own_schema = forms.FileField(
        label=_("Your own schema (YAML)"), required=False, help_text=_("Only if you chose your own schema above.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schema"].choices = [*_configured(), (OWN_SCHEMA, _("My own schema file"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the schema, and put what is wrong with it beside its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = cleaned.get("schema")
        if not chosen:
            return cleaned
        field = "own_schema" if chosen == OWN_SCHEMA else "schema"
        try:
            cleaned["schema_yaml"] = self._schema_yaml(chosen)
            CohortSchema.from_yaml(cleaned["schema_yaml"])
        except (SchemaRefused, UnicodeDecodeError) as refusal:
            self.add_error(field, ValidationError(str(refusal)))
        return cleaned

    def _schema_yaml(self, chosen: str) -> str:
        if chosen != OWN_SCHEMA:
            return (settings.COHORT_SCHEMAS_DIR / f"{chosen}.yaml").read_text(encoding="utf-8")
        own = self.cleaned_data.get("own_schema")
        if own is None:
            raise SchemaRefused([str(_("Choose the schema's YAML file."))])
        return str(own.read(1 << 20).decode("utf-8"))


def _configured() -> list[tuple[str, str]]:
    """Return the schemas that come with the portal, by file name, with their titles."""
    paths = sorted(settings.COHORT_SCHEMAS_DIR.glob("*.yaml"))
    return [(path.stem, CohortSchema.from_yaml(path).title) for path in paths]
