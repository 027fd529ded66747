"""The first few changes of each kind, in words: enough for an admin to see whether the file is what they think."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, LiteralString

from students.import_sql.fact_tables import FACT_TABLES
from students.import_sql.statements import each, fetch, fragment, name, number
from students.importing.record_kinds import kinds

SHOWN = 5
# Which columns tell a row apart, in the order in which one would say them. Protected attributes are not shown: they are
# read by the fairness audit alone.
_WORDS = {
    "enrolments": ("school", "grade_level", "entered_on", "exited_on", "exit_reason"),
    "attendance": ("held_on", "category"),
    "grades": ("awarded_on", "course", "term", "value"),
    "discipline": ("happened_on", "code", "action"),
    "interventions": ("started_on", "kind", "goal"),
    "attributes": ("name", "value"),
    "outcomes": ("happened_on", "kind", "exit_code"),
}
_STUDENT = ("given_name", "family_name", "birth_on")
_CHANGED: LiteralString = """
SELECT t.student, {after}, {before} FROM (SELECT * FROM {changed} WHERE was IS NOT NULL AND {stays} LIMIT {n}) t
JOIN {stored} s ON s.id = t.was
"""

Example = dict[str, Any]


def of(kind: str, changes: Iterable[str]) -> dict[str, list[Example]]:
    """Return examples of those of "new", "changed" and "gone" that a compared kind has."""
    if kind == "students":
        return _of_students()
    if kind not in _WORDS:
        return {}
    finders = {"new": _new, "changed": _changed, "gone": _gone}
    return {change: finders[change](kind) for change in changes}


def _new(kind: str) -> list[Example]:
    columns = _WORDS[kind]
    rows = fetch(
        "SELECT t.student, {columns} FROM {table} t WHERE t.was IS NULL LIMIT {n}",
        columns=each("t.{n}", columns),
        table=name(f"file_changed_{kind}"),
        n=number(SHOWN),
    )
    return _told(columns, rows)


def _changed(kind: str) -> list[Example]:
    columns = [column for column in kinds()[kind].compared if column != "school_id"]
    rows = fetch(
        _CHANGED,
        after=each("t.{n}", columns),
        before=each("s.{n}", columns),
        changed=name(f"file_changed_{kind}"),
        stays=fragment("NOT is_gone" if kind == "enrolments" else "true"),
        stored=name(FACT_TABLES[kind].name),
        n=number(SHOWN),
    )
    return _compared(columns, rows)


def _gone(kind: str) -> list[Example]:
    columns = _WORDS[kind]
    if kind == "enrolments":
        rows = fetch(
            "SELECT t.student, {columns} FROM file_changed_enrolments t WHERE t.is_gone LIMIT {n}",
            columns=each("t.{n}", columns),
            n=number(SHOWN),
        )
        return _told(columns, rows)
    rows = fetch(
        "SELECT s.student_id, {columns} FROM (SELECT was FROM {gone} LIMIT {n}) t JOIN {stored} s ON s.id = t.was",
        columns=each("s.{n}", columns),
        gone=name(f"file_gone_{kind}"),
        stored=name(FACT_TABLES[kind].name),
        n=number(SHOWN),
    )
    return _told(columns, rows)


def _of_students() -> dict[str, list[Example]]:
    limit = number(SHOWN)
    new = fetch(
        "SELECT ref, concat_ws(' ', nullif(given_name, ''), nullif(family_name, '')) FROM file_changed_students"
        " WHERE is_new LIMIT {n}",
        n=limit,
    )
    changed = fetch(
        "SELECT t.id, {after}, {before} FROM file_changed_students t JOIN students_student s ON s.id = t.id"
        " WHERE t.is_told_otherwise LIMIT {n}",
        after=each("t.{n}", _STUDENT),
        before=each("s.{n}", _STUDENT),
        n=limit,
    )
    gone = fetch("SELECT DISTINCT student FROM file_changed_enrolments WHERE is_gone LIMIT {n}", n=limit)
    names = _external_ids(pk for (pk,) in gone)
    found = {
        "new": [{"student": ref, "words": words} for ref, words in new],
        "changed": _compared(_STUDENT, changed),
        "gone": [{"student": names[pk], "words": ""} for (pk,) in gone],
    }
    return {change: examples for change, examples in found.items() if examples}


def _told(columns: Iterable[str], rows: list[tuple[Any, ...]]) -> list[Example]:
    names = _external_ids(row[0] for row in rows)
    listed = list(columns)
    schools = _school_names(row[1 + listed.index("school")] for row in rows) if "school" in listed else {}
    return [
        {
            "student": names[row[0]],
            "words": ", ".join(
                _text(schools.get(value, value) if column == "school" else value)
                for column, value in zip(listed, row[1:], strict=True)
                if value not in (None, "")
            ),
        }
        for row in rows
    ]


def _compared(columns: Iterable[str], rows: list[tuple[Any, ...]]) -> list[Example]:
    names = _external_ids(row[0] for row in rows)
    listed = list(columns)
    found = []
    for student, *values in rows:
        after, before = values[: len(listed)], values[len(listed) :]
        differ = [i for i in range(len(listed)) if after[i] != before[i]]
        found.append(
            {
                "student": names[student],
                "before": {listed[i]: _plain(before[i]) for i in differ},
                "after": {listed[i]: _plain(after[i]) for i in differ},
            }
        )
    return found


def _external_ids(students: Iterable[int]) -> dict[int, str]:
    wanted = {"students": list(set(students))}
    named = fetch("SELECT id, external_id FROM students_student WHERE id = ANY (%(students)s)", wanted)
    return dict(named + fetch("SELECT id, ref FROM file_people WHERE is_new AND id = ANY (%(students)s)", wanted))


def _school_names(schools: Iterable[int]) -> dict[int, str]:
    wanted = {"schools": list(set(schools))}
    named = fetch("SELECT id, name FROM file_schools WHERE id = ANY (%(schools)s)", wanted)
    return dict(named + fetch("SELECT id, name FROM accounts_school WHERE id = ANY (%(schools)s)", wanted))


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return value.isoformat() if isinstance(value, dt.date) else value
