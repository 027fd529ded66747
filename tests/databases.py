"""Throw-away databases on the test server, and those that all processes of a run copy theirs from."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from tests.local_services_plugin import run_folder, start_services

# Written by migrations, and the same after every test.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
MADE_ONCE = "databases"
# Without FORCE, for which the owner lacks the right: PostgreSQL waits five seconds for the last to leave.
_DROP = sql.SQL("DROP DATABASE IF EXISTS {}")


def as_owner(database: str) -> psycopg.Connection:
    """Connect as the owner of the tables, who stands above row-level security; starts the server if need be."""
    start_services()
    parts = urlsplit(os.environ["DATABASE_OWNER_URL"])
    # A socket's folder stands percent-encoded where a host would; `hostname` lowers its case, so it is cut by hand.
    host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return psycopg.connect(
        host=host,
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        dbname=database,
        autocommit=True,
    )


@contextlib.contextmanager
def fresh(prefix: str, *, template: str = "template1") -> Iterator[str]:
    """Create a database, and drop it at the end; whoever is still connected then is a process left running.

    As a copy of a template it begins with the template's tables and rows; nobody may be connected to that one.
    """
    name = f"{prefix}_{os.getpid()}"
    _create(name, template=template)
    try:
        yield name
    finally:
        _drop(name)


@contextlib.contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Let both of Django's connections lead to another database for a while; afterwards nobody is connected to it."""
    before = connections["default"].settings_dict["NAME"]
    _point(name)
    try:
        yield
    finally:
        _point(before)


def _point(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        settings.DATABASES[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name


def made_once(prefix: str, make: Callable[[str], None], *, template: str = "template1") -> str:
    """Return the name of a database that one process of this run makes, the first to ask; the others wait for it.

    `make` fills the copy of a template, and leaves nobody connected to it. What it failed to make the next one tries.
    """
    name = f"{prefix}_{run_folder().name}"
    with (run_folder() / f"{prefix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name not in _names_made_once():
            _create(name, template=template)
            make(name)
            with (run_folder() / MADE_ONCE).open("a") as names:
                names.write(f"{name}\n")
    return name


def drop_what_was_made_once() -> None:
    """Remove the databases that this run's processes shared, once all of them are over."""
    for name in _names_made_once():
        _drop(name)


def _names_made_once() -> list[str]:
    listed = run_folder() / MADE_ONCE
    return listed.read_text().split() if listed.exists() else []


def _create(name: str, *, template: str) -> None:
    with as_owner(_maintenance()) as connection:
        connection.execute(_DROP.format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def _drop(name: str) -> None:
    with as_owner(_maintenance()) as connection:
        connection.execute(_DROP.format(sql.Identifier(name)))


def _maintenance() -> str:
    return urlsplit(os.environ["DATABASE_OWNER_URL"]).path.strip("/")


def empty(name: str) -> None:
    """Remove every row a test committed."""
    with as_owner(name) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)", [list(KEPT)]
        ).fetchall()
        connection.execute(
            sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier(table) for (table,) in tables))
        )
