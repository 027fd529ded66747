"""The short words that systems write in many ways: grade levels, names of terms, core subjects."""

from __future__ import annotations

import re

import polars as pl

from students.records.grade_levels import LEVELS, LONGEST_LEVEL

_LONGEST_TERM = 20
_YEARS = re.compile(r"\b(?:19|20)\d\d\s*[-–/]\s*(?:(?:19|20)?\d\d)\b|\b(?:19|20)\d\d\b")
# The first two digits of a five-digit course code of the School Courses for the Exchange of Data (SCED):
# English, mathematics, life and physical sciences, social sciences and history.
CORE_COURSE_CODE = r"^0[1-4]\d{3}(?:[A-Z]\S*)?$"
# The same four in Ed-Fi's list of academic subjects.
CORE_SUBJECT = r"(?i)^(?:english|reading|writing|mathematics|(?:life and physical )?sciences?$|social s)"


def short_level(level: pl.Expr) -> pl.Expr:
    """Return grade levels as "9", "K" or "PK", whatever a system calls them; unknown ones stay, cut to 20 letters."""
    plain = level.str.strip_chars()
    return plain.str.to_lowercase().replace_strict(LEVELS, default=plain.str.slice(0, LONGEST_LEVEL))


def short_term(title: str) -> str:
    """Return the name of a term without its year, so that "Fall 2025" and "Fall 2026" are the same term of two years.

    Grades find their term by this name; the portal keeps 20 letters of it.
    """
    plain = " ".join(_YEARS.sub(" ", title).split()).strip(" -–/,:()")
    return (plain or title.strip())[:_LONGEST_TERM].rstrip()


def short_terms(titles: pl.Series) -> pl.Series:
    """Return `short_term` of every title; a file has few different ones."""
    names = {title: short_term(title) for title in titles.drop_nulls().unique().to_list()}
    return titles.replace_strict(names, default=None, return_dtype=pl.String())
