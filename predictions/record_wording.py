"""What is said of each dated feature: of one student, of most students here, and where nothing is recorded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.core import catalogue
from modeling.core.feature import Feature

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


def _counting(none: Callable[[], str], some: Callable[[int], str]) -> Seen:
    """Return a sentence that counts, with words of its own for none; two and a half is plural."""
    return lambda n, days: (none() if n == 0 else some(math.ceil(n))) % {"n": number_words(n), "days": days}


def _flag(yes: Callable[[], str], no: Callable[[], str]) -> Seen:
    return lambda value, days: yes() if value else no()


def _missed(n: float, days: int) -> str:
    if n == 0:
        return _("Missed none of the last %(days)d school days.") % {"days": days}
    if n == days:
        return _("Missed all of the last %(days)d school days.") % {"days": days}
    return _("Missed %(n)d of the last %(days)d school days.") % {"n": n, "days": days}


def _trend(n: float, days: int) -> str:
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


def _average_change(n: float, days: int) -> str:
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


def _age(n: float, days: int) -> str:
    if n == 0:
        return _("The usual age for the grade.")
    if n > 0:
        words = ngettext("%(n)d year older than usual.", "%(n)d years older than usual.", int(n))
    else:
        words = ngettext("%(n)d year younger than usual.", "%(n)d years younger than usual.", int(-n))
    return _("For the grade: %(age)s") % {"age": words % {"n": abs(n)}}


SEEN: dict[str, Seen] = {
    "absence_rate_10d": _missed,
    "absence_rate_30d": _missed,
    "absence_rate_90d": _missed,
    "absence_rate_year": _counting(
        lambda: _("Missed almost no school this year."),
        lambda n: _("Missed %(n)s of every 100 school days this year."),
    ),
    "absence_rate_last_year": _counting(
        lambda: _("Missed almost no school last year."),
        lambda n: _("Missed %(n)s of every 100 school days last year."),
    ),
    "absence_trend": _trend,
    "absence_trend_10d": _trend,
    "unexcused_share_90d": _counting(
        lambda: _("No day without an excuse on record in the last %(days)d school days."),
        lambda n: _("Missed %(n)s of the last %(days)d school days without an excuse on record."),
    ),
    "tardies_30d": _counting(
        lambda: _("Never late in the last 30 school days."),
        lambda n: ngettext(
            "Late %(n)s time in the last 30 school days.", "Late %(n)s times in the last 30 school days.", n
        ),
    ),
    "longest_absence_run_90d": _counting(
        lambda: _("No day missed in the last 90 school days."),
        lambda n: ngettext(
            "Missed no more than %(n)s day in a row in the last 90 school days.",
            "Missed %(n)s days in a row in the last 90 school days.",
            n,
        ),
    ),
    "days_since_last_present": _counting(
        lambda: _("Was in school on the last school day."),
        lambda n: ngettext("Missed the last school day.", "Missed the last %(n)s school days in a row.", n),
    ),
    "chronic_absence": _flag(
        lambda: _("Missed 10 of every 100 school days or more this year."),
        lambda: _("Missed fewer than 10 of every 100 school days this year."),
    ),
    "course_average": lambda n, days: _("Course average in the latest term: %(n)d of 100.") % {"n": n},
    "course_average_change": _average_change,
    "lowest_course": lambda n, days: _("Lowest course grade in the latest term: %(n)d of 100.") % {"n": n},
    "core_failures_term": _counting(
        lambda: _("Passed every core course in the latest term."),
        lambda n: ngettext(
            "Has not passed %(n)s core course of the latest term.",
            "Has not passed %(n)s core courses of the latest term.",
            n,
        ),
    ),
    "core_failures_year": _counting(
        lambda: _("Passed every core course in the latest school year with grades."),
        lambda n: ngettext(
            "Has not passed %(n)s core course of the latest school year with grades.",
            "Has not passed %(n)s core courses of the latest school year with grades.",
            n,
        ),
    ),
    "credits_behind": _counting(
        lambda: _("Earned every credit tried so far."),
        lambda n: ngettext("%(n)s credit tried and not earned.", "%(n)s credits tried and not earned.", n),
    ),
    "credits_earned_share": lambda n, days: _("Earned %(n)d of every 100 credits tried.") % {"n": n},
    "on_track": _flag(
        lambda: _("On track: enough credits, and passed all core courses or all but one."),
        lambda: _("Short of credits for the year, or has not passed two core courses or more."),
    ),
    "incidents_30d": _counting(
        lambda: _("No incident in the last 30 days."),
        lambda n: ngettext("%(n)s incident in the last 30 days.", "%(n)s incidents in the last 30 days.", n),
    ),
    "incidents_90d": _counting(
        lambda: _("No incident in the last 90 days."),
        lambda n: ngettext("%(n)s incident in the last 90 days.", "%(n)s incidents in the last 90 days.", n),
    ),
    "incidents_365d": _counting(
        lambda: _("No incident in the last year."),
        lambda n: ngettext("%(n)s incident in the last year.", "%(n)s incidents in the last year.", n),
    ),
    "days_removed_30d": _counting(
        lambda: _("Never removed from class in the last 30 days."),
        lambda n: ngettext(
            "Removed from class for %(n)s day in the last 30 days.",
            "Removed from class for %(n)s days in the last 30 days.",
            n,
        ),
    ),
    "days_removed_90d": _counting(
        lambda: _("Never removed from class in the last 90 days."),
        lambda n: ngettext(
            "Removed from class for %(n)s day in the last 90 days.",
            "Removed from class for %(n)s days in the last 90 days.",
            n,
        ),
    ),
    "days_removed_365d": _counting(
        lambda: _("Never removed from class in the last year."),
        lambda n: ngettext(
            "Removed from class for %(n)s day in the last year.",
            "Removed from class for %(n)s days in the last year.",
            n,
        ),
    ),
    "school_moves_365d": _counting(
        lambda: _("No change of school in the last year."),
        lambda n: ngettext(
            "Changed schools once in the last year.", "Changed schools %(n)s times in the last year.", n
        ),
    ),
    "late_enrolment": _flag(
        lambda: _("Started this school year late."),
        lambda: _("Started this school year on time."),
    ),
    "age_for_grade": _age,
    "repeated_grade": _flag(
        lambda: _("In the same grade as last school year."),
        lambda: _("In a new grade since last school year."),
    ),
    "days_enrolled": _counting(
        lambda: _("No school day here yet this school year."),
        lambda n: ngettext(
            "Here for %(n)s school day this school year.", "Here for %(n)s school days this school year.", n
        ),
    ),
    "help_received_365d": _counting(
        lambda: _("No help on record in the last year."),
        lambda n: ngettext("Help began once in the last year.", "Help began %(n)s times in the last year.", n),
    ),
    "help_open": _counting(
        lambda: _("No help is running now."),
        lambda n: ngettext("%(n)s kind of help is running now.", "%(n)s kinds of help are running now.", n),
    ),
}


def _most(none: Callable[[], str], at_most: Callable[[], str], at_least: Callable[[], str]) -> Usual:
    """Return a sentence on most students, with words of its own for none."""

    def words(n: float, bound: Bound) -> str:
        if n == 0 and bound == "at_most":
            return none()
        return (at_most() if bound == "at_most" else at_least()) % {"n": number_words(n)}

    return words


_miss = _most(
    lambda: _("Most students here miss none."),
    lambda: _("Most students here miss %(n)s or fewer."),
    lambda: _("Most students here miss %(n)s or more."),
)
_late = _most(
    lambda: _("Most students here were never late."),
    lambda: _("For most students here: %(n)s or fewer."),
    lambda: _("For most students here: %(n)s or more."),
)
_have = _most(
    lambda: _("Most students here have none."),
    lambda: _("Most students here have %(n)s or fewer."),
    lambda: _("Most students here have %(n)s or more."),
)
_not_passed = _most(
    lambda: _("Most students here passed all of them."),
    lambda: _("For most students here: %(n)s or fewer."),
    lambda: _("For most students here: %(n)s or more."),
)
_average = _most(
    lambda: _("Most students here have 0 or less."),
    lambda: _("Most students here have %(n)s or less."),
    lambda: _("Most students here have %(n)s or more."),
)


def _steady(n: float, bound: Bound) -> str:
    if n == 0:
        return _("For most students here little changed.")
    if n > 0:
        words = _("up %(n)d or less") if bound == "at_most" else _("up %(n)d or more")
    else:
        words = _("down %(n)d or more") if bound == "at_most" else _("down %(n)d or less")
    return _("Most students here: %(change)s.") % {"change": words % {"n": abs(n)}}


def _usual_age(n: float, bound: Bound) -> str:
    if n == 0:
        return _("Most students here are the usual age.")
    return _("Most students here are older.") if n > 0 else _("Most students here are younger.")


USUAL: dict[str, Usual] = {
    **dict.fromkeys(("absence_rate_10d", "absence_rate_30d", "absence_rate_90d", "unexcused_share_90d"), _miss),
    **dict.fromkeys(("absence_rate_year", "absence_rate_last_year"), _miss),
    **dict.fromkeys(("longest_absence_run_90d", "days_since_last_present"), _miss),
    **dict.fromkeys(("absence_trend", "absence_trend_10d", "course_average_change"), _steady),
    **dict.fromkeys(("course_average", "lowest_course", "credits_earned_share"), _average),
    **dict.fromkeys(("core_failures_term", "core_failures_year"), _not_passed),
    **dict.fromkeys(("credits_behind", "incidents_30d", "incidents_90d", "incidents_365d"), _have),
    **dict.fromkeys(("days_removed_30d", "days_removed_90d", "days_removed_365d"), _have),
    **dict.fromkeys(("school_moves_365d", "days_enrolled"), _have),
    **dict.fromkeys(("help_received_365d", "help_open"), _have),
    "tardies_30d": _late,
    "age_for_grade": _usual_age,
}

USUAL_FLAGS: dict[str, Callable[[bool], str]] = {
    "chronic_absence": lambda usual: (
        _("Most students here missed 10 or more.") if usual else _("Most students here missed fewer than 10.")
    ),
    "on_track": lambda usual: (
        _("Most students here are on track.") if usual else _("Most students here are not on track.")
    ),
    "late_enrolment": lambda usual: (
        _("Most students here started late.") if usual else _("Most students here started on time.")
    ),
    "repeated_grade": lambda usual: (
        _("Most students here are in the same grade again.") if usual else _("Most students here moved up a grade.")
    ),
}


def _names(features: tuple[Feature, ...]) -> frozenset[str]:
    return frozenset(feature.name for feature in features)


NOTHING_RECORDED: tuple[tuple[frozenset[str], Callable[[], str]], ...] = (
    (frozenset({"absence_rate_last_year"}), lambda: _("No record of attendance from last year.")),
    (_names(catalogue.ATTENDANCE), lambda: _("No record of attendance yet.")),
    (frozenset({"course_average_change"}), lambda: _("No earlier term to compare grades with yet.")),
    (frozenset({"credits_behind", "credits_earned_share"}), lambda: _("No record of credits yet.")),
    (frozenset({"core_failures_term", "core_failures_year"}), lambda: _("No record of core course grades yet.")),
    (_names(catalogue.PROGRESS), lambda: _("No record of this year's courses yet.")),
    (_names(catalogue.COURSEWORK), lambda: _("No record of grades yet.")),
    (_names(catalogue.CONDUCT), lambda: _("No record of incidents yet.")),
    (_names(catalogue.HELP), lambda: _("No record of help yet.")),
    (frozenset({"repeated_grade"}), lambda: _("No record of last year's grade level.")),
    (frozenset({"age_for_grade"}), lambda: _("No record of age and grade yet.")),
    (frozenset({"days_enrolled", "late_enrolment"}), lambda: _("No record of school days yet.")),
)
