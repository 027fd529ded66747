"""How things are said: numbers, grades, what was counted, what went up or down, and what most students here have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Of a value as it is said, and the school days its window holds.
Seen = Callable[[float, int], str]
# Half of the students here, or more, have at most or at least the value in the middle.
Bound = Literal["at_most", "at_least"]
Usual = Callable[[float, Bound], str]


def number_words(value: float) -> str:
    """Return a number as people write it: whole where it is whole, else with one decimal."""
    rounded = round(float(value), 1)
    return number_format(rounded, decimal_pos=0 if rounded.is_integer() else 1)


def grade_words(level: str) -> str:
    """Return a grade level in words: "9th grade"; a code that is no number stays as it is."""
    if not level.isdecimal():
        return level
    first = {1: _("1st grade"), 2: _("2nd grade"), 3: _("3rd grade")}
    return first.get(int(level)) or _("%(n)dth grade") % {"n": int(level)}


def counting(none: Callable[[], str], some: Callable[[int], str]) -> Seen:
    """Return a sentence that counts, with words of its own for none; two and a half is plural."""
    return lambda n, days: (none() if n == 0 else some(math.ceil(n))) % {"n": number_words(n), "days": days}


def yes_or_no(yes: Callable[[], str], no: Callable[[], str]) -> Seen:
    """Return a sentence on what holds for a student or does not."""
    return lambda value, days: yes() if value else no()


def missed(n: float, days: int) -> str:
    """Say how many of the last school days were missed."""
    if n == 0:
        return _("Missed none of the last %(days)d school days.") % {"days": days}
    if n == days:
        return _("Missed all of the last %(days)d school days.") % {"days": days}
    return _("Missed %(n)d of the last %(days)d school days.") % {"n": n, "days": days}


def trend(n: float, days: int) -> str:
    """Say whether absences rise or fall, in days of the shorter window."""
    if n == 0:
        return _("Absences are about the same as before.")
    if n > 0:
        words = ngettext(
            "Absences are rising: %(n)d day more in the last %(days)d than usual for this student.",
            "Absences are rising: %(n)d days more in the last %(days)d than usual for this student.",
            int(n),
        )
    else:
        words = ngettext(
            "Absences are falling: %(n)d day fewer in the last %(days)d than usual for this student.",
            "Absences are falling: %(n)d days fewer in the last %(days)d than usual for this student.",
            int(-n),
        )
    return words % {"n": abs(n), "days": days}


def average_change(n: float, days: int) -> str:
    """Say how many points of 100 the course average rose or fell."""
    if n == 0:
        return _("The course average held steady since the term before.")
    if n > 0:
        words = ngettext(
            "The course average rose by %(n)d point since the term before.",
            "The course average rose by %(n)d points since the term before.",
            int(n),
        )
    else:
        words = ngettext(
            "The course average fell by %(n)d point since the term before.",
            "The course average fell by %(n)d points since the term before.",
            int(-n),
        )
    return words % {"n": abs(n)}


def age(n: float, days: int) -> str:
    """Say how much older or younger than usual for the grade a student is."""
    if n == 0:
        return _("The usual age for the grade.")
    if n > 0:
        words = ngettext("%(n)d year older than usual.", "%(n)d years older than usual.", int(n))
    else:
        words = ngettext("%(n)d year younger than usual.", "%(n)d years younger than usual.", int(-n))
    return _("For the grade: %(age)s") % {"age": words % {"n": abs(n)}}


def most(none: Callable[[], str], at_most: Callable[[], str], at_least: Callable[[], str]) -> Usual:
    """Return a sentence on most students, with words of its own for none."""

    def words(n: float, bound: Bound) -> str:
        if n == 0 and bound == "at_most":
            return none()
        return (at_most() if bound == "at_most" else at_least()) % {"n": number_words(n)}

    return words


MISS = most(
    lambda: _("Most students here miss none."),
    lambda: _("Most students here miss %(n)s or fewer."),
    lambda: _("Most students here miss %(n)s or more."),
)
LATE = most(
    lambda: _("Most students here were never late."),
    lambda: _("For most students here: %(n)s or fewer."),
    lambda: _("For most students here: %(n)s or more."),
)
HAVE = most(
    lambda: _("Most students here have none."),
    lambda: _("Most students here have %(n)s or fewer."),
    lambda: _("Most students here have %(n)s or more."),
)
NOT_PASSED = most(
    lambda: _("Most students here passed all of them."),
    lambda: _("For most students here: %(n)s or fewer."),
    lambda: _("For most students here: %(n)s or more."),
)
AVERAGE = most(
    lambda: _("Most students here have 0 or less."),
    lambda: _("Most students here have %(n)s or less."),
    lambda: _("Most students here have %(n)s or more."),
)


def steady(n: float, bound: Bound) -> str:
    """Say how much changed for most students."""
    if n == 0:
        return _("For most students here little changed.")
    if n > 0:
        words = _("up %(n)d or less") if bound == "at_most" else _("up %(n)d or more")
    else:
        words = _("down %(n)d or more") if bound == "at_most" else _("down %(n)d or less")
    return _("Most students here: %(change)s.") % {"change": words % {"n": abs(n)}}


def usual_age(n: float, bound: Bound) -> str:
    """Say whether most students are older or younger than usual for the grade."""
    if n == 0:
        return _("Most students here are the usual age.")
    return _("Most students here are older.") if n > 0 else _("Most students here are younger.")


def most_are(yes: Callable[[], str], no: Callable[[], str]) -> Usual:
    """Return a sentence on what holds for most students."""
    return lambda usual, bound: yes() if usual else no()
