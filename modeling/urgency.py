"""Until when help still fits into this term."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The end of the term a day lies in, and the last day on which help of the usual length ends before it."""

    term_ends_on: dt.date
    act_by: dt.date
    usual_help_days: int


def deadline(*, as_of: dt.date, default_help_days: int) -> Deadline | None:
    """Return the deadline of the institution in scope; None without a calendar, or between terms."""
    return None
