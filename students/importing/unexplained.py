"""Words of a column that nobody has explained yet: how often each stands there, and where first."""

from __future__ import annotations

from typing import Any

import polars as pl

from students.importing.questions import MOST_VALUES


class Unexplained:
    """The unexplained words of one column, gathered batch by batch."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Any]] = {}

    def note(self, rows: pl.DataFrame, texts: pl.Series, unknown: list[str]) -> None:
        """Count some words of a batch; `texts` are the trimmed cells of its column."""
        lines = rows.select(texts.alias("value"), "line").filter(pl.col("value").is_in(unknown))
        for value, n, line in lines.group_by("value").agg(pl.len(), pl.col("line").min()).iter_rows():
            seen = self._seen.setdefault(value, {"value": value, "n": 0, "line": line})
            seen["n"] += n

    def values(self) -> list[dict[str, Any]]:
        """Return them as a question lists them, the most frequent first."""
        return sorted(self._seen.values(), key=lambda seen: (-seen["n"], seen["value"]))[:MOST_VALUES]
