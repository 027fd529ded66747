"""Write the model card, or the technical file, from a version's own row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from modeling.model_cards import model_card


class Command(InstitutionCommand):
    """Write the card of the version that makes the list, or of another."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --number, --technical and --to."""
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, help="the version; without it, the one that makes the list")
        parser.add_argument(
            "--technical", action="store_true", help="the technical file of the AI Act, with names and settings"
        )
        parser.add_argument("--to", metavar="FILE", help="an .html or .md file; without it, Markdown on the screen")

    def handle(self, *args: object, **options: Any) -> None:
        """Write the card."""
        institution, path = self.institution(options), Path(options["to"]) if options["to"] else None
        if path and path.suffix not in (".html", ".md"):
            raise CommandError(f'--to is "{path}". Name a file that ends in .html or .md.')
        with timezone.override(institution.time_zone), scope.entered(scope.of_institution(institution)):
            try:
                card = model_card.published(
                    institution=institution,
                    number=options["number"],
                    names=options["technical"],
                    technical=options["technical"],
                )
            except model_card.NoSuchVersion as refusal:
                raise CommandError(str(refusal)) from None
        document = card.document()
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.html() if path.suffix == ".html" else document.markdown(), encoding="utf-8")
        self.answer(
            options,
            f"{card.title} is in {path}." if path else document.markdown(),
            card=card.version,
            file=str(path) if path else None,
            title=card.title,
            sections=card.as_json()["sections"],
        )
