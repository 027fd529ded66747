"""Tell PostgreSQL's planner which ways not to go, where it cannot know how many rows a person sees."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connection


@contextlib.contextmanager
def without(*ways: str) -> Iterator[None]:
    """Have the planner avoid ways of its own for the length of a block, within a transaction.

    :param ways: as in the names of its settings, "sort" for `enable_sort`
    """
    _set(ways, "off")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _set(ways, "on")


def _set(ways: tuple[str, ...], to: str) -> None:
    called = ", ".join(["set_config(%s, %s, true)"] * len(ways))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {called}", [part for way in ways for part in (f"enable_{way}", to)])  # noqa: S608
