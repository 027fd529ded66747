"""On which days of the week the days of a file lie: what shows that all of them were shifted, or read the other way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from students.changes import staging
from students.import_sql.statements import fetch, fragment, name
from students.importing.record_kinds import kinds

# Distinct days below which nothing is said, and the share of them from which they "all" lie on weekends.
FEWEST_DAYS: Final = 10
MOSTLY: Final = 0.9
# A shift by one day puts a fifth of the days on a weekend; school on a few Saturdays does not.
SHIFTED_SHARE: Final = 0.1
# Monday to Sunday.
_WEEK, _FRIDAY = 7, 5

Week = tuple[int, int, int, int, int, int, int]

_LOOK: LiteralString = """
SELECT extract(isodow FROM day)::int, count(*) FROM (SELECT DISTINCT {day} AS day FROM {table}) d
WHERE day IS NOT NULL GROUP BY 1
"""
# What the same institution says of its school days, in this file or before; without a calendar, its absences on record.
_CALENDAR: LiteralString = """
SELECT extract(isodow FROM day)::int, count(*) FROM (
    SELECT held_on AS day FROM students_schoolday WHERE institution_id = %(institution)s {staged}
) d GROUP BY 1
"""
_STAGED_DAYS: LiteralString = "UNION SELECT held_on FROM staged_school_days"
_ABSENCES: LiteralString = """
SELECT extract(isodow FROM day)::int, count(*) FROM (
    SELECT DISTINCT held_on AS day FROM students_attendancerecord
    WHERE institution_id = %(institution)s AND replaced_on IS NULL
) d GROUP BY 1
"""


@dataclass(frozen=True)
class OddDays:
    """Distinct days of a staged kind by day of the week, beside those on which the institution is known to hold school.

    Attributes
    ----------
    by_weekday, known_by_weekday : tuple of int, shape (7,)
        Days on a Monday, Tuesday and so on, of the file and of the institution.
    """

    by_weekday: Week
    known_by_weekday: Week

    @property
    def n_days(self) -> int:
        """Return how many different days the file holds."""
        return sum(self.by_weekday)

    @property
    def n_weekend(self) -> int:
        """Return how many of them are a Saturday or a Sunday."""
        return sum(self.by_weekday[_FRIDAY:])

    @property
    def n_known(self) -> int:
        """Return how many days of the institution are known to compare with."""
        return sum(self.known_by_weekday)

    @property
    def weekend_share(self) -> float:
        """Return the share of the file's days on weekends, 0 of none."""
        return self.n_weekend / self.n_days if self.n_days else 0.0

    @property
    def known_weekend_share(self) -> float:
        """Return the share of the institution's known days on weekends, 0 of none."""
        return sum(self.known_by_weekday[_FRIDAY:]) / self.n_known if self.n_known else 0.0

    @property
    def are_on_weekends(self) -> bool:
        """Tell whether nearly all days of the file lie on weekends although school is held on other days.

        A school that is known to hold school on weekends is believed; one of which nothing is known is not.
        """
        is_enough = self.n_days >= FEWEST_DAYS and self.weekend_share >= MOSTLY
        return is_enough and self.known_weekend_share < SHIFTED_SHARE

    @property
    def shifted_by(self) -> int:
        """Return by how many days the file's days seem shifted (1 or -1), 0 where nothing shows it.

        A day read in another time zone is the one before or after: Monday to Friday become Sunday to Thursday or
        Tuesday to Saturday, and one day of the school week is empty. Only beside a known week from Monday to Friday.
        """
        is_known = self.n_known >= FEWEST_DAYS and self.known_weekend_share < SHIFTED_SHARE
        if self.n_days < FEWEST_DAYS or not is_known or self.weekend_share < SHIFTED_SHARE:
            return 0
        if min(self.known_by_weekday[:_FRIDAY]) == 0:
            return 0
        for shift in (1, -1):
            moved_back = [self.by_weekday[(day + shift) % _WEEK] for day in range(_WEEK)]
            if not sum(moved_back[_FRIDAY:]):
                return shift
        return 0


def look(kind: str, context: staging.Context) -> OddDays:
    """Count the staged days of a kind by day of the week, and those of the institution to compare with.

    :raises ValueError: if records of the kind have no day on which they happened
    """
    happened = kinds()[kind].happened
    if not happened:
        raise ValueError(f"Records of {kind} happen on no day.")
    found = fetch(_LOOK, day=name(happened), table=staging.table_of(kind))
    return OddDays(_week(found), _week(_known(context)))


def _known(context: staging.Context) -> list[tuple[int, int]]:
    has_staged = fetch("SELECT to_regclass('pg_temp.staged_school_days') IS NOT NULL")[0][0]
    staged = fragment(_STAGED_DAYS if has_staged else "")
    return fetch(_CALENDAR, context.parameters, staged=staged) or fetch(_ABSENCES, context.parameters)


def _week(found: list[tuple[int, int]]) -> Week:
    n = dict(found)
    return (n.get(1, 0), n.get(2, 0), n.get(3, 0), n.get(4, 0), n.get(5, 0), n.get(6, 0), n.get(7, 0))
