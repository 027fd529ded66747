"""What was found in a file, in words: rows that are wrong, rows to look at, columns that stay out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from students.importing import file_errors
from students.models import Upload
from students.records import record_words

FAULTS_SHOWN = 20
# "count" chooses the plural, "n" is the number as it is written.
_RULES = {
    "date_too_early": ngettext_lazy("%(n)s date lies very long ago.", "%(n)s dates lie very long ago.", "count"),
    "date_in_future": ngettext_lazy("%(n)s date lies in the future.", "%(n)s dates lie in the future.", "count"),
    "birth_age": ngettext_lazy(
        "%(n)s birth date makes a student younger than 4 or older than 40.",
        "%(n)s birth dates make a student younger than 4 or older than 40.",
        "count",
    ),
    "grade_outside_scale": ngettext_lazy(
        "%(n)s grade lies outside its scale.", "%(n)s grades lie outside their scale.", "count"
    ),
    "same_student_twice": ngettext_lazy(
        "%(n)s row stands there twice. It counts once.", "%(n)s rows stand there twice. Each counts once.", "count"
    ),
    "before_enrolment": ngettext_lazy(
        "%(n)s record lies before the student's first day.",
        "%(n)s records lie before the student's first day.",
        "count",
    ),
    "after_exit": ngettext_lazy(
        "%(n)s record lies after the student's last day: the exit is wrong, or the record is.",
        "%(n)s records lie after the student's last day: the exit is wrong, or the records are.",
        "count",
    ),
    "other_school": ngettext_lazy(
        "%(n)s record is from a school where the student was not enrolled that day.",
        "%(n)s records are from schools where the student was not enrolled that day.",
        "count",
    ),
    "grade_level_jump": ngettext_lazy(
        "%(n)s student jumps more than one grade level.", "%(n)s students jump more than one grade level.", "count"
    ),
    "unknown_student": ngettext_lazy(
        "%(n)s row is about a student we do not know.", "%(n)s rows are about students we do not know.", "count"
    ),
}
_ANY_RULE = ngettext_lazy("%(rule)s: %(n)s row.", "%(rule)s: %(n)s rows.", "count")


def faults(upload: Upload) -> list[dict[str, Any]]:
    """Return the first rows that are wrong, each as a sentence with its place where the sentence lacks it."""
    return [
        {"sentence": (said := sentence(error)), "place": _place(error, upload, said)}
        for error in upload.errors[:FAULTS_SHOWN]
    ]


def sentence(error: Mapping[str, Any]) -> str:
    """Word a fault in the reader's language."""
    if error.get("problem") not in file_errors.SENTENCES:
        return str(error.get("sentence") or error.get("problem", ""))
    words = {name: str(error.get(name) or "") for name in ("column", "value", "problem", "allowed")}
    fault = file_errors.CellError(line=error.get("line"), **words)
    return _(file_errors.SENTENCES[fault.problem]) % fault.arguments()


def _place(error: Mapping[str, Any], upload: Upload, said: str) -> str:
    parts = []
    if error.get("file") and error["file"] != upload.filename:
        parts.append(str(error["file"]))
    if (line := error.get("line")) and str(line) not in said:
        parts.append(_("line %(line)s") % {"line": line})
    return " · ".join(parts)


def warnings(upload: Upload) -> list[dict[str, Any]]:
    """Return what is odd but let through, rule by rule, with a few places where it was seen."""
    return [
        {
            "words": _rule(warning["rule"], warning["n"]),
            "examples": [_seen(example, upload) for example in warning.get("examples", [])],
        }
        for warning in upload.warnings
    ]


def _rule(rule: str, n: int) -> str:
    if rule in _RULES:
        return record_words.counted(n, _RULES[rule])
    return str(_ANY_RULE % {"count": n, "n": record_words.number(n), "rule": rule.replace("_", " ")})


def _seen(example: Mapping[str, Any], upload: Upload) -> dict[str, str]:
    place = _place(example, upload, "")
    column = str(example.get("column") or "")
    return {"place": " · ".join(part for part in (place, column) if part), "value": str(example.get("value") or "")}


def notes(upload: Upload) -> list[str]:
    """Return what was assumed in reading, as sentences."""
    return [_(note) for note in upload.summary.get("notes", [])]


def columns(upload: Upload, which: str) -> list[dict[str, Any]]:
    """Return the columns of each file that were "unused" or "withheld"."""
    found = upload.summary.get(which, {})
    if not isinstance(found, Mapping):
        found = {upload.filename: found}
    return [{"file": file, "columns": names} for file, names in found.items() if names]
