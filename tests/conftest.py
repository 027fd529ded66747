"""The database of the tests: real Postgres, migrated by its owner once a run, used as portal_app."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import TransactionTestCase

from tests import databases, local_services_plugin

# The broker has sixteen databases, and each worker takes two.
MOST_WORKERS = 8

# People last: of two fixtures of one name the later wins, and the district's schools are for those who import them.
pytest_plugins = ["tests.district_fixtures", "tests.live_stack", "tests.people"]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use every core for folders, and this process alone for tests and files by name: they end before workers begin."""
    by_name = all("::" in asked or asked.endswith(".py") for asked in config.args)
    n_cores = os.cpu_count() or 1
    return 0 if by_name or n_cores == 1 else min(n_cores, MOST_WORKERS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what needs the running portal as slow, and put files in the order in which no worker waits for another.

    One of the files that need the district goes first, so that one worker makes it while the others do what needs no
    database. The other files of the district go last.
    """
    fixtures: dict[Path, set[str]] = {}
    for item in items:
        needed = getattr(item, "fixturenames", ())
        fixtures.setdefault(item.path, set()).update(needed)
        if "live" in needed:
            item.add_marker(pytest.mark.slow)
    # In between, a file's tests are deselected, shuffled, or parted into those with a database and those without.
    yield
    files = list(dict.fromkeys(item.path for item in items))
    of_district = [path for path in files if "district" in fixtures[path]]
    turns = {path: 2 if fixtures[path] & {"db", "transactional_db"} else 1 for path in files}
    turns |= dict.fromkeys(of_district, 3) | dict.fromkeys(of_district[:1], 0)
    places = {path: place for place, path in enumerate(sorted(files, key=turns.__getitem__))}
    items.sort(key=lambda item: places[item.path])


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lives as long as this process: thousands of tests, every library."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated_database(django_db_blocker: pytest.FixtureRequest) -> str:
    """The database that others are copied from: every table, and the rows that migrations write."""

    def migrate(name: str) -> None:
        with databases.pointed_at(name), django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command("migrate", verbosity=0)

    return databases.made_once("test_migrated", migrate)


@pytest.fixture(scope="session")
def django_db_setup(migrated_database: str) -> Iterator[None]:
    """Make a database for this process and point both connections at it."""
    with (
        databases.fresh("test_portal", template=migrated_database) as name,
        databases.pointed_at(name),
        pytest.MonkeyPatch.context() as patched,
    ):
        # After a test that commits (transactional_db), Django truncates; portal_app may not, so the owner does.
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda case: databases.empty(name))
        # The real hasher is slow on purpose, and people are made in nearly every test.
        patched.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        # Static files are looked up when one is asked for, not listed anew for every test's browser.
        patched.setattr(settings, "WHITENOISE_AUTOREFRESH", True)
        yield


def pytest_unconfigure() -> None:
    """Remove what all processes of the run shared, once they are over."""
    if not local_services_plugin.WORKER:
        databases.drop_what_was_made_once()
