"""Where the simulation writes its facts, column by column, until they become frames."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from simulation.arrays import Column


class Ledger:
    """Facts of one area of the district, as arrays of codes and day numbers.

    A table's rows come in many small pieces (a day's absences, a course's grades); they are joined once, at the end.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, list[dict[str, Column]]] = defaultdict(list)

    def add(self, table: str, **columns: Column) -> None:
        """Add rows to a table; every piece of a table has the same columns and types."""
        if next(iter(columns.values())).size:
            self._pieces[table].append(columns)

    def take(self, table: str) -> dict[str, Column]:
        """Return a table's columns joined, and forget its pieces; no column if the table never had a row."""
        pieces = self._pieces.pop(table, [])
        if not pieces:
            return {}
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
