"""Every dated feature the model may use: what it means, its bounds, and whether a school can change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from modeling.core.feature import Feature, subject_of

# Windows named 10d, 30d and 90d count school days where the feature speaks of sessions, so that a holiday does not
# look like a recovery; windows of incidents, moves and help count calendar days.

_share = partial(Feature, kind="number", unit="share", low=0.0, high=1.0)
# Of a window of school days, and said as so many of them.
_in_days = partial(_share, source="absence", said_in_days=True)
_count = partial(Feature, kind="number", unit="count", low=0.0)
_days = partial(Feature, kind="number", unit="days", low=0.0)
_flag = partial(Feature, kind="flag", low=0.0, high=1.0)

ATTENDANCE = (
    _in_days(
        name="absence_rate_10d",
        window_sessions=10,
        label="Share of the last 10 school days missed",
        meaning="The share of sessions missed, of those among the last 10 that the student was on the roll for.",
        role="changeable",
        risk_direction=1,
    ),
    _in_days(
        name="absence_rate_30d",
        window_sessions=30,
        label="Share of the last 30 school days missed",
        meaning="The share of sessions missed, of those among the last 30 that the student was on the roll for.",
        role="changeable",
        risk_direction=1,
    ),
    _in_days(
        name="absence_rate_90d",
        window_sessions=90,
        label="Share of the last 90 school days missed",
        meaning="The share of sessions missed, of those among the last 90 that the student was on the roll for.",
        role="changeable",
        risk_direction=1,
    ),
    _share(
        name="absence_rate_year",
        source="absence",
        label="Share of school days missed this school year",
        meaning="The share of sessions missed, of those of this school year that the student was on the roll for.",
        role="changeable",
        risk_direction=1,
    ),
    _share(
        name="absence_rate_last_year",
        source="absence",
        label="Share of school days missed last school year",
        meaning="The share of sessions missed, of those of last school year that the student was on the roll for.",
        risk_direction=1,
    ),
    _in_days(
        name="absence_trend",
        window_sessions=30,
        low=-1.0,
        high=1.0,
        label="Share missed in the last 30 school days, less the share in the last 90",
        meaning="The share of the last 30 sessions missed, less the share of the last 90; above 0 is getting worse.",
        role="changeable",
        risk_direction=1,
    ),
    _in_days(
        name="absence_trend_10d",
        window_sessions=10,
        low=-1.0,
        high=1.0,
        label="Share missed in the last 10 school days, less the share in the last 30",
        meaning="The share of the last 10 sessions missed, less the share of the last 30; above 0 is getting worse.",
        role="changeable",
        risk_direction=1,
    ),
    _in_days(
        # A share of sessions, not of absences: one unexcused day out of one absence is not "all of them".
        name="unexcused_share_90d",
        window_sessions=90,
        label="Share of the last 90 school days missed without an excuse",
        meaning="The share missed without an excuse, of those among the last 90 that the student was on the roll for.",
        role="changeable",
        risk_direction=1,
    ),
    _share(
        name="monday_friday_absence_rate_90d",
        source="absence",
        window_sessions=90,
        label="Share of the Mondays and Fridays of the last 90 school days missed",
        meaning=(
            "The share missed of the sessions held on a Monday or Friday, of those among the last 90 that the student "
            "was on the roll for; the day of the week counts, not whether a school week began or ended with it."
        ),
        role="changeable",
        risk_direction=1,
    ),
    _count(
        name="tardies_30d",
        source="tardies",
        window_sessions=30,
        high=300.0,
        label="Times late in the last 30 school days",
        meaning="Records of coming late among the last 30 sessions held.",
        role="changeable",
        risk_direction=1,
    ),
    _days(
        name="longest_absence_run_90d",
        source="absence",
        window_sessions=90,
        high=90.0,
        label="Longest run of missed school days in the last 90",
        meaning="The most sessions missed one after the other among the last 90 held; half a session missed counts.",
        role="changeable",
        risk_direction=1,
    ),
    _days(
        name="days_since_last_present",
        source="absence",
        window_sessions=90,
        high=90.0,
        label="School days missed in a row up to now",
        meaning="Sessions missed one after the other up to the last one held, counted back over 90 at most.",
        role="changeable",
        risk_direction=1,
    ),
    _flag(
        name="chronic_absence",
        source="absence",
        label="Missed a tenth or more of this school year",
        meaning="Whether a tenth or more of this school year's sessions was missed, from 10 sessions on the roll on.",
        role="changeable",
        risk_direction=1,
    ),
)

COURSEWORK = (
    _share(
        name="course_average",
        source="course_average",
        high=1.2,
        label="Course average in the latest term",
        meaning="The mean grade of the student's latest term with grades, each divided by the most its scale allows.",
        role="changeable",
        risk_direction=-1,
    ),
    Feature(
        name="course_average_change",
        source="course_average",
        kind="number",
        unit="share",
        low=-1.2,
        high=1.2,
        label="Change of the course average since the term before",
        meaning="The course average of the student's latest term with grades, less that of the one before.",
        role="changeable",
        risk_direction=-1,
    ),
    _share(
        name="lowest_course",
        source="course_average",
        high=1.2,
        label="Lowest course grade in the latest term",
        meaning="The lowest grade of the student's latest term with grades, divided by the most its scale allows.",
        role="changeable",
        risk_direction=-1,
    ),
    _count(
        name="core_failures_term",
        source="core_failures",
        high=20.0,
        label="Core courses failed in the latest term",
        meaning="Core courses of the student's latest term with grades that earned no credit, or less than 60 of 100.",
        role="changeable",
        risk_direction=1,
    ),
    _count(
        name="core_failures_year",
        source="core_failures",
        high=60.0,
        label="Core courses failed in the latest school year with grades",
        meaning="Core courses failed, term by term, in the student's latest school year with grades.",
        role="changeable",
        risk_direction=1,
    ),
    Feature(
        name="credits_behind",
        source="credits",
        kind="number",
        unit="credits",
        low=0.0,
        high=400.0,
        label="Credits tried and not earned",
        meaning="Credits tried less credits earned, over every grade on record; never below 0.",
        role="changeable",
        risk_direction=1,
    ),
    _share(
        name="credits_earned_share",
        source="credits",
        label="Share of tried credits earned",
        meaning="Credits earned divided by credits tried, over every grade on record; never above 1.",
        role="changeable",
        risk_direction=-1,
    ),
)

# Apart from the other features of grades: it needs a grade level, which a flat cohort does not have.
PROGRESS = (
    _flag(
        name="on_track",
        source="credits",
        label="On track: enough credits, and all core courses passed or all but one",
        meaning=(
            "In grades 9 to 12, whether at least 5 of every 7 credits tried in the latest school year with grades (for "
            "a ninth grader: this one) were earned and at most one core course, counted term by term, was failed."
        ),
        role="changeable",
        risk_direction=-1,
    ),
)

CONDUCT = (
    _count(
        name="incidents_30d",
        source="incidents",
        high=100.0,
        label="Incidents in the last 30 days",
        meaning="Incidents that happened in the last 30 calendar days.",
        role="changeable",
        risk_direction=1,
    ),
    _count(
        name="incidents_90d",
        source="incidents",
        high=200.0,
        label="Incidents in the last 90 days",
        meaning="Incidents that happened in the last 90 calendar days.",
        role="changeable",
        risk_direction=1,
    ),
    _count(
        name="incidents_365d",
        source="incidents",
        high=500.0,
        label="Incidents in the last year",
        meaning="Incidents that happened in the last 365 calendar days.",
        role="changeable",
        risk_direction=1,
    ),
    _days(
        name="days_removed_30d",
        source="incidents",
        high=366.0,
        label="Days removed from class in the last 30 days",
        meaning="Days of removal from class that incidents of the last 30 calendar days led to, added up.",
        role="changeable",
        risk_direction=1,
    ),
    _days(
        name="days_removed_90d",
        source="incidents",
        high=366.0,
        label="Days removed from class in the last 90 days",
        meaning="Days of removal from class that incidents of the last 90 calendar days led to, added up.",
        role="changeable",
        risk_direction=1,
    ),
    _days(
        name="days_removed_365d",
        source="incidents",
        high=366.0,
        label="Days removed from class in the last year",
        meaning="Days of removal from class that incidents of the last 365 calendar days led to, added up.",
        role="changeable",
        risk_direction=1,
    ),
)

ENROLMENT = (
    _count(
        name="school_moves_365d",
        source="school_moves",
        high=20.0,
        label="Changes of school in the last year",
        meaning="Times in the last 365 calendar days that a stay began at another school than the stay before it.",
    ),
    _flag(
        name="late_enrolment",
        source="late_enrolment",
        label="Started this school year late",
        meaning="Whether the student was on the roll for none of this school year's first 10 sessions.",
    ),
    Feature(
        name="age_for_grade",
        source="age_for_grade",
        kind="number",
        unit="years",
        low=-3.0,
        high=10.0,
        label="Years older than usual for the grade",
        meaning="Full years of age on the school year's first day, less 5 and the number of the grade level.",
        risk_direction=1,
    ),
    _flag(
        name="repeated_grade",
        source="repeated_grade",
        label="Was in the same grade last school year",
        meaning="Whether the grade level of this school year's stay is that of the last stay before this school year.",
        risk_direction=1,
    ),
    Feature(
        name="grade_level",
        source="grade_level",
        kind="category",
        label="Grade level",
        meaning="The grade level of the stay that began last, as the school's code.",
    ),
    _days(
        name="days_enrolled",
        source="days_enrolled",
        high=366.0,
        label="School days on the roll this school year",
        meaning="Sessions held since this school year began that the student was on the roll for.",
    ),
)

# No direction: help goes to those who need it, so more help comes with more risk without causing it.
HELP = (
    _count(
        name="help_received_365d",
        source="help",
        high=100.0,
        label="Times help was given in the last year",
        meaning="Pieces of help that began in the last 365 calendar days.",
        role="changeable",
    ),
    _count(
        name="help_open",
        source="help",
        high=50.0,
        label="Kinds of help running now",
        meaning="Pieces of help that have begun and of which no end is known.",
        role="changeable",
    ),
)

CATALOGUE: tuple[Feature, ...] = ATTENDANCE + COURSEWORK + PROGRESS + CONDUCT + ENROLMENT + HELP
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}


def source_of(name: str) -> str:
    """Return what a feature is about, by its name; of an attribute of a cohort's schema, as its name says."""
    return BY_NAME[name].source if name in BY_NAME else subject_of(name)


def from_json(fields: Mapping[str, Any]) -> Feature:
    """Rebuild a feature from its `as_json`, of this version or an older one, which kept neither source nor window.

    Raises
    ------
    TypeError
        If the fields are not those of a feature.
    """
    feature = Feature(**fields)
    known = BY_NAME.get(feature.name)
    if known is None or "source" in fields:
        return feature
    return replace(feature, source=known.source, window_sessions=known.window_sessions, said_in_days=known.said_in_days)
