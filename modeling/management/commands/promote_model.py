"""Let a model version decide from the next list on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from modeling import registry
from modeling.models import ModelVersion


class Command(InstitutionCommand):
    """Promote a version by its number."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the number."""
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, required=True)

    def handle(self, *args: object, **options: Any) -> None:
        """Promote it."""
        with scope.entered(scope.of_institution(self.institution(options))):
            version = ModelVersion.objects.defer("booster_text").filter(number=options["number"]).first()
            if version is None:
                raise CommandError(f"There is no model {options['number']} at this institution.")
            registry.promote(version=version, by=None, now=timezone.now())
        self.answer(options, f"{version} decides from the next list on.", champion=str(version))
