"""What a file is taken for, in one sentence, with two rows as they will read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from students.importing.record_kinds import kinds
from students.models import Upload
from students.records import record_words

# In the order in which a sentence says them. Protected attributes are for the audit of groups alone.
COLUMNS = {
    "students": ("student_id", "given_name", "family_name", "birth_on"),
    "enrolments": ("student_id", "school_id", "grade_level", "entered_on", "exited_on"),
    "attendance": ("student_id", "category", "held_on", "n_sessions", "excused"),
    "grades": ("student_id", "value", "scale_max", "course", "awarded_on"),
    "discipline": ("student_id", "code", "happened_on", "days_removed"),
    "interventions": ("student_id", "kind", "started_on"),
    "outcomes": ("student_id", "kind", "happened_on"),
    "attributes": ("student_id", "name", "value"),
    "schools": ("school_id", "name"),
    "terms": ("school_year", "term", "starts_on", "ends_on"),
    "school_days": ("held_on",),
}
_COUNTED = ngettext_lazy("%%(kind)s (%(n)s row)", "%%(kind)s (%(n)s rows)", "count")
_ROWS = {
    "attendance": gettext_lazy("%(student_id)s: %(category)s on %(held_on)s"),
    "grades": gettext_lazy("%(student_id)s: %(value)s of %(scale_max)s in %(course)s on %(awarded_on)s"),
    "discipline": gettext_lazy("%(student_id)s: %(code)s on %(happened_on)s"),
    "outcomes": gettext_lazy("%(student_id)s: %(kind)s on %(happened_on)s"),
}


def sentence(upload: Upload) -> str:
    """Return what a file is taken for; "" of one that was not read so far."""
    found = upload.summary.get("taken_for", [])
    if not found:
        return ""
    parts = [
        record_words.counted(one["n_rows"], _COUNTED) % {"kind": record_words.LABELS[one["kind"]]} for one in found
    ]
    return _("%(file)s is taken for: %(kinds)s.") % {
        "file": upload.filename,
        "kinds": get_text_list([str(part) for part in parts], _("and")),
    }


def rows(upload: Upload) -> list[str]:
    """Return the first rows of each kind as they will read, a line each."""
    return [_in_words(one["kind"], row) for one in upload.summary.get("taken_for", []) for row in one["rows"]]


def _in_words(kind: str, row: Mapping[str, Any]) -> str:
    # The database sorts the keys of what it stores.
    there = [name for name in COLUMNS[kind] if row.get(name) not in (None, "")]
    told = {name: _value(kind, name, row[name]) for name in there}
    if kind in _ROWS and all(f"%({name})s" not in str(_ROWS[kind]) or name in told for name in row):
        said = str(_ROWS[kind]) % told
        return ", ".join([said, *_counted(row)]) if kind == "attendance" else said
    head, *others = told.items()
    return ", ".join([head[1], *(f"{record_words.column(kind, name)} {value}" for name, value in others)])


def _counted(row: Mapping[str, Any]) -> list[str]:
    """Say how much of a day an absence counts for, where it is not one day, and that it was excused."""
    if row.get("category") != "absent":
        return []
    days = float(row.get("n_sessions") or 1)
    words = _("%(n)s of a day") if days < 1 else _("%(n)s days")
    return [*([words % {"n": f"{round(days, 2):g}"}] if days != 1 else []), *([_("excused")] if row["excused"] else [])]


def _value(kind: str, name: str, value: Any) -> str:
    if kinds()[kind].field(name).type == "date":
        return date_format(dt.date.fromisoformat(str(value)), "j M Y")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{round(value, 3):g}" if isinstance(value, float) else str(value).replace("_", " ")
