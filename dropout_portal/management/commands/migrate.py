"""Django's migrate, on the owner's connection unless told otherwise."""

from __future__ import annotations

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from dropout_portal import database_roles


class Command(migrate.Command):
    """Migrate as the owner of the tables; portal_app may not change a schema."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Default to the owner's connection."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def execute(self, *args: object, **options: object) -> str | None:
        """Name the setting that is missing, before Django's checks trip over it."""
        if options.get("database") == "owner" and "owner" not in connections:
            raise CommandError("DATABASE_OWNER_URL is not set: migrations run as the owner of the tables.")
        return super().execute(*args, **options)

    def handle(self, *args: object, **options: object) -> str | None:
        """Migrate, then give portal_app what it needs of the tables."""
        done = super().handle(*args, **options)
        if options["database"] == "owner" and not options["plan"] and not options["check_unapplied"]:
            database_roles.grant()
        return done
