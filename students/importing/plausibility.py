"""The rules that find what can be read but cannot be right, each with a name and a strictness to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, get_args

from students.importing.file_errors import gettext_noop

Severity = Literal["refuse", "warn", "off"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# Nobody in school was born earlier, and no record of today's students is older.
EARLIEST_DAY = date(1990, 1, 1)
EARLIEST_BIRTH = date(1900, 1, 1)
# Files are written in other time zones than the school's.
DAYS_AHEAD = 1
# A calendar is planned: terms and school days lie ahead.
CALENDAR_DAYS_AHEAD = 3 * 366
YOUNGEST, OLDEST = 4, 40
# As far as a school plans the last day of a child who just entered.
MOST_YEARS_PLANNED = 16
# A day is far from the others that many years outside the days between which nearly all of a file's rows lie: of
# their 98%, and of all but the first and the last where the rows are few. Fewer than so many rows say nothing.
FAR_YEARS, FAR_SHARE, FAR_FEWEST = 3, 0.01, 20
# The last day of something, which may not have one yet.
END_COLUMNS = ("exited_on", "planned_exit_on", "ended_on")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes
    ----------
    severity : str
        How strict it is until an institution chooses otherwise: "refuse" leaves the row out, "warn" keeps it and tells.
    words : str
        What it finds, for the settings page.
    is_fixed : bool
        Whether no institution may change it, because the row could not be stored at all.
    """

    severity: Severity
    words: str
    is_fixed: bool = False


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "date_too_early": Rule(
            severity="refuse", words=gettext_noop("A date before 1990, or a date of birth before 1900")
        ),
        "date_in_future": Rule(severity="refuse", words=gettext_noop("A date after tomorrow")),
        "birth_age": Rule(
            severity="warn", words=gettext_noop("A date of birth that makes a student younger than 4 or older than 40")
        ),
        "far_from_others": Rule(
            severity="refuse",
            words=gettext_noop("An absence, grade or incident more than 3 years away from nearly all others"),
        ),
        "before_birth": Rule(
            severity="refuse", words=gettext_noop("A first day or a record before the student's date of birth")
        ),
        "grade_outside_scale": Rule(
            severity="refuse", words=gettext_noop("A grade higher than its scale"), is_fixed=True
        ),
        "same_student_twice": Rule(
            severity="refuse", words=gettext_noop("The same record twice in one file, with different values")
        ),
        "before_enrolment": Rule(
            severity="warn", words=gettext_noop("An absence, grade or incident before the student was enrolled")
        ),
        "after_exit": Rule(
            severity="warn", words=gettext_noop("An absence, grade or incident after the student's last day")
        ),
        "other_school": Rule(
            severity="warn", words=gettext_noop("A record from another school than the student's on that day")
        ),
        "grade_level_jump": Rule(
            severity="warn", words=gettext_noop("A grade level that falls, or rises by more than one year at once")
        ),
        "unknown_student": Rule(
            severity="refuse", words=gettext_noop("A record of a student who is in no file"), is_fixed=True
        ),
    }
)


def severities(chosen: Mapping[str, str]) -> dict[str, Severity]:
    """Return how strict each rule is, given what an institution chose.

    Parameters
    ----------
    chosen : mapping of rule to str
        `ImportSettings.rules`. Unknown rules and words, and rules that are fixed, are passed over.
    """
    found: dict[str, Severity] = {}
    for name, rule in RULES.items():
        wanted = next((severity for severity in SEVERITIES if severity == chosen.get(name)), rule.severity)
        found[name] = rule.severity if rule.is_fixed else wanted
    return found


def latest_day(kind: str, *, today: date) -> date:
    """Return the last day a record of this kind may name."""
    ahead = CALENDAR_DAYS_AHEAD if kind in ("terms", "school_days") else DAYS_AHEAD
    return today + timedelta(days=ahead)


def latest_readable(kind: str, column: str, *, today: date) -> date:
    """Return the last day that a text of a column can mean, where it can be read in two ways: 6/7/2027, 30/06/27.

    An end may be planned; whether the day is one that the column may name is for `latest_day` to say.
    """
    return years_after(today, MOST_YEARS_PLANNED) if column in END_COLUMNS else latest_day(kind, today=today)


def earliest_day(column: str) -> date:
    """Return the first day a column may name."""
    return EARLIEST_BIRTH if column == "birth_on" else EARLIEST_DAY


def years_after(day: date, years: int) -> date:
    """Return the same day some years ahead; 29 February becomes 1 March."""
    return years_before(day, -years)


def years_before(day: date, years: int) -> date:
    """Return the same day some years ago; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)
