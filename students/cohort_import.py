"""Import an uploaded flat cohort: read it whole, then store it whole, or store nothing and say what is wrong."""

from __future__ import annotations

from django.conf import settings

from accounts import scope
from accounts.models import Institution
from jobs.claims import Claim, Refused
from students import uploads
from students.importing import merge
from students.importing.cohort_csv import CohortFrames, FileRefused, read_cohort
from students.importing.cohort_schema import CohortSchema
from students.models import Cohort, Upload

FRAMES = ("students", "enrolments", "attributes", "protected", "grades", "attendance", "outcomes", "schools")


def import_upload(claim: Claim) -> None:
    """Do the work of an upload's job.

    :raises Refused: with one sentence, after the faults were kept on the upload
    """
    institution = claim.job.institution
    with scope.entered(scope.of_institution(institution)):
        upload = Upload.objects.select_related("created_by").get(job=claim.job)
        schema = CohortSchema.from_yaml(upload.schema_yaml)
        claim.progress(0, 1, "reading")
        try:
            read = read_cohort(uploads.stored_path(upload), schema, max_bytes=settings.UPLOAD_MAX_BYTES)
        except FileRefused as refusal:
            _keep_errors(upload, refusal)
        else:
            _store(claim, upload, schema, read)
    # Raised after the transaction, which must keep the faults.
    if upload.n_errors:
        raise Refused("Nothing was saved. Mend the file and upload it again.")


def _keep_errors(upload: Upload, refusal: FileRefused) -> None:
    upload.n_errors = refusal.n_errors
    upload.errors = [
        {
            "line": error.line,
            "column": error.column,
            "value": error.value,
            "problem": error.problem,
            "allowed": error.allowed,
            "sentence": error.sentence(),
        }
        for error in refusal.errors
    ]
    upload.save(update_fields=["errors", "n_errors"])


def _store(claim: Claim, upload: Upload, schema: CohortSchema, read: CohortFrames) -> None:
    institution = claim.job.institution
    with claim.publishing():
        cohort = _cohort(institution, schema)
        provenance = merge.Provenance(
            institution=institution,
            upload=upload,
            cohort=cohort,
            source=upload.filename[:100],
            by=upload.created_by,
            now=upload.created_at,
        )
        try:
            counts = merge.store(
                frames={name: getattr(read, name) for name in FRAMES}, provenance=provenance, told=claim.progress
            )
        except merge.AlreadyStored as known:
            raise Refused(str(known)) from known
        upload.cohort = cohort
        upload.n_rows = read.n_rows
        upload.errors, upload.n_errors = [], 0  # of an earlier attempt
        upload.summary = {"encoding": read.encoding, "counts": counts, "absent_columns": list(read.absent_columns)}
        upload.save(update_fields=["cohort", "n_rows", "errors", "n_errors", "summary"])


def _cohort(institution: Institution, schema: CohortSchema) -> Cohort:
    """Return the cohort of a schema's name; what its columns mean may not change under the students it has."""
    cohort, is_new = Cohort.objects.get_or_create(
        institution=institution,
        name=schema.name,
        defaults={
            "schema": schema.as_json(),
            "snapshot_on": schema.dates.snapshot_on,
            "horizon_days": schema.horizon_days,
        },
    )
    if not is_new and cohort.schema != schema.as_json():
        raise Refused(
            f'A cohort "{schema.name}" is here already, with another schema. '
            "Use its schema, or give this one another name."
        )
    return cohort
