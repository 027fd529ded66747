"""Take back what a file brought, without a browser."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims
from students.changes import undo
from students.models import Upload
from students.uploads import uploads


class Command(InstitutionCommand):
    """Take back everything one upload brought, unless later uploads touched the same rows."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read which upload."""
        super().add_arguments(parser)
        parser.add_argument("id", type=uuid.UUID, help="the upload's id, as import_records prints it")

    def handle(self, *args: object, **options: Any) -> None:
        """Take the upload back here and now."""
        institution = self.institution(options)
        with scope.entered(scope.of_institution(institution)):
            upload = Upload.objects.select_related("institution").filter(public_id=options["id"]).first()
            if upload is None:
                raise CommandError(f"{institution} has no upload {options['id']}.")
            if upload.stage != Upload.Stage.UNDOING:
                _ask(upload)
        claims.run_job(job_id=upload.undo_job_id, work=undo.undo_upload)
        with scope.entered(scope.of_institution(institution)):
            upload = Upload.objects.select_related("undo_job").get(pk=upload.pk)
        if upload.stage != Upload.Stage.UNDONE:
            error = upload.undo_job.error if upload.undo_job else ""
            raise CommandError(error or "The file is being worked on elsewhere. Ask again later.")
        self.answer(options, f"Took back {upload.filename}.", upload=upload.public_id, stage=upload.stage)


def _ask(upload: Upload) -> None:
    try:
        uploads.undo(upload=upload, by=None, now=timezone.now(), wakes=False)
    except uploads.WrongStage:
        raise CommandError(f"{upload.filename} is not brought in: {upload.get_stage_display()}.") from None
    except undo.TouchedSince as refusal:
        raise CommandError(str(refusal)) from None
