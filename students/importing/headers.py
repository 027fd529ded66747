"""Which column of a file is which: headers matched with the columns of a kind of record, whoever wrote them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from students.importing.record_kinds import Field, Kind, kinds

# Of a header by its own name and by another one, and of a column that no row can do without.
_OWN_NAME, _OTHER_NAME, _REQUIRED = 2, 1, 1
# Of one header more or less by another name.
_ABOUT_EQUAL = 2
_NEAR = 0.75
# Some systems tell an absence and a tardy in a column of yes and no each.
FLAGS = {"absent_flag": "absent", "tardy_flag": "tardy"}
_LONGEST_NAME = 80
# Every file about students has their number; what else it says must tell which kind it is.
_TELLS_STUDENTS = frozenset({"given_name", "family_name", "birth_on", "school_id", "grade_level"})
_NUMBERED = re.compile(r"[\s_.-]*(?:\d[\d\s_.-]*|\(\d+\))$")
# Words of headers that the fairness audit may read and the model never; matched anywhere in a header.
_PROTECTED_PARTS = (
    *("gender", "ethnic", "hispanic", "latino", "disab", "specialed", "specialneed", "homeless", "nationality"),
    *("freelunch", "reducedlunch", "freereduced", "freeandreduced", "lunchstatus", "mealstatus", "lowincome"),
    *("economicallydis", "econdis", "englishlearn", "englishlanguagelearn", "limitedenglish", "citizenship"),
    *("religion", "migrant", "fostercare", "homelanguage", "nativelanguage", "mothertongue", "countryofbirth"),
    *("birthcountry", "birthplace", "maritalstatus", "section504", "refugee", "pronoun"),
)
# Short ones are words of their own: "race" is not part of "trace".
_PROTECTED_WORDS = frozenset(
    {"sex", "race", "races", "iep", "504", "sped", "frl", "frpl", "ell", "lep", "esl", "ses", "caste", "tribe", "swd"}
)


@dataclass(frozen=True, kw_only=True)
class HeaderMatch:
    """A kind of record and the headers that are its columns.

    Attributes
    ----------
    kind : Kind
    columns : dict of column to header
    missing : tuple of str
        Columns that every row needs and no header is.
    score : int
        Higher where more headers are columns, and where they carry the columns' own names.
    """

    kind: Kind
    columns: dict[str, str]
    missing: tuple[str, ...]
    score: int


def plain(name: str) -> str:
    """Return a header as it is compared: lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", name.casefold())


def snake_case(header: str) -> str:
    """Return a header as the name of an attribute ("Free/Reduced Lunch" is "free_reduced_lunch")."""
    return re.sub(r"[\W_]+", "_", header.strip().casefold()).strip("_")[:_LONGEST_NAME]


def is_protected(header: str) -> bool:
    """Return whether a column is of the kind that is kept apart: gender, ethnicity, disability, income …"""
    joined = plain(header)
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).casefold())
    return any(part in joined for part in _PROTECTED_PARTS) or not _PROTECTED_WORDS.isdisjoint(words)


def fit(header: Sequence[str], kind: Kind) -> HeaderMatch:
    """Return which headers are columns of a kind. A column's own name goes before the other names it has."""
    there: dict[str, str] = {}
    for name in header:
        there.setdefault(plain(name), name)
    columns: dict[str, str] = {}
    for field in kind.fields:
        if plain(field.name) in there:
            columns[field.name] = there.pop(plain(field.name))
    score = _OWN_NAME * len(columns)
    for field in kind.fields:
        found = next((name for name in field.also_called if name in there), None)
        if found is not None and field.name not in columns:
            columns[field.name] = there.pop(found)
            score += _OTHER_NAME
    missing = missing_columns(kind, columns)
    score += _REQUIRED * sum(name in columns for name in kind.required)
    return HeaderMatch(kind=kind, columns=columns, missing=missing, score=score)


def missing_columns(kind: Kind, columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that every row needs and that are not among these.

    An outcome may be told by an exit code, a category of attendance by flags, a course without a grade by its credits.
    """
    there = set(columns)
    missing = [name for name in kind.required if name not in there and not kind.field(name).default]
    if kind.name == "outcomes" and there.isdisjoint({"kind", "exit_code"}):
        missing.append("kind")
    if kind.name == "grades" and there.isdisjoint({"value", "credits_earned", "credits_attempted"}):
        missing.append("value")
    if kind.name == "attendance" and not there.isdisjoint(FLAGS):
        missing = [name for name in missing if name != "category"]
    return tuple(missing)


def kind_named(filename: str) -> Kind | None:
    """Return the kind a file is named for ("Attendance_2024.csv"), or None."""
    stem = PurePosixPath(filename).stem
    for name in (plain(stem), plain(_NUMBERED.sub("", stem))):
        for kind in kinds().values():
            if name in (plain(kind.name), *(plain(other) for other in kind.also_called)):
                return kind
    return None


def best_fits(header: Sequence[str]) -> list[HeaderMatch]:
    """Return the kinds whose needed columns are all there and that fit about equally well, the best first."""
    fits = [one for one in (fit(header, kind) for kind in kinds().values()) if _can_be(one, header)]
    fits.sort(key=lambda one: one.score, reverse=True)
    return [one for one in fits if one.score >= fits[0].score - _ABOUT_EQUAL]


def _can_be(one: HeaderMatch, header: Sequence[str]) -> bool:
    if one.missing:
        return False
    if one.kind.name == "students":
        return not _TELLS_STUDENTS.isdisjoint(one.columns)
    if one.kind.name == "school_days":
        return len(header) <= 2  # noqa: PLR2004
    if one.kind.name == "interventions":
        # Who and when alone, and a reason, may be of anything.
        return "kind" in one.columns
    return True


def nearest(field: Field, headers: Iterable[str]) -> str:
    """Return the header that was probably meant for a column, or ""."""
    by_plain = {plain(header): header for header in headers}
    for name in (plain(field.name), *field.also_called):
        near = difflib.get_close_matches(name, by_plain, n=1, cutoff=_NEAR)
        if near:
            return by_plain[near[0]]
    return ""
