"""Import an uploaded flat cohort: read it whole, then store it whole, or store nothing and say what is wrong."""

from __future__ import annotations

from accounts import scope
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
            cohort_frames = read_cohort(uploads.stored_path(upload), schema)
        except FileRefused as refusal:
            _keep_errors(upload, refusal)
            cohort_frames = None
        else:
            _store(claim, upload, schema, cohort_frames)
    if cohort_frames is None:
        raise Refused("Nothing was saved. Mend the file and upload it again.")


def _keep_errors(upload: Upload, refusal: FileRefused) -> None:
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
    upload.n_errors = refusal.n_errors
    upload.save(update_fields=["errors", "n_errors"])


def _store(claim: Claim, upload: Upload, schema: CohortSchema, read: CohortFrames) -> None:
    institution = claim.job.institution
    with claim.publishing():
        cohort, _is_new = Cohort.objects.get_or_create(
            institution=institution,
            name=schema.name,
            defaults={
                "schema": schema.as_json(),
                "snapshot_on": schema.dates.snapshot_on,
                "horizon_days": schema.horizon_days,
            },
        )
        provenance = merge.Provenance(
            institution=institution,
            upload=upload,
            cohort=cohort,
            source=upload.filename,
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
        upload.summary = {"encoding": read.encoding, "counts": counts}
        upload.save(update_fields=["cohort", "n_rows", "summary"])
