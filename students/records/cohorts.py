"""The cohorts that flat files bring: a name, and a schema that says what each column is."""

from __future__ import annotations

from accounts.models import Institution
from students.importing.cohort_schema import CohortSchema
from students.models import Cohort


class OtherSchema(Exception):
    """A cohort of this name is here already, and its columns mean something else."""


def cohort_of(institution: Institution, schema: CohortSchema) -> tuple[Cohort, bool]:
    """Return the cohort of a schema's name, and whether it is new; what its columns mean may not change.

    :raises OtherSchema: if the schema differs from the one that is kept
    """
    check_schema(institution, schema)
    cohort, is_new = Cohort.objects.get_or_create(
        institution=institution,
        name=schema.name,
        defaults={
            "schema": schema.as_json(),
            "snapshot_on": schema.dates.snapshot_on,
            "horizon_days": schema.horizon_days,
        },
    )
    return cohort, is_new


def check_schema(institution: Institution, schema: CohortSchema) -> None:
    """Refuse a schema that differs from the one kept under its name.

    :raises OtherSchema: if it does
    """
    kept = Cohort.objects.filter(institution=institution, name=schema.name).first()
    if kept and kept.schema != schema.as_json():
        raise OtherSchema(
            f'A cohort "{schema.name}" is here already, with another schema. '
            "Use its schema, or give this one another name."
        )
