"""Throw-away databases on the test server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

# Written by migrations, and the same after every test.
KEPT = ("django_migrations", "django_content_type", "auth_permission")


def as_owner(database: str) -> psycopg.Connection:
    """Connect as the owner of the tables, who stands above row-level security."""
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
    # Without FORCE, for which the owner lacks the right: PostgreSQL waits five seconds for the last to leave.
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    maintenance = urlsplit(os.environ["DATABASE_OWNER_URL"]).path.strip("/")
    with as_owner(maintenance) as connection:
        connection.execute(drop)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        if template != "template1":
            _count_from_one(name)
        try:
            yield name
        finally:
            connection.execute(drop)


def _count_from_one(name: str) -> None:
    """Restart the ids: rolled back or not, tests have used some, and which students are set aside hangs on theirs."""
    with as_owner(name) as connection:
        connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
        )


def empty(name: str) -> None:
    """Remove every row a test committed."""
    with as_owner(name) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)", [list(KEPT)]
        ).fetchall()
        connection.execute(
            sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier(table) for (table,) in tables))
        )
