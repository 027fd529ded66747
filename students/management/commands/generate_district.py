"""Generate a synthetic district: into an institution, or as CSV files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.command_output import InstitutionCommand
from students import district


class Command(InstitutionCommand):
    """Simulate a district and store it, or write it as CSV. No person in it exists."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the size, the seed and where it goes."""
        BaseCommand.add_arguments(self, parser)
        parser.add_argument("--institution", metavar="SLUG")
        parser.add_argument("--students", type=int, required=True)
        parser.add_argument("--years", type=int, default=3)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--ends-on", type=dt.date.fromisoformat, help="the last day simulated (today)")
        parser.add_argument("--csv", type=Path, metavar="DIR", help="write CSV files instead")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        """Simulate, then write or store."""
        ends_on = options["ends_on"] or timezone.localdate()
        if (options["institution"] is None) == (options["csv"] is None):
            raise CommandError("Give either --institution SLUG or --csv DIR.")
        size = {"n_students": options["students"], "n_years": options["years"], "seed": options["seed"]}
        try:
            if options["csv"]:
                counts = district.write_csv(options["csv"], **size, ends_on=ends_on)
            else:
                institution = self.institution(options)
                simulated = district.simulate(**size, ends_on=ends_on)
                counts = district.store(simulated, institution=institution, now=timezone.now())
        except (ValueError, district.NotEmpty) as refusal:
            raise CommandError(str(refusal)) from None
        words = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        self.answer(options, f"Synthetic district up to {ends_on}: {words}.", ends_on=ends_on, counts=counts)
