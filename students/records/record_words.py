"""What the kinds of record are called on pages, and how their changes are counted in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from students.importing import record_kinds

# In the order in which they are told: whom it is about first, what only holds them together last.
LABELS = {
    "students": gettext_lazy("Students"),
    "enrolments": gettext_lazy("Enrolments"),
    "attendance": gettext_lazy("Absences and tardies"),
    "grades": gettext_lazy("Grades"),
    "discipline": gettext_lazy("Incidents"),
    "interventions": gettext_lazy("Help given"),
    "outcomes": gettext_lazy("Outcomes"),
    "attributes": gettext_lazy("Other facts"),
    "protected": gettext_lazy("Protected facts"),
    "schools": gettext_lazy("Schools"),
    "terms": gettext_lazy("Terms"),
    "school_days": gettext_lazy("School days"),
}
# "count" chooses the plural, "n" is the number as it is written.
_CHANGES = {
    ("students", "new"): ngettext_lazy("%(n)s new student", "%(n)s new students", "count"),
    ("students", "changed"): ngettext_lazy("%(n)s student changed", "%(n)s students changed", "count"),
    ("students", "gone"): ngettext_lazy("%(n)s student gone", "%(n)s students gone", "count"),
    ("enrolments", "new"): ngettext_lazy("%(n)s new enrolment", "%(n)s new enrolments", "count"),
    ("enrolments", "changed"): ngettext_lazy("%(n)s enrolment changed", "%(n)s enrolments changed", "count"),
    ("enrolments", "gone"): ngettext_lazy("%(n)s enrolment gone", "%(n)s enrolments gone", "count"),
    ("attendance", "new"): ngettext_lazy("%(n)s new attendance day", "%(n)s new attendance days", "count"),
    ("attendance", "changed"): ngettext_lazy("%(n)s attendance day changed", "%(n)s attendance days changed", "count"),
    ("attendance", "gone"): ngettext_lazy("%(n)s attendance day gone", "%(n)s attendance days gone", "count"),
    ("grades", "new"): ngettext_lazy("%(n)s new grade", "%(n)s new grades", "count"),
    ("grades", "changed"): ngettext_lazy("%(n)s grade changed", "%(n)s grades changed", "count"),
    ("grades", "gone"): ngettext_lazy("%(n)s grade gone", "%(n)s grades gone", "count"),
    ("discipline", "new"): ngettext_lazy("%(n)s new incident", "%(n)s new incidents", "count"),
    ("discipline", "changed"): ngettext_lazy("%(n)s incident changed", "%(n)s incidents changed", "count"),
    ("discipline", "gone"): ngettext_lazy("%(n)s incident gone", "%(n)s incidents gone", "count"),
    ("interventions", "new"): ngettext_lazy("%(n)s new intervention", "%(n)s new interventions", "count"),
    ("interventions", "changed"): ngettext_lazy("%(n)s intervention changed", "%(n)s interventions changed", "count"),
    ("interventions", "gone"): ngettext_lazy("%(n)s intervention gone", "%(n)s interventions gone", "count"),
    ("outcomes", "new"): ngettext_lazy("%(n)s new outcome", "%(n)s new outcomes", "count"),
    ("outcomes", "changed"): ngettext_lazy("%(n)s outcome changed", "%(n)s outcomes changed", "count"),
    ("outcomes", "gone"): ngettext_lazy("%(n)s outcome gone", "%(n)s outcomes gone", "count"),
    ("attributes", "new"): ngettext_lazy("%(n)s other new fact", "%(n)s other new facts", "count"),
    ("attributes", "changed"): ngettext_lazy("%(n)s other fact changed", "%(n)s other facts changed", "count"),
    ("attributes", "gone"): ngettext_lazy("%(n)s other fact gone", "%(n)s other facts gone", "count"),
    ("protected", "new"): ngettext_lazy("%(n)s new protected fact", "%(n)s new protected facts", "count"),
    ("protected", "changed"): ngettext_lazy("%(n)s protected fact changed", "%(n)s protected facts changed", "count"),
    ("protected", "gone"): ngettext_lazy("%(n)s protected fact gone", "%(n)s protected facts gone", "count"),
    ("students", "moved_school"): ngettext_lazy("%(n)s student moved school", "%(n)s students moved school", "count"),
    ("schools", "new"): ngettext_lazy("%(n)s new school", "%(n)s new schools", "count"),
    ("schools", "changed"): ngettext_lazy("%(n)s school changed", "%(n)s schools changed", "count"),
    ("terms", "new"): ngettext_lazy("%(n)s new term", "%(n)s new terms", "count"),
    ("terms", "changed"): ngettext_lazy("%(n)s term changed", "%(n)s terms changed", "count"),
    ("school_days", "new"): ngettext_lazy("%(n)s new school day", "%(n)s new school days", "count"),
}
# The same after a first phrase that named the kind: "31 new students, 4 gone".
_CHANGES_AFTER = {
    "gone": ngettext_lazy("%(n)s gone", "%(n)s gone", "count"),
    "changed": ngettext_lazy("%(n)s changed", "%(n)s changed", "count"),
    "moved_school": ngettext_lazy("%(n)s moved school", "%(n)s moved school", "count"),
}
_COUNTS = {
    "students": ngettext_lazy("%(n)s student", "%(n)s students", "count"),
    "enrolments": ngettext_lazy("%(n)s enrolment", "%(n)s enrolments", "count"),
    "attendance": ngettext_lazy("%(n)s attendance record", "%(n)s attendance records", "count"),
    "grades": ngettext_lazy("%(n)s grade", "%(n)s grades", "count"),
    "discipline": ngettext_lazy("%(n)s incident", "%(n)s incidents", "count"),
    "interventions": ngettext_lazy("%(n)s intervention", "%(n)s interventions", "count"),
    "outcomes": ngettext_lazy("%(n)s outcome", "%(n)s outcomes", "count"),
    "attributes": ngettext_lazy("%(n)s attribute", "%(n)s attributes", "count"),
    "protected": ngettext_lazy(
        "%(n)s protected attribute, kept apart from the model",
        "%(n)s protected attributes, kept apart from the model",
        "count",
    ),
    "schools": ngettext_lazy("%(n)s school", "%(n)s schools", "count"),
    "terms": ngettext_lazy("%(n)s term", "%(n)s terms", "count"),
    "school_days": ngettext_lazy("%(n)s school day", "%(n)s school days", "count"),
}


def number(n: int) -> str:
    """Write a count with the thousands grouped."""
    return number_format(n, decimal_pos=0, use_l10n=True, force_grouping=True)


def counted(n: int, words: Any) -> str:
    """Fill the number into words that have a plural."""
    return str(words % {"count": n, "n": number(n)})


def kept(counts: Mapping[str, int]) -> list[str]:
    """Say how many records of each kind were stored: "40 students"."""
    return [counted(counts[kind], words) for kind, words in _COUNTS.items() if counts.get(kind)]


def changes(difference: Mapping[str, Any]) -> list[str]:
    """Say what differs, one phrase a kind: "31 new students, 4 gone, 3 moved school", "18 attendance days changed"."""
    phrases = []
    for kind in LABELS:
        counts = dict(difference.get("kinds", {}).get(kind, {}))
        if kind == "students":
            counts["moved_school"] = difference.get("moved_school", 0)
        told = [change for change in ("new", "gone", "changed", "moved_school") if counts.get(change)]
        told = [change for change in told if (kind, change) in _CHANGES]
        words = [_CHANGES[kind, change] if i == 0 else _CHANGES_AFTER[change] for i, change in enumerate(told)]
        if told:
            phrases.append(", ".join(counted(counts[change], word) for change, word in zip(told, words, strict=True)))
    return phrases


def column(kind: str, name: str) -> str:
    """Return what a column is called in words; its own name where it has none."""
    described = record_kinds.kinds().get(kind)
    words = next((field.words for field in described.fields if field.name == name), "") if described else ""
    return _(words) if words else name.replace("_", " ")
