"""The attendance of a school beside a student's own: added up with the list, read by every page of its students."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from accounts import scope
from predictions.models import CurrentRisk, SchoolAttendance, ScoringRun

# As far back as a student's page looks, and the weeks that its first point is made of.
LOOKS_BACK = dt.timedelta(weeks=48)


def add_up(run: ScoringRun) -> None:
    """Add up what the students of a list missed, by school, in the transaction that makes it the current one."""
    from students.records import packed_rows, school_weeks  # these bring NumPy, which a page of a student does not need

    columns = ["student_id", "school_id"]
    listed = packed_rows.columns_of({"listed": (CurrentRisk.objects.all(), columns)}, are_any={})["listed"]
    students, schools = (listed[name] for name in columns)
    missed = school_weeks.missed(students=students, schools=schools, since=run.as_of - LOOKS_BACK, until=run.as_of)
    SchoolAttendance.objects.all().delete()
    SchoolAttendance.objects.bulk_create(
        SchoolAttendance(
            school_id=school,
            institution_id=scope.current().institution_id,
            n_students=n,
            until=run.as_of,
            missed={week.isoformat(): sessions for week, sessions in sorted(missed.get(school, {}).items())},
        )
        for school, n in Counter(schools.tolist()).items()
    )


def by_week(school: int, held: Counter[dt.date], *, since: dt.date, until: dt.date) -> dict[dt.date, float]:
    """Return the sessions that the average student of a school missed in each week of school; {} before a list.

    A week that began before the first day is left out: its sessions were missed on days that are not in `held`. So is
    one that went on after the list's day, unless nothing was held since.

    :param held: school days from one day to another, by the Monday of their week
    """
    kept = SchoolAttendance.objects.filter(school_id=school).first()
    if kept is None:
        return {}
    first, last = kept.until - LOOKS_BACK, kept.until - dt.timedelta(days=4)
    weeks = [week for week in held if week > first and week >= since and (week <= last or until <= kept.until)]
    return {week: kept.missed.get(week.isoformat(), 0.0) / kept.n_students for week in weeks}
