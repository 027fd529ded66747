"""One file at a time changes the records of an institution."""

from __future__ import annotations

from django.db import connection

from accounts.models import Institution


def hold(institution: Institution) -> None:
    """Wait until nobody else merges or takes back files of an institution, and hold that until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records of an institution'), %s)", [institution.pk])
