"""Throw-away databases on the test server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql


def _owner(database: str) -> psycopg.Connection:
    parts = urlsplit(os.environ["DATABASE_OWNER_URL"])
    # A socket's folder stands percent-encoded where a host would; urlsplit lowers the case of `hostname`, so it is cut by hand.
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
def fresh(prefix: str) -> Iterator[str]:
    """Create a database, and drop it at the end whoever is still connected."""
    name = f"{prefix}_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    maintenance = urlsplit(os.environ["DATABASE_OWNER_URL"]).path.strip("/")
    with _owner(maintenance) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            connection.execute(drop)
