"""Switch an institution's model off or on; the list follows before the command ends."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from modeling.promotion.model_switch import SwitchRefused
from predictions import list_switch


class Command(InstitutionCommand):
    """Turn the switch."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read which way, and why."""
        super().add_arguments(parser)
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--off", action="store_true", help="the rule makes the list, and no estimate is shown")
        way.add_argument("--on", action="store_true", help="the model decides again, where it is good enough to")
        parser.add_argument("--reason", required=True, help="stands on the list, for everybody to read")

    def handle(self, *args: object, **options: Any) -> None:
        """Turn it, and print who makes the list now."""
        institution = self.institution(options)
        turn = list_switch.turn_off if options["off"] else list_switch.turn_on
        try:
            run = turn(institution=institution, reason=options["reason"], by=None, now=timezone.now())
        except SwitchRefused as refusal:
            raise CommandError(str(refusal)) from None
        is_made = run is not None and run.published_at is not None
        with scope.entered(scope.of_institution(institution)):
            words = f"The {run.decided_by} makes the list as of {run.as_of}." if run and is_made else "No list changed."
        if run and not is_made:
            words = "A list is being made; until then the last one stands."
        self.answer(
            options,
            f"The model of {institution.slug} is {'off' if options['off'] else 'on'}. {words}",
            is_on=not options["off"],
            list_decided_by=run.decided_by if run and is_made else None,
            list_as_of=run.as_of if run and is_made else None,
        )
