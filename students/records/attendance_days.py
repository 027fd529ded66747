"""The newest day that attendance and grades are on record for, and the school days in between that were left out."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from accounts import scope
from accounts.models import School
from students.models import AttendanceRecord, Enrolment, SchoolDay, Term

LOOKED_BACK = dt.timedelta(days=60)
# Files arrive some days late; a day is missing only once the ones after it are there, or it lies further back.
DAYS_OF_GRACE = 3
# Only absences are stored. Where eight are usual, a day with none comes by chance once in three thousand (Poisson).
USUAL_ABSENCES = 8
# A school all of whose students are never absent in two months has sent nothing; one this small may be that lucky.
FEWEST_STUDENTS = 50
MOST_SILENT_SCHOOLS = 50
# Days are counted no further than this, and a busier institution is looked at school by school for a few days only:
# the page must not read millions of rows.
COUNTED_A_DAY = 2_000
DAYS_OF_A_BUSY_PLACE = 5
# Schools are told apart up to this many, and their newest day is looked for among this many students in all.
MOST_SCHOOLS = 12
STUDENTS_ASKED = 3_000


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest days on record of one school, or of everything in sight (`school_id` None)."""

    school_id: int | None
    school: str
    n_students: int
    attendance: dt.date | None
    grade: dt.date | None


@dataclass(frozen=True, kw_only=True)
class MissingDays:
    """School days without one row of attendance, at one school or ("") at all of them."""

    school: str
    days: tuple[dt.date, ...]


# Of a whole institution the index by day knows the newest at once. Under the policies of one school that index would
# be read row by row until a student of that school turns up; there the students are asked one by one.
_NEWEST = """
WITH chosen AS (
    SELECT id, name FROM accounts_school
    WHERE institution_id = %(institution)s AND (%(every_school)s OR id = ANY(%(schools)s))
      AND (%(school)s::bigint IS NULL OR id = %(school)s)
)
SELECT NULL AS school_id, '' AS name, 0 AS n_students,
    (SELECT held_on FROM students_attendancerecord
     WHERE institution_id = %(institution)s AND replaced_on IS NULL AND held_on <= %(today)s
     ORDER BY held_on DESC LIMIT 1),
    (SELECT awarded_on FROM students_graderecord
     WHERE institution_id = %(institution)s AND replaced_on IS NULL AND awarded_on <= %(today)s
     ORDER BY awarded_on DESC LIMIT 1)
WHERE %(every_school)s
UNION ALL
SELECT chosen.id, chosen.name, count(*), max(attendance.held_on), max(grade.awarded_on)
FROM chosen
CROSS JOIN LATERAL (
    SELECT id FROM students_student WHERE school_id = chosen.id ORDER BY id DESC
    LIMIT (SELECT %(students)s / greatest(count(*), 1) FROM chosen)
) student
LEFT JOIN LATERAL (
    SELECT held_on FROM students_attendancerecord
    WHERE student_id = student.id AND replaced_on IS NULL AND held_on <= %(today)s
    ORDER BY held_on DESC LIMIT 1
) attendance ON true
LEFT JOIN LATERAL (
    SELECT awarded_on FROM students_graderecord
    WHERE student_id = student.id AND replaced_on IS NULL AND awarded_on <= %(today)s
    ORDER BY awarded_on DESC LIMIT 1
) grade ON true
WHERE NOT %(every_school)s OR (SELECT count(*) FROM chosen) <= %(most_schools)s
GROUP BY chosen.id, chosen.name
"""

_ROWS_A_DAY = """
SELECT day.held_on, (
    SELECT count(*) FROM (
        SELECT 1 FROM students_attendancerecord
        WHERE institution_id = %(institution)s AND held_on = day.held_on AND replaced_on IS NULL LIMIT %(most)s
    ) capped
)
FROM unnest(%(days)s::date[]) AS day (held_on)
"""


def school_days_until(*, today: dt.date, n: int = 60) -> list[dt.date]:
    """Return the last school days up to today, the newest first; none where there is no calendar."""
    held = SchoolDay.objects.filter(institution_id=scope.current().institution_id, held_on__lte=today)
    return list(held.order_by("-held_on").values_list("held_on", flat=True)[:n])


def newest(*, today: dt.date, school_id: int | None = None) -> list[Newest]:
    """Return the newest days on record: of everything in sight first, then school by school where they are few.

    With `school_id`, of that school alone.
    """
    current = scope.current()
    asked: dict[str, Any] = {
        "institution": current.institution_id,
        "today": today,
        "every_school": current.school_ids is None,
        "schools": list(current.school_ids or ()),
        "school": school_id,
        "students": STUDENTS_ASKED,
        "most_schools": MOST_SCHOOLS,
    }
    names = ("school_id", "school", "n_students", "attendance", "grade")
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, asked)
        found = [Newest(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    schools = sorted((one for one in found if one.school_id is not None), key=lambda one: one.school)
    overall = next((one for one in found if one.school_id is None), None) or _of_all(schools)
    return [overall, *schools]


def missing_days(*, today: dt.date) -> list[MissingDays]:
    """Return the school days of this year's last two months without attendance: of all schools, then of one alone."""
    days = _days_looked_at(today)
    if not days:
        return []
    counts = _rows_a_day(days)
    with_rows = [day for day in days if counts[day]]
    if not with_rows:
        return []
    expected = [day for day in days if with_rows[0] <= day]
    trailing = [day for day in expected if day > with_rows[-1]]
    if len(trailing) <= DAYS_OF_GRACE:
        expected = expected[: len(expected) - len(trailing)]
    nowhere = tuple(day for day in expected if not counts[day])
    usual = statistics.median(counts[day] for day in with_rows)
    found = [MissingDays(school="", days=nowhere)] if nowhere and usual >= USUAL_ABSENCES else []
    return found + _of_single_schools(with_rows, is_busy=usual >= COUNTED_A_DAY)


def _of_all(schools: list[Newest]) -> Newest:
    """Return the newest of several schools as one."""
    attendance = [one.attendance for one in schools if one.attendance]
    grades = [one.grade for one in schools if one.grade]
    return Newest(
        school_id=None,
        school="",
        n_students=sum(one.n_students for one in schools),
        attendance=max(attendance, default=None),
        grade=max(grades, default=None),
    )


def _days_looked_at(today: dt.date) -> list[dt.date]:
    """Return the school days before today, of this school year and of the last two months; the oldest first."""
    years = Term.objects.filter(institution_id=scope.current().institution_id, starts_on__lte=today)
    newest_year = years.order_by("-school_year").values("school_year")[:1]
    began_on = years.filter(school_year=newest_year).order_by("starts_on").values_list("starts_on", flat=True).first()
    since = max(today - LOOKED_BACK, began_on or dt.date.min)
    held = SchoolDay.objects.filter(
        institution_id=scope.current().institution_id, held_on__gte=since, held_on__lt=today
    )
    return list(held.order_by("held_on").values_list("held_on", flat=True))


def _rows_a_day(days: list[dt.date]) -> dict[dt.date, int]:
    asked: dict[str, Any] = {"institution": scope.current().institution_id, "days": days, "most": COUNTED_A_DAY}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS_A_DAY, asked)
        return dict(cursor.fetchall())


def _of_single_schools(with_rows: list[dt.date], *, is_busy: bool) -> list[MissingDays]:
    """Return the days on which other schools sent attendance and one did not."""
    days = with_rows[-DAYS_OF_A_BUSY_PLACE:] if is_busy else with_rows
    held = AttendanceRecord.objects.filter(held_on__gte=days[0], held_on__lte=days[-1])
    rows = held.values_list("school_id", "held_on").annotate(n=Count("pk")).order_by()
    counts: dict[int, Counter[dt.date]] = {}
    for school_id, day, n in rows:
        counts.setdefault(school_id, Counter())[day] = n
    names = dict(
        School.objects.filter(institution_id=scope.current().institution_id).order_by("name").values_list("pk", "name")
    )
    silent = _with_students(pk for pk in names if pk not in counts)
    found = {pk: tuple(days) for pk in silent}
    for pk, of_day in counts.items():
        missed = tuple(day for day in days if day not in of_day)
        if missed and statistics.median(of_day.values()) >= USUAL_ABSENCES:
            found[pk] = missed
    return [MissingDays(school=name, days=found[pk]) for pk, name in names.items() if pk in found]


def _with_students(school_ids: Iterable[int]) -> set[int]:
    """Return those of some schools that are attended by enough students now to have absences."""
    wanted = list(school_ids)[:MOST_SILENT_SCHOOLS]
    if not wanted:
        return set()
    attended = Enrolment.objects.filter(school_id__in=wanted, exited_on=None).values("school_id")
    counted = attended.annotate(n=Count("pk")).filter(n__gte=FEWEST_STUDENTS)
    return set(counted.values_list("school_id", flat=True))
