"""What the codes of Ed-Fi's descriptors mean here."""

from __future__ import annotations

import re

import polars as pl

from students.importing.edfi_resources import SEPARATOR

_NAMESPACE = f"[^{SEPARATOR}]*#"


def code(descriptor: pl.Expr) -> pl.Expr:
    """Return the part after "#" of a descriptor like uri://ed-fi.org/SexDescriptor#Female, in each entry of a list."""
    return descriptor.str.replace_all(_NAMESPACE, "").str.strip_chars()


def entries(text: pl.Expr) -> pl.Expr:
    """Return the entries of a list that was joined in one text; an empty list where there is none."""
    return text.fill_null("").str.split(SEPARATOR)


# In this order; states and districts write their own codes, so words decide. The second value: whether excused.
_ATTENDANCE: tuple[tuple[str, str, bool | None], ...] = (
    (r"in attendance|^present|^attended|non.?absen", "present", None),
    (r"tard|late\b|early (departure|dismissal|release)|left early", "tardy", None),
    (r"unexcused|unverified|truan|skip|cut\b", "absent", False),
    (r"excused|medical|illness|sick|religious|bereave|school (activity|business)|field trip", "absent", True),
    (r"absen|suspen|expel|not in attendance", "absent", False),
)
# Before "excused": "Tardy Unexcused" holds both words.
_EXCUSED = re.compile(r"\bexcused", re.IGNORECASE)
ATTENDANCE_WORDS = "In Attendance, Excused Absence, Unexcused Absence, Tardy, Early departure"


def attendance_of(category: str) -> tuple[str, bool] | None:
    """Return ("absent", "tardy" or "present", whether excused) for a code; None if it says none of these."""
    plain = category.casefold()
    for pattern, word, excused in _ATTENDANCE:
        if re.search(pattern, plain):
            return word, bool(_EXCUSED.search(category)) if excused is None else excused
    return None


_SCHOOL_DAY = re.compile(r"(?<!non-)(?<!non )instructional|make-?\s?up|late arrival|early dismissal", re.IGNORECASE)


def is_school_day(events: str) -> bool:
    """Return whether students come to school on a day with these calendar events."""
    return bool(_SCHOOL_DAY.search(events))


_REMOVAL = re.compile(r"suspen|expul|expel|removal|removed", re.IGNORECASE)


def removes_from_school(discipline: str) -> bool:
    """Return whether a disciplinary action takes school days from a student: a suspension, an expulsion, a removal."""
    return bool(_REMOVAL.search(discipline))
