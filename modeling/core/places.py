"""Where each student stands in a snapshot, found without a search per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from modeling.core.school_calendar import IntArray

# A table of every number between the least and the greatest is quicker than a search, while most of it is in use.
MOST_PER_STUDENT = 16
ALWAYS_FITS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Places:
    """The positions of students in a sorted index.

    Attributes
    ----------
    ids : Index of int, shape (n_students,)
    table : array of int, or None
        At the place of each number from the first to the last of `ids`, counted from the first, its position, -1 where
        it is not among them; after them one more -1. None where the numbers lie too far apart.
    """

    ids: pd.Index
    table: IntArray | None

    @classmethod
    def of(cls, ids: pd.Index) -> Self:
        """Prepare for a sorted index without duplicates."""
        width = int(ids[-1]) - int(ids[0]) + 1 if len(ids) else 0
        if width > max(MOST_PER_STUDENT * len(ids), ALWAYS_FITS):
            return cls(ids=ids, table=None)
        table = np.full(width + 1, -1, dtype=np.int64)
        if width:
            table[ids.to_numpy(dtype=np.int64) - int(ids[0])] = np.arange(len(ids))
        return cls(ids=ids, table=table)

    def at(self, student_id: IntArray) -> IntArray:
        """Return the position of each student, -1 where they are not in the index."""
        if self.table is None:
            return self.ids.get_indexer(pd.Index(student_id))
        if self.table.size == 1:
            return np.full(student_id.size, -1)
        steps = student_id - int(self.ids[0])
        # What lies outside leads to the last entry, which is -1.
        steps[(steps < 0) | (steps >= self.table.size)] = self.table.size - 1
        return self.table[steps]
