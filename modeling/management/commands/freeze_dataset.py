"""Freeze what a model learns from, and the uploads it came from, as files named by their content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from accounts.models import Institution
from modeling.training import dataset_folder, dataset_versions, dvc, training_config
from modeling.training.dataset_folder import FrozenFile
from modeling.training.datasets import NothingToLearn
from modeling.training.training_config import ConfigRefused
from students.importing.file_errors import FileRefused
from students.models import Upload
from students.uploads import upload_parquet


class Command(InstitutionCommand):
    """Write a frozen dataset, its manifest and the raw uploads into a folder."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --to, --without-uploads and --dvc."""
        super().add_arguments(parser)
        parser.add_argument("--to", metavar="DIR", help="the folder; without it, frozen/SLUG among the portal's files")
        parser.add_argument("--without-uploads", action="store_true", help="only what a model learns from: no names")
        parser.add_argument("--dvc", action="store_true", help="track the files with DVC and write dvc.yaml")

    def handle(self, *args: object, **options: Any) -> None:
        """Freeze, write, and print where it lies."""
        institution = self.institution(options)
        folder = Path(options["to"] or Path(settings.FILES_DIR) / "frozen" / institution.slug).resolve()
        now = timezone.now()
        try:
            config_yaml = training_config.text()
            uploads = [] if options["without_uploads"] else _uploads(institution, folder)
            with scope.entered(scope.of_institution(institution)):
                frozen = dataset_versions.from_records(
                    institution=institution, config=training_config.TrainingConfig.from_yaml(config_yaml), now=now
                )
                manifest = dataset_folder.write(
                    folder, frozen=frozen, config_yaml=config_yaml, uploads=uploads, now=now
                )
            if options["dvc"]:
                files = [manifest.with_suffix(".parquet"), *[kind.path for upload in uploads for kind in upload.kinds]]
                digest = frozen.dataset.content_sha256
                dvc.track(folder, files, institution_slug=institution.slug, digest=digest)
        except (ConfigRefused, NothingToLearn, FileRefused, dvc.DvcMissing, dvc.DvcFailed) as refusal:
            raise CommandError(str(refusal)) from None
        self.answer(
            options,
            f"Frozen {frozen.dataset.n_rows} rows as {frozen.dataset.content_sha256} in {folder}.",
            dataset=frozen.dataset.content_sha256,
            folder=str(folder),
            manifest=str(manifest),
            n_rows=frozen.dataset.n_rows,
            snapshot_dates=frozen.dataset.snapshot_dates,
            known_by=frozen.known_by,
            n_uploads=len(uploads),
            is_tracked_by_dvc=options["dvc"],
        )


def _uploads(institution: Institution, folder: Path) -> list[FrozenFile]:
    """Write the rows of every upload that was brought in; those of an earlier freezing are not read again."""
    with scope.entered(scope.of_institution(institution)):
        merged = list(
            Upload.objects.filter(stage=Upload.Stage.DONE)
            .select_related("institution", "cohort", "source")
            .order_by("merged_at", "pk")
        )
    known = dataset_folder.known_uploads(folder)
    return [
        FrozenFile(
            public_id=str(upload.public_id),
            filename=upload.filename,
            content_sha256=upload.content_sha256,
            merged_at=upload.merged_at,
            kinds=known.get(str(upload.public_id)) or upload_parquet.write(upload, folder / "uploads"),
        )
        for upload in merged
    ]
