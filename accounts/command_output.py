"""What every command of ours shares: the institution it works for, and one JSON object on its last line if asked."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Institution


class InstitutionCommand(BaseCommand):
    """A command that works for one institution and can answer in JSON."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --institution and --json."""
        parser.add_argument("--institution", required=True, metavar="SLUG", help="the institution's short name")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")

    def institution(self, options: dict[str, Any]) -> Institution:
        """Return the institution asked for.

        :raises CommandError: if there is none of that name
        """
        slug = options["institution"]
        found = Institution.objects.filter(slug=slug).first()
        if found is None:
            known = ", ".join(Institution.objects.values_list("slug", flat=True)[:10]) or "none yet"
            raise CommandError(f'There is no institution "{slug}". Known: {known}. Make one with create_institution.')
        return found

    def answer(self, options: dict[str, Any], words: str, **fields: Any) -> None:
        """Print the result in words, or as JSON on the last line."""
        if options["json"]:
            self.stdout.write(json.dumps(fields, default=str))
        else:
            self.stdout.write(words)
