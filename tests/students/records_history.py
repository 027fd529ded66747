"""A calendar, absences and files of past days, made for tests of how the records arrive."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Any

from accounts.models import Institution, School
from students.models import AttendanceRecord, GradeRecord, SchoolDay, Source, Student, Upload
from tests import rows

_numbers = itertools.count(1)


def weekdays(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the days from Monday to Friday, both ends included."""
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def calendar(institution: Institution, days: Iterable[dt.date]) -> None:
    """Hold school on these days."""
    SchoolDay.objects.bulk_create([SchoolDay(institution=institution, held_on=day) for day in days])


def absences(students: Iterable[Student], days: Iterable[dt.date]) -> None:
    """Let each of these students be absent on each of these days."""
    absent = itertools.product(list(students), list(days))
    AttendanceRecord.objects.bulk_create([_of(AttendanceRecord, student, held_on=day) for student, day in absent])


def grade(student: Student, day: dt.date) -> None:
    """Give a student a grade on a day."""
    GradeRecord.objects.bulk_create([_of(GradeRecord, student, awarded_on=day)])


def _of(model: Any, student: Student, **day: dt.date) -> Any:
    given = {"student": student, "school": student.school, "known_on": next(iter(day.values()))} | day
    return model(**rows.values(model, institution=student.institution, **given))


def students(school: School, n: int) -> list[Student]:
    """Add some students at a school."""
    return [rows.student(school) for _number in range(n)]


def source(institution: Institution, **given: Any) -> Source:
    """Add a system that sends files."""
    given = {"created_at": dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)} | given
    return rows.sound(Source, institution=institution, shape_sha256=str(next(_numbers)), **given)


def merged(institution: Institution, day: dt.date, **given: Any) -> Upload:
    """Add a file of some rows by kind that was brought in on a day."""
    counts = given.pop("rows", {"attendance": 100})
    given = {"stage": "done", "merged_at": dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)} | given
    difference = {"kinds": {kind: {"rows": n} for kind, n in counts.items()}}
    n_rows = sum(counts.values())
    return rows.sound(Upload, institution=institution, difference=difference, n_rows=n_rows, format="portal", **given)
