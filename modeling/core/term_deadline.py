"""The end of the term, and how long before it help of the usual length has to begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

# Between two terms the next one counts, if it begins soon: the longest school holidays last a third of a year. Further
# apart, a term is missing from the calendar.
LONGEST_HOLIDAY_DAYS = 120
# With less help on record than this, how long it usually takes is anybody's guess.
MINIMUM_ENDED = 20


def term_ends_on(terms: pd.DataFrame, *, as_of: date) -> date | None:
    """Return the last day of the term that a day lies in, or in the holidays of the next term.

    Who is on the roll in the holidays can still be lost before or during the term ahead, and help can still be
    planned for it.

    Parameters
    ----------
    terms : DataFrame
        ``starts_on``, ``ends_on`` (both included), in any order. Where terms overlap, the one that ends first counts.
    as_of : date

    Returns
    -------
    date, or None
        On or after `as_of`. None without a calendar, and after its last term.
    """
    day = pd.Timestamp(as_of)
    ahead = terms.loc[terms["ends_on"] >= day]
    running = ahead.loc[ahead["starts_on"] <= day, "ends_on"]
    soon = ahead.loc[ahead["starts_on"] <= day + pd.Timedelta(days=LONGEST_HOLIDAY_DAYS), "ends_on"]
    ends = soon if running.empty else running
    return None if ends.empty else ends.min().date()


def usual_help_days(n_by_days: Mapping[int, int], *, default_days: int) -> int:
    """Return the median length of help that has ended, in days.

    Parameters
    ----------
    n_by_days : mapping of int to int
        How much help lasted that many days, from the day it began to the day it ended.
    default_days : int
        Taken while fewer than `MINIMUM_ENDED` have ended.

    Returns
    -------
    int
        At least 0; half a day is rounded up, so that the time is never too short.
    """
    if sum(n_by_days.values()) < MINIMUM_ENDED:
        return default_days
    lengths = np.repeat(list(n_by_days), list(n_by_days.values()))
    return int(np.ceil(np.median(lengths)))


def act_by(*, term_end: date, help_days: int) -> date:
    """Return the last day on which help of that length ends with the term at the latest.

    It may lie before the day of the list: then the usual help no longer fits into this term. It is not moved to the
    day of the list, for that would promise what cannot be kept.
    """
    return term_end - timedelta(days=help_days)
