"""What each statement of a piece of work costs the database in buffers: the same on a busy machine and a quiet one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement with the buffers it touched, hit or read, those of its planning aside."""

    sql: str
    buffers: int
    rows: int
    milliseconds: float


@contextmanager
def counted() -> Iterator[list[Statement]]:
    """Collect all statements of a block; each is done twice, and what it wrote the first time is rolled back."""
    statements: list[Statement] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not many and isinstance(sql, str) and sql.lstrip("( ").startswith(_EXPLAINED):
            statements.append(_cost(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield statements


def _cost(sql: str, params: Any) -> Statement:
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
        transaction.set_rollback(True)
    explained = (json.loads(found) if isinstance(found, str) else found)[0]
    plan = explained["Plan"]
    return Statement(
        sql=sql,
        buffers=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
        rows=plan["Actual Rows"],
        milliseconds=explained["Execution Time"],
    )
