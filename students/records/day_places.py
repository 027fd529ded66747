"""Where a page of a queue begins that is sorted by a day: after the last row of the page before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# As many digits as every key of the database has at most.
MOST_DIGITS = 18


@dataclass(frozen=True, kw_only=True)
class Place:
    """The day and the number of the last row of the page before."""

    day: dt.date
    row: int

    @classmethod
    def from_text(cls, text: str) -> Place | None:
        """Read what stands in an address; what is not understood is the first page."""
        day, _dot, row = text.partition(".")
        if not (row.isascii() and row.isdigit() and len(row) <= MOST_DIGITS):
            return None
        try:
            return cls(day=dt.date.fromisoformat(day), row=int(row))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.row}"
