"""How dates, shares and counts read on a page; words only, no rule of the domain."""

from __future__ import annotations

import datetime as dt
import math
import re

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from predictions.wording import grade_words

register = template.Library()

DAYS_A_YEAR = 365
DAYS_A_MONTH = 30


@register.filter
def day(value: dt.date | None) -> str:
    """Write a date as "20 November 2026", or as nothing where there is none."""
    return _time_element(value, gettext("j F Y"))


@register.filter
def short_day(value: dt.date | None) -> str:
    """Write a date as "20 Nov 2026", for tables."""
    return _time_element(value, gettext("j M Y"))


@register.filter
def weekday(value: dt.date | None) -> str:
    """Write a date as "Friday 4 December", for days close by."""
    return _time_element(value, gettext("l j F"))


@register.filter
def moment(value: dt.datetime | None) -> str:
    """Write a moment as "20 November 2026, 07:04" in the reader's time zone."""
    return _time_element(value, gettext("j F Y, H:i"))


@register.filter
def clock(value: dt.datetime | None) -> str:
    """Write a moment's time of day as "07:04:12"."""
    return _time_element(value, "H:i:s")


@register.filter
def in_hundred(probability: float | None) -> str:
    """Say a probability as a frequency, "about 71 in 100".

    The ends are never 0 or 100: no record makes a person's future certain.
    """
    if probability is None:
        return ""
    n_of_hundred = round(float(probability) * 100)
    if n_of_hundred < 1:
        return gettext("fewer than 1 in 100")
    if n_of_hundred > 99:
        return gettext("more than 99 in 100")
    return gettext("about %(n)s in 100") % {"n": n_of_hundred}


@register.filter
def percent(share: float | None) -> str:
    """Write a share in 0..1 as "45%"; a dash where it is not known."""
    return "–" if share is None else f"{number_format(round(float(share) * 100), decimal_pos=0)}%"


@register.filter
def unlocalized(share: float) -> str:
    """Write a share for a machine to read: always with a point, whatever the reader's language."""
    return f"{float(share):.3f}"


@register.filter
def figure(value: float | str | None, decimals: int = 3) -> str:
    """Write a measure with fixed decimals; words pass through, a dash stands where it was not measured."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    # Rounded here: number_format cuts digits off, and .8489 would stand as 0.848.
    return number_format(round(float(value), decimals), decimal_pos=decimals)


@register.filter
def count(value: int | None) -> str:
    """Write a whole number with the thousands grouped; a dash where it is not known."""
    return "–" if value is None else number_format(int(value), decimal_pos=0, use_l10n=True, force_grouping=True)


@register.filter
def plural(value: float) -> int:
    """Return the whole number whose plural a measure takes: one and a half are days."""
    return math.ceil(value)


@register.filter
def breakable(name: str) -> SafeString:
    """Let a long file name break after its joints and not in the middle of a word."""
    return format_html_join("", "{}<wbr>", ((part,) for part in re.findall(r"[^_.-]*[_.-]|[^_.-]+", name)))


@register.filter
def grade(level: str | None) -> str:
    """Write a grade level as "9th grade"."""
    return grade_words(str(level)) if level else ""


@register.filter
def horizon(n_days: int) -> str:
    """Say how far ahead the model looks, "a year" or "6 months"."""
    if n_days >= DAYS_A_YEAR:
        n_years = round(n_days / DAYS_A_YEAR)
        return gettext("a year") if n_years == 1 else ngettext("%(n)s year", "%(n)s years", n_years) % {"n": n_years}
    n_months = round(n_days / DAYS_A_MONTH)
    if n_months >= 2:
        return ngettext("%(n)s month", "%(n)s months", n_months) % {"n": n_months}
    return ngettext("%(n)s day", "%(n)s days", n_days) % {"n": n_days}


def _time_element(value: dt.date | dt.datetime | str | None, pattern: str) -> SafeString | str:
    if not isinstance(value, dt.date):
        return value or ""
    local = timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), date_format(local, pattern))
