"""What a CSV that a person made by hand holds: its columns under their names, and lines that can be given back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from students.importing import spreadsheet_cells

MOST_LINES = 2000


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line as it was read, of a student by their number; `problem` is a sentence where it cannot be read."""

    line: int
    number: str = ""
    problem: str = ""


LineT = TypeVar("LineT", bound=Line)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of such a file.

    Attributes
    ----------
    name : str
        The attribute of a line that it fills; of a day as year-month-day, or "".
    title : str
        What it is called in a file that is given back.
    field : str
        The field of the layout's kind of record whose names it goes by too, or "".
    also_called : tuple of str
        Further names, lower case, letters and digits only.
    """

    name: str
    title: str
    field: str = ""
    also_called: tuple[str, ...] = ()
    is_needed: bool = False
    is_day: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout(Generic[LineT]):
    """The columns of such a file; `record_kind` is the kind of record whose names for them are understood too."""

    line: type[LineT]
    record_kind: str
    columns: tuple[Column, ...]

    def as_csv(self, rows: Iterable[tuple[LineT, str]]) -> str:
        """Return lines as a CSV that can be mended and sent again, each with why not; safe to open in Excel."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([*(column.title for column in self.columns), "why"])
        for one, why in rows:
            cells = (*(getattr(one, column.name) for column in self.columns), why)
            writer.writerow([spreadsheet_cells.safe(cell) for cell in cells])
        return "\ufeff" + text.getvalue()


NUMBER = Column(name="number", title="student number", field="student_id", also_called=("number",), is_needed=True)
