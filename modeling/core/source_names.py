"""What a feature is about, told from its name: without NumPy, which a page does not need."""

from __future__ import annotations

import re

_WINDOW = re.compile(r"_(\d+d|(last_)?(year|term)|\d+(st|nd|rd|th))$")
# The catalogue's other ways of saying the same: a counsellor would have one conversation about them, not two.
_SAME_SOURCE = {
    "absence_rate": "absence",
    "absence_trend": "absence",
    "unexcused_share": "absence",
    "longest_absence_run": "absence",
    "days_since_last_present": "absence",
    "chronic_absence": "absence",
    "course_average_change": "course_average",
    "lowest_course": "course_average",
    "credits_behind": "credits",
    "credits_earned_share": "credits",
    "on_track": "credits",
    "days_removed": "incidents",
    "help_received": "help",
    "help_open": "help",
}


def source_of(name: str) -> str:
    """Return what a feature is about, without the window or term it looks at.

    "absence_rate_10d" and "chronic_absence" are both about "absence", "grade_1st" and "grade_2nd" about "grade".
    """
    subject = _WINDOW.sub("", name)
    return _SAME_SOURCE.get(subject, subject)
