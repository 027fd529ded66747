"""A school's files in the portal's own format: its students, their absences so far, and a later, larger file."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile

N_STUDENTS = 2000
FIRST_DAY = dt.date(2025, 9, 1)
# The later file speaks of half of the earlier one's days, lacks one of them for each student, and differs in some.
EARLIER, LATER = range(20), range(10, 111)
OVERLAP = 10
N_LATER_ROWS = N_STUDENTS * (len(LATER) - 1)
N_NEW, N_GONE = N_STUDENTS * (len(LATER) - OVERLAP), N_STUDENTS


def known() -> bytes:
    """Return a zip of schools, students, each at one of two schools, and the absences of the first twenty days."""
    schools = ["school_id,name", "N,Northside", "H,Harbor"]
    students = ["student_id,given_name,family_name,birth_on,school_id,grade_level,entered_on"]
    students += [f"S{n},Given{n},Family{n},2010-05-05,{_school(n)},9,2025-08-25" for n in _all()]
    absences = _attendance({number: list(EARLIER) for number in _all()}, seed=1)
    return _zipped({"schools.csv": schools, "students.csv": students, "attendance.csv": absences})


def later() -> bytes:
    """Return two hundred thousand rows that overlap with the earlier ones."""
    left_out = {number: LATER[number % OVERLAP] for number in _all()}
    days = {number: [day for day in LATER if day != left_out[number]] for number in _all()}
    return _text(_attendance(days, seed=2))


def _attendance(days: dict[int, list[int]], *, seed: int) -> list[str]:
    chance = random.Random(seed)
    lines = ["student_id,school_id,held_on,category,excused"]
    for number in _all():
        for held_on in map(_day, days[number]):
            excused = "true" if chance.random() < 0.3 else "false"
            lines.append(f"S{number},{_school(number)},{held_on},absent,{excused}")
    return lines


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _all() -> range:
    return range(1, N_STUDENTS + 1)


def _school(number: int) -> str:
    return "NH"[number % 2]


def _day(number: int) -> dt.date:
    """Return a weekday, counted from the first."""
    return FIRST_DAY + dt.timedelta(days=number // 5 * 7 + number % 5)


def _zipped(members: dict[str, list[str]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, lines in members.items():
            archive.writestr(name, _text(lines))
    return packed.getvalue()
