"""What the columns of an unknown file may be: what a page proposes before somebody says so."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from students.importing import headers, record_kinds
from students.records import record_words

# Facts of a student that no column of a kind is for are named by their header in the file.
ATTRIBUTE, PROTECTED = "attribute", "protected"
OFFERED = tuple(kind for kind in record_words.LABELS if kind not in ("attributes", "protected"))
MOST_COLUMNS = 300
VALUES_SHOWN, LONGEST_VALUE = 3, 40
MONTHS = 12

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
_DATE = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2([1-9]\d{3})")

Sample = Sequence[Sequence[str | None]]


def takes_facts(kind: str) -> bool:
    """Tell whether the rows of a kind are about a student, so that other facts may stand beside."""
    return "student_id" in record_kinds.kinds()[kind].columns


def proposed(kind: str, header: Sequence[str], proposal: Mapping[str, Any]) -> dict[str, str]:
    """Return header by field for a kind: as the check proposed it, or by the names that other systems use."""
    if proposal.get("kind") == kind:
        return {str(field): str(name) for field, name in proposal.get("columns", {}).items()}
    return headers.fit(header, record_kinds.kinds()[kind]).columns


def withheld(summary: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that may not be chosen because they are never stored."""
    kept_out = summary.get("withheld", [])
    names = kept_out.values() if isinstance(kept_out, Mapping) else [kept_out]
    return frozenset(name for listed in names for name in listed)


def values(sample: Sample, position: int) -> list[str]:
    """Return a few different values of a column."""
    cells = (cut(row[position]) for row in sample if position < len(row))
    return list(dict.fromkeys(cell for cell in cells if cell))[:VALUES_SHOWN]


def cut(cell: str | None) -> str:
    """Return a cell as one readable line."""
    line = " ".join(str(cell or "").split())
    return line if len(line) <= LONGEST_VALUE else f"{line[:LONGEST_VALUE]}…"


def doubtful_date(header: Sequence[str], sample: Sample) -> str:
    """Return a date of the sample that could be two different days, if no other date tells which comes first."""
    doubtful = ""
    for position in range(len(header)):
        cells = [str(row[position]).strip() for row in sample if position < len(row) and row[position]]
        dates = [match for cell in cells if (match := _DATE.fullmatch(cell))]
        if len(dates) < len(cells):
            continue
        if any(int(date[1]) > MONTHS or int(date[3]) > MONTHS for date in dates):
            return ""
        doubtful = doubtful or next((date[0] for date in dates if int(date[1]) != int(date[3])), "")
    return doubtful


def both_readings(date: str) -> tuple[dt.date, dt.date]:
    """Return a doubtful date as it is with the day first, and with the month first."""
    first, second, year = (int(part) for part in re.split(r"\D", date))
    return dt.date(year, second, first), dt.date(year, first, second)
