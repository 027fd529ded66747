"""Import a file of records without a browser; the same path as an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims, queue
from jobs.models import State
from students import cohort_import, uploads
from students.importing.cohort_schema import SchemaRefused
from students.models import Upload

FAULTS_SHOWN = 50


class Command(InstitutionCommand):
    """Import a flat cohort file with its schema. Nothing is saved if anything is wrong."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the file, its format and its schema."""
        super().add_arguments(parser)
        parser.add_argument("path", type=Path)
        parser.add_argument("--format", choices=["cohort"], default="cohort")
        parser.add_argument("--schema", type=Path, required=True)

    def handle(self, *args: object, **options: Any) -> None:
        """Receive the file, import it here and now, and tell every fault."""
        institution = self.institution(options)
        for path in (options["path"], options["schema"]):
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        with scope.entered(scope.of_institution(institution)), options["path"].open("rb") as file:
            try:
                upload, is_new = uploads.receive(
                    institution=institution,
                    filename=options["path"].name,
                    chunks=iter(lambda: file.read(1 << 20), b""),
                    schema_yaml=options["schema"].read_text(encoding="utf-8"),
                    by=None,
                    now=timezone.now(),
                    wakes=False,
                )
            except (SchemaRefused, uploads.TooLarge) as refusal:
                raise CommandError(str(refusal)) from None
            except UnicodeDecodeError:
                raise CommandError(f"{options['schema']} is not a text in UTF-8. Save it as UTF-8.") from None
            if not is_new and upload.job.state == State.FAILED:
                queue.again(job=upload.job, by=None, now=timezone.now(), wakes=False)
        claims.carry_out(job_id=upload.job_id, work=cohort_import.import_upload)
        self._tell(institution, upload, options)

    def _tell(self, institution: Any, upload: Upload, options: dict[str, Any]) -> None:
        with scope.entered(scope.of_institution(institution)):
            upload = Upload.objects.select_related("job").get(pk=upload.pk)
        for error in upload.errors[:FAULTS_SHOWN]:
            self.stderr.write(error["sentence"])
        if upload.n_errors > FAULTS_SHOWN:
            self.stderr.write(f"… and {upload.n_errors - FAULTS_SHOWN} more.")
        if upload.job.state != State.DONE:
            raise CommandError(upload.job.error or "The file is being imported by another worker.")
        self.answer(
            options,
            f"Imported {upload.n_rows} students from {upload.filename}.",
            upload=upload.public_id,
            n_rows=upload.n_rows,
            counts=upload.summary["counts"],
        )
