"""How a share of people is said: per hundred where a hundred stand behind it, otherwise with the counts themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

# A share "of 100" of fewer people speaks of people there never were.
PER_HUNDRED = 100
# How far a whole number of people may be from a share that is known to two decimals.
ROUNDING = 0.005


def of_tested(share: float, n: float) -> str:
    """Say a share of `n` tested: "45%" of a hundred and more, "8 of the 8 tested" of fewer.

    Rows that tie at the line count by their share, so a number of people may not be a whole one: then it is "about".
    """
    if n >= PER_HUNDRED:
        return _("under 1%") if 0 < share < 0.005 else _("over 99%") if 0.995 < share < 1 else f"{round(100 * share)}%"
    words = {"k": f"{round(share * n):,}", "n": f"{round(n):,}"}
    if abs(share * n - round(share * n)) > 0.05:
        return _("about %(k)s of the %(n)s tested") % words
    return _("%(k)s of the %(n)s tested") % words


def of_some(share: float | None) -> str:
    """Say a share to two decimals that some count in and some do not: never none or all, which it may round to."""
    if share is None:
        return "–"
    return {0: _("under 1%"), 100: _("over 99%")}.get(round(100 * share), f"{round(100 * share)}%")


def of_group(share: float, n: float | None) -> str:
    """Say a rounded share of a group of `n`, None where it is not said how many: then in per cent."""
    if n is None or n >= PER_HUNDRED or abs(share - round(share * n) / n) > ROUNDING + 1e-9:
        return f"{round(100 * share)}%"
    return _("%(k)s of the %(n)s tested") % {"k": round(share * n), "n": n}


def of_people(share: float, n: float, interval: Sequence[float] | None = None) -> tuple[str, str]:
    """Say a share of `n` tested as "45 of 100", or as "8 of 8" of fewer than a hundred, and between which numbers.

    Returns
    -------
    told, between : str
        The second is "" without an interval.
    """
    base = PER_HUNDRED if n >= PER_HUNDRED else max(1, round(n))
    told = _("%(k)s of %(n)s") % {"k": round(base * share), "n": base}
    if not interval:
        return told, ""
    low, high = (round(base * end) for end in interval)
    return told, _("between %(low)s and %(high)s") % {"low": low, "high": high}
