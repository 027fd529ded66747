"""What is said of each feature of the catalogue: of one student, of most students, and where nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from predictions.wording import phrases
from predictions.wording.phrases import Seen, Usual


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words for one feature that is no category.

    Attributes
    ----------
    seen : function of a value as it is said and the school days of the window
    usual : function of the usual value as it is said and which bound it is
    nothing : function, or None where the label says enough
    """

    seen: Seen
    usual: Usual
    nothing: Callable[[], str] | None = None


def _no_attendance() -> str:
    return _("No record of attendance yet.")


def _no_grades() -> str:
    return _("No record of grades yet.")


def _no_core_courses() -> str:
    return _("No record of core course grades yet.")


def _no_credits() -> str:
    return _("No record of credits yet.")


def _no_incidents() -> str:
    return _("No record of incidents yet.")


def _no_school_days() -> str:
    return _("No record of school days yet.")


def _no_help() -> str:
    return _("No record of help yet.")


WORDS: dict[str, Words] = {
    "absence_rate_10d": Words(seen=phrases.missed, usual=phrases.MISS, nothing=_no_attendance),
    "absence_rate_30d": Words(seen=phrases.missed, usual=phrases.MISS, nothing=_no_attendance),
    "absence_rate_90d": Words(seen=phrases.missed, usual=phrases.MISS, nothing=_no_attendance),
    "absence_rate_year": Words(
        seen=phrases.counting(
            lambda: _("Missed almost no school this year."),
            lambda n: _("Missed %(n)s of every 100 school days this year."),
        ),
        usual=phrases.MISS,
        nothing=_no_attendance,
    ),
    "absence_rate_last_year": Words(
        seen=phrases.counting(
            lambda: _("Missed almost no school last year."),
            lambda n: _("Missed %(n)s of every 100 school days last year."),
        ),
        usual=phrases.MISS,
        nothing=lambda: _("No record of attendance from last year."),
    ),
    "absence_trend": Words(seen=phrases.trend, usual=phrases.steady, nothing=_no_attendance),
    "absence_trend_10d": Words(seen=phrases.trend, usual=phrases.steady, nothing=_no_attendance),
    "unexcused_share_90d": Words(
        seen=phrases.counting(
            lambda: _("No day without an excuse on record in the last %(days)d school days."),
            lambda n: _("Missed %(n)s of the last %(days)d school days without an excuse on record."),
        ),
        usual=phrases.MISS,
        nothing=_no_attendance,
    ),
    "monday_friday_absence_rate_90d": Words(
        seen=phrases.counting(
            lambda: _("Missed no Monday or Friday in the last %(days)d school days."),
            lambda n: _("Missed %(n)s of every 100 Mondays and Fridays in the last %(days)d school days."),
        ),
        usual=phrases.MISS,
        nothing=_no_attendance,
    ),
    "tardies_30d": Words(
        seen=phrases.counting(
            lambda: _("Never late in the last 30 school days."),
            lambda n: ngettext(
                "Late %(n)s time in the last 30 school days.", "Late %(n)s times in the last 30 school days.", n
            ),
        ),
        usual=phrases.LATE,
        nothing=_no_attendance,
    ),
    "longest_absence_run_90d": Words(
        seen=phrases.counting(
            lambda: _("No day missed in the last 90 school days."),
            lambda n: ngettext(
                "Missed no more than %(n)s day in a row in the last 90 school days.",
                "Missed %(n)s days in a row in the last 90 school days.",
                n,
            ),
        ),
        usual=phrases.MISS,
        nothing=_no_attendance,
    ),
    "days_since_last_present": Words(
        seen=phrases.counting(
            lambda: _("Was in school on the last school day."),
            lambda n: ngettext("Missed the last school day.", "Missed the last %(n)s school days in a row.", n),
        ),
        usual=phrases.MISS,
        nothing=_no_attendance,
    ),
    "chronic_absence": Words(
        seen=phrases.yes_or_no(
            lambda: _("Missed 10 of every 100 school days or more this year."),
            lambda: _("Missed fewer than 10 of every 100 school days this year."),
        ),
        usual=phrases.most_are(
            lambda: _("Most students here missed 10 or more."), lambda: _("Most students here missed fewer than 10.")
        ),
        nothing=_no_attendance,
    ),
    "course_average": Words(
        seen=lambda n, days: _("Course average in the latest term: %(n)d of 100.") % {"n": n},
        usual=phrases.AVERAGE,
        nothing=_no_grades,
    ),
    "course_average_change": Words(
        seen=phrases.average_change,
        usual=phrases.steady,
        nothing=lambda: _("No earlier term to compare grades with yet."),
    ),
    "lowest_course": Words(
        seen=lambda n, days: _("Lowest course grade in the latest term: %(n)d of 100.") % {"n": n},
        usual=phrases.AVERAGE,
        nothing=_no_grades,
    ),
    "core_failures_term": Words(
        seen=phrases.counting(
            lambda: _("Passed every core course in the latest term."),
            lambda n: ngettext(
                "Has not passed %(n)s core course of the latest term.",
                "Has not passed %(n)s core courses of the latest term.",
                n,
            ),
        ),
        usual=phrases.NOT_PASSED,
        nothing=_no_core_courses,
    ),
    "core_failures_year": Words(
        seen=phrases.counting(
            lambda: _("Passed every core course in the latest school year with grades."),
            lambda n: ngettext(
                "Has not passed %(n)s core course of the latest school year with grades.",
                "Has not passed %(n)s core courses of the latest school year with grades.",
                n,
            ),
        ),
        usual=phrases.NOT_PASSED,
        nothing=_no_core_courses,
    ),
    "credits_behind": Words(
        seen=phrases.counting(
            lambda: _("Earned every credit tried so far."),
            lambda n: ngettext("%(n)s credit tried and not earned.", "%(n)s credits tried and not earned.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_credits,
    ),
    "credits_earned_share": Words(
        seen=lambda n, days: _("Earned %(n)d of every 100 credits tried.") % {"n": n},
        usual=phrases.AVERAGE,
        nothing=_no_credits,
    ),
    "on_track": Words(
        seen=phrases.yes_or_no(
            lambda: _("On track: enough credits, and passed all core courses or all but one."),
            lambda: _("Short of credits for the year, or has not passed two core courses or more."),
        ),
        usual=phrases.most_are(
            lambda: _("Most students here are on track."), lambda: _("Most students here are not on track.")
        ),
        nothing=lambda: _("No record of this year's courses yet."),
    ),
    "incidents_30d": Words(
        seen=phrases.counting(
            lambda: _("No incident in the last 30 days."),
            lambda n: ngettext("%(n)s incident in the last 30 days.", "%(n)s incidents in the last 30 days.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "incidents_90d": Words(
        seen=phrases.counting(
            lambda: _("No incident in the last 90 days."),
            lambda n: ngettext("%(n)s incident in the last 90 days.", "%(n)s incidents in the last 90 days.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "incidents_365d": Words(
        seen=phrases.counting(
            lambda: _("No incident in the last year."),
            lambda n: ngettext("%(n)s incident in the last year.", "%(n)s incidents in the last year.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "days_removed_30d": Words(
        seen=phrases.counting(
            lambda: _("Never removed from class in the last 30 days."),
            lambda n: ngettext(
                "Removed from class for %(n)s day in the last 30 days.",
                "Removed from class for %(n)s days in the last 30 days.",
                n,
            ),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "days_removed_90d": Words(
        seen=phrases.counting(
            lambda: _("Never removed from class in the last 90 days."),
            lambda n: ngettext(
                "Removed from class for %(n)s day in the last 90 days.",
                "Removed from class for %(n)s days in the last 90 days.",
                n,
            ),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "days_removed_365d": Words(
        seen=phrases.counting(
            lambda: _("Never removed from class in the last year."),
            lambda n: ngettext(
                "Removed from class for %(n)s day in the last year.",
                "Removed from class for %(n)s days in the last year.",
                n,
            ),
        ),
        usual=phrases.HAVE,
        nothing=_no_incidents,
    ),
    "school_moves_365d": Words(
        seen=phrases.counting(
            lambda: _("No change of school in the last year."),
            lambda n: ngettext(
                "Changed schools once in the last year.", "Changed schools %(n)s times in the last year.", n
            ),
        ),
        usual=phrases.HAVE,
    ),
    "late_enrolment": Words(
        seen=phrases.yes_or_no(
            lambda: _("Started this school year late."),
            lambda: _("Started this school year on time."),
        ),
        usual=phrases.most_are(
            lambda: _("Most students here started late."), lambda: _("Most students here started on time.")
        ),
        nothing=_no_school_days,
    ),
    "age_for_grade": Words(
        seen=phrases.age,
        usual=phrases.usual_age,
        nothing=lambda: _("No record of age and grade yet."),
    ),
    "repeated_grade": Words(
        seen=phrases.yes_or_no(
            lambda: _("In the same grade as last school year."),
            lambda: _("In a new grade since last school year."),
        ),
        usual=phrases.most_are(
            lambda: _("Most students here are in the same grade again."),
            lambda: _("Most students here moved up a grade."),
        ),
        nothing=lambda: _("No record of last year's grade level."),
    ),
    "days_enrolled": Words(
        seen=phrases.counting(
            lambda: _("No school day here yet this school year."),
            lambda n: ngettext(
                "Here for %(n)s school day this school year.", "Here for %(n)s school days this school year.", n
            ),
        ),
        usual=phrases.HAVE,
        nothing=_no_school_days,
    ),
    "help_received_365d": Words(
        seen=phrases.counting(
            lambda: _("No help on record in the last year."),
            lambda n: ngettext("Help began once in the last year.", "Help began %(n)s times in the last year.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_help,
    ),
    "help_open": Words(
        seen=phrases.counting(
            lambda: _("No help is running now."),
            lambda n: ngettext("%(n)s kind of help is running now.", "%(n)s kinds of help are running now.", n),
        ),
        usual=phrases.HAVE,
        nothing=_no_help,
    ),
}
