"""Write how a version did beside the school's rule and plain formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import scope
from accounts.command_output import InstitutionCommand
from modeling.html_reports import comparison_report
from modeling.models import ModelVersion

USUAL_FOLDER = Path("reports")


class Command(InstitutionCommand):
    """Write reports/model_comparison.md and reports/model_comparison.html for one version."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --number and --to."""
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, metavar="N", help="the version; without it, the one that decides")
        parser.add_argument("--to", metavar="DIR", default=str(USUAL_FOLDER), help="the folder to write to")

    def handle(self, *args: object, **options: Any) -> None:
        """Write both files, and say where."""
        institution, number = self.institution(options), options["number"]
        with scope.entered(scope.of_institution(institution)):
            known = ModelVersion.objects.defer("booster_text").select_related("dataset", "institution")
            version = known.filter(is_champion=True).first() if number is None else known.filter(number=number).first()
            if version is None:
                raise CommandError(
                    f"{institution.name} has no model that decides. Train one, or name a version with --number."
                    if number is None
                    else f"{institution.name} has no model {number}."
                )
            written = comparison_report.files(version)
        folder = Path(options["to"])
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.answer(
            options,
            f"{str(version).capitalize()} is compared in {folder / comparison_report.FILES[1]}.",
            model_version=str(version),
            files=[str(folder / name) for name in written],
            metrics=version.metrics,
            suspicious=version.evaluation.get("suspicious", []),
        )
