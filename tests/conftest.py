"""The database of the tests: real Postgres, migrated by its owner, used as portal_app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase

from tests import databases

# People last: of two fixtures of one name the later wins, and the district's schools are for those who import them.
pytest_plugins = ["tests.district_in_database", "tests.live_stack", "tests.people"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Make a fresh database for this session and point both connections at it."""
    with databases.fresh("test_portal") as name, django_db_blocker.unblock():  # type: ignore[attr-defined]
        for alias in ("default", "owner"):
            connections[alias].close()
            settings.DATABASES[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name
        try:
            call_command("migrate", verbosity=0)
            connections["owner"].close()
            with pytest.MonkeyPatch.context() as patched:
                # After a test that commits (transactional_db), Django truncates; portal_app may not, so the owner does.
                patched.setattr(TransactionTestCase, "_fixture_teardown", lambda case: databases.empty(name))
                # The real hasher is slow on purpose, and people are made in nearly every test.
                patched.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
                yield
        finally:
            for alias in ("default", "owner"):
                connections[alias].close()
