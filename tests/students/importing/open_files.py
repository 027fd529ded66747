"""Files that leave open what they mean, one of each kind, with who must say what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHOOLS = "school_id,name\nNN,North\nSS,South\n"
ROSTER = "student_id,given_name,family_name,birth_on,school_id,grade_level,entered_on\n" + "".join(
    f"00{n},Child{n},Of House {n},2010-03-{n:02},{2 * 'NS'[n % 2]},9,2025-09-01\n" for n in range(1, 21)
)
SUNDAY = dt.date(2025, 9, 14)
NUMBERS = [f"00{n}" for n in range(1, 21)]


@dataclass(frozen=True)
class Open:
    """A file and what it must be asked.

    `before` is brought in first, `answer` lets the file go in, and `stored` counts what is then new of `kind`.
    """

    question: str
    files: Mapping[str, str]
    answer: dict[str, Any]
    kind: str
    stored: int
    before: Mapping[str, str] = field(default_factory=lambda: {"schools.csv": SCHOOLS, "students.csv": ROSTER})

    def written(self, folder: Path) -> Path:
        """Write the file, or its folder, and return where."""
        for name, content in self.files.items():
            (folder / name).write_text(content, encoding="utf-8")
        return folder / next(iter(self.files))


def rows(head: str, *lines: str) -> str:
    return "\n".join((head, *lines)) + "\n"


def of_each(head: str, *cells: str) -> str:
    """Return a row per student, with the cells in turn."""
    return rows(f"student_id,{head}", *(f"{number},{cells[n % len(cells)]}" for n, number in enumerate(NUMBERS)))


OPEN = {
    "periods": Open(
        "attendance.unit",
        {"absences.csv": of_each("held_on,category,period", "2026-03-02,absent,3")},
        {"is": "period", "a_day": 6},
        "attendance",
        20,
    ),
    "minutes": Open(
        "attendance.unit",
        {"absences.csv": of_each("held_on,category,minutes", "2026-03-02,absent,45", "2026-03-02,absent,390")},
        {"is": "minutes", "a_day": 390},
        "attendance",
        20,
    ),
    "codes_of_attendance": Open(
        "attendance.codes",
        {"absences.csv": of_each("held_on,category", "2026-03-02,ZK", "2026-03-02,QQ")},
        {"ZK": "absent_excused", "QQ": "present"},
        "attendance",
        10,
    ),
    "flags_in_another_language": Open(
        "columns.yes_no",
        {"absences.csv": of_each("held_on,absence,tardy", "2026-03-02,Ya,Tidak", "2026-03-02,Tidak,Ya")},
        {"Ya": "yes", "Tidak": "no"},
        "attendance",
        20,
    ),
    "every_day_a_sunday": Open(
        "attendance.days",
        {
            "absences.csv": rows(
                "student_id,held_on,category",
                *(f"{number},{SUNDAY + dt.timedelta(7 * n)},absent" for n, number in enumerate(NUMBERS)),
            )
        },
        {"is": "day_after"},
        "attendance",
        20,
    ),
    "grades_of_four": Open(
        "grades.scale",
        {"grades.csv": of_each("awarded_on,course,value", "2026-03-02,Art,3", "2026-03-02,Art,4")},
        {"best": 4, "worst": 0},
        "grades",
        20,
    ),
    "grades_of_two_scales": Open(
        "grades.mixed",
        {"grades.csv": of_each("awarded_on,course,value", "2026-03-02,Art,3", "2026-03-02,Art,88")},
        {"up_to": 4},
        "grades",
        20,
    ),
    "grades_in_words": Open(
        "grades.words",
        {"grades.csv": of_each("awarded_on,course,value", "2026-03-02,Art,Meets", "2026-03-02,Art,Exceeds")},
        {"Meets": 70, "Exceeds": 95},
        "grades",
        20,
    ),
    "statuses": Open(
        "students.status",
        {"students.csv": rows("student_id,school_id,enrollment_status", "0041,NN,Parked", "0042,NN,Active")},
        {"Parked": "not_yet"},
        "students",
        1,
    ),
    "codes_of_leaving": Open(
        "outcomes.codes",
        {"outcomes.csv": rows("student_id,happened_on,exit_code", "001,2026-03-02,W99", "002,2026-03-02,G9")},
        {"W99": "dropped_out", "G9": "graduated"},
        "outcomes",
        2,
    ),
    "kinds_of_help": Open(
        "interventions.kinds",
        {"interventions.csv": of_each("kind,started_on", "Reading club,2026-03-02")},
        {"Reading club": "tutoring"},
        "interventions",
        20,
    ),
    "two_schools_at_once": Open(
        "students.two_schools",
        {"enrolments.csv": rows("student_id,school_id,entered_on", "001,NN,2025-09-01", "001,SS,2025-09-01")},
        {"is": "both"},
        "enrolments",
        1,
    ),
    "numbers_without_their_zeros": Open(
        "students.numbers",
        {"students.csv": ROSTER.replace("\n00", "\n")},
        {"zeros": "same"},
        "students",
        0,
    ),
    "another_number_of_a_child": Open(
        "students.numbers",
        {"students.csv": rows(ROSTER.splitlines()[0], "9001,Child1,Of House 1,2010-03-01,SS,9,2025-09-01")},
        {"9001": "001"},
        "students",
        0,
    ),
    "a_number_of_two_children": Open(
        "students.reused",
        {"students.csv": rows(ROSTER.splitlines()[0], "001,Nora,Lind,2011-07-21,SS,9,2025-09-01")},
        {"001": "by_school"},
        "students",
        1,
    ),
}
