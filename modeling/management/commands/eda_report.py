"""Report on the data that models learn from, here and now; the same work as the page's button."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims
from jobs.models import State
from modeling.html_reports import eda_report, eda_requests
from modeling.models import EdaReport
from modeling.training import dataset_versions
from modeling.training.datasets import DatasetRefused

USUAL_PATH = Path("reports") / "eda_report.html"


class Command(InstitutionCommand):
    """Look at the newest records, or at a frozen dataset, and write the report as one HTML file."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --dataset and --to."""
        super().add_arguments(parser)
        parser.add_argument("--dataset", metavar="SHA256", help="report on this frozen dataset, not on the records")
        parser.add_argument("--to", metavar="FILE", default=str(USUAL_PATH), help="the file to write")

    def handle(self, *args: object, **options: Any) -> None:
        """Queue the report, make it in this process, and write its file."""
        institution = self.institution(options)
        with scope.entered(scope.of_institution(institution)):
            try:
                dataset = dataset_versions.by_hash(options["dataset"]) if options["dataset"] else None
            except DatasetRefused as refusal:
                raise CommandError(str(refusal)) from None
            asked = eda_requests.request(
                institution=institution, by=None, now=timezone.now(), dataset=dataset, wakes=False
            )
        if asked.dataset_id != (dataset.pk if dataset else None):
            raise CommandError("Another report of this institution is being made. Wait for its end, then try again.")
        claims.run_job(job_id=asked.job_id, work=eda_report.make)
        with scope.entered(scope.of_institution(institution)):
            report = EdaReport.objects.select_related("job", "dataset").get(pk=asked.pk)
        if report.job.state != State.DONE or report.dataset is None:
            raise CommandError(report.job.error or "Another worker holds this report.")
        path = Path(options["to"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report.html, encoding="utf-8")
        self.answer(
            options,
            f"Looked at {report.dataset.n_rows} rows of {report.dataset}. The report is in {path}.",
            report=str(report.public_id),
            dataset=report.dataset.content_sha256,
            file=str(path),
            n_rows=report.dataset.n_rows,
            n_students=report.dataset.n_students,
            notes=report.content["notes"],
        )
