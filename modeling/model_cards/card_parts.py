"""What a model card is put together from, the same for the page, the file and the command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from modeling.html_reports.report_html import Report

# Nothing is told of fewer students than these: the portal's smallest cell.
SMALLEST = 10


@dataclass(frozen=True, kw_only=True)
class Part:
    """Sentences, points, facts or a table. What is fixed stands word for word on every card; the rest is computed."""

    kind: str
    items: Sequence[str] = ()
    pairs: Sequence[tuple[str, str]] = ()
    caption: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    n_text_columns: int = 1
    is_fixed: bool = False

    def write(self, report: Report) -> None:
        """Add the part to a document."""
        if self.kind == "table":
            report.table(caption=self.caption, columns=self.columns, rows=self.rows, n_text_columns=self.n_text_columns)
        elif self.kind == "facts":
            report.facts(self.pairs)
        elif self.kind == "points":
            report.bullets(self.items)
        elif self.kind == "note":
            for item in self.items:
                report.note(item)
        else:
            for item in self.items:
                report.paragraph(item)
        if self.is_fixed:
            report.note(fixed_mark())


@dataclass(frozen=True, kw_only=True)
class Section:
    """One heading of the card."""

    key: str
    title: str
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A model card: its title, the line below it, and its sections in order."""

    title: str
    subtitle: str
    version: str
    sections: Sequence[Section] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the card as plain JSON types."""
        return asdict(self)

    def document(self) -> Report:
        """Return the card as one file, ready to be written as HTML or Markdown."""
        report = Report(title=self.title, subtitle=self.subtitle)
        for section in self.sections:
            report.heading(section.title)
            for part in section.parts:
                part.write(report)
        return report


def words(*items: str, is_fixed: bool = False) -> Part:
    """Return sentences."""
    return Part(kind="words", items=[item for item in items if item], is_fixed=is_fixed)


def note(*items: str) -> Part:
    """Return a quiet line."""
    return Part(kind="note", items=[item for item in items if item])


def points(items: Sequence[str], *, is_fixed: bool = False) -> Part:
    """Return a list of sentences."""
    return Part(kind="points", items=items, is_fixed=is_fixed)


def facts(*pairs: tuple[str, str]) -> Part:
    """Return labels with a value each."""
    return Part(kind="facts", pairs=pairs)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, n_text_columns: int = 1) -> Part:
    """Return a table."""
    return Part(kind="table", caption=caption, columns=columns, rows=rows, n_text_columns=n_text_columns)


def fixed_mark() -> str:
    """Return what stands below sentences that nobody computed."""
    return _("Fixed words, the same on every card.")


def not_measured() -> Part:
    """Return what stands where an older version lacks a figure."""
    return words(_("Not measured for this version."))


def percent(share: float | None) -> str:
    """Write a share as "45%", with a decimal below ten."""
    if share is None:
        return "–"
    points_of_hundred = 100 * share
    return f"{points_of_hundred:.1f}%" if 0 < abs(points_of_hundred) < 10 else f"{points_of_hundred:.0f}%"


def whole_percent(share: float | None) -> str:
    """Write a share that is known to two decimals as "45%"."""
    return "–" if share is None else f"{round(100 * share)}%"


def measure(value: float | None) -> str:
    """Write a measure with three decimals."""
    return "–" if value is None else f"{value:.3f}"


def count(n: float | None) -> str:
    """Write a whole number; a few where they could be recognised."""
    if n is None:
        return "–"
    return _("fewer than %(n)s") % {"n": SMALLEST} if 0 < n < SMALLEST else f"{int(n):,}"


def span(ends: Sequence[float | None] | None, write: Callable[[float | None], str]) -> str:
    """Write an interval, each end as its value is written."""
    if not ends or ends[0] is None or ends[1] is None:
        return "–"
    low, high = (write(end) for end in ends)
    return _("%(low)s to %(high)s") % {"low": low, "high": high} if ends[0] < 0 else f"{low}–{high}"


def day(moment: dt.date | dt.datetime | str, institution: Institution | None = None) -> str:
    """Write a day as "31 January 2025", by the institution's own calendar."""
    if isinstance(moment, str):
        moment = dt.date.fromisoformat(moment)
    if isinstance(moment, dt.datetime) and institution is not None:
        moment = institution.day_of(moment)
    return date_format(moment, "j F Y")


def person(user: User | None, *, names: bool) -> str:
    """Name who decided, to those who work there; to everybody else, that somebody did."""
    if user is None:
        return _("no named person (a command)")
    return user.display_name if names else _("a named person")
