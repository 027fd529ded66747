"""Make an institution and its first administrator."""

from __future__ import annotations

import getpass
import json
import os
import zoneinfo
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import people
from accounts.models import Role


class Command(BaseCommand):
    """Make an institution and its first administrator, whose password comes from the terminal or ADMIN_PASSWORD."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the institution's name and its administrator's address."""
        parser.add_argument("slug")
        parser.add_argument("--name")
        parser.add_argument("--admin", required=True, metavar="EMAIL")
        parser.add_argument("--time-zone", default="UTC")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        """Make both, or neither."""
        password = os.environ.get("ADMIN_PASSWORD") or getpass.getpass("Password of the administrator: ")
        if options["time_zone"] not in zoneinfo.available_timezones():
            raise CommandError(f'"{options["time_zone"]}" is not a time zone. Use a name like Europe/Lisbon.')
        try:
            validate_password(password)
            slug, email = self._made(options, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except people.AlreadyThere as error:
            raise CommandError(str(error)) from None
        words = f"Made {options['name'] or slug} with administrator {email}."
        self.stdout.write(json.dumps({"institution": slug, "admin": email}) if options["json"] else words)

    @transaction.atomic
    def _made(self, options: dict[str, Any], password: str) -> tuple[str, str]:
        institution = people.found_institution(
            slug=options["slug"], name=options["name"] or options["slug"], time_zone=options["time_zone"]
        )
        admin = people.add_person(
            email=options["admin"],
            display_name=options["admin"].partition("@")[0],
            password=password,
            institution=institution,
            role=Role.INSTITUTION_ADMIN,
            now=timezone.now(),
        )
        return institution.slug, admin.email
