"""Help from a CSV of a person's own: what each line would begin, and the recording of the lines that can be."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from predictions import given_help
from students.help import help_kinds, many_given
from students.help.help_kinds import KindOfHelp
from students.help.many_given import Begun, NotAll
from students.importing.line_layouts import NUMBER, Column, Layout, Line
from students.outcomes import outcome_checks
from students.records import checked_lines
from students.records.checked_lines import Changed, CheckedLine, FoundLine, Status, standing_in

LONGEST_GOAL = 300


@dataclass(frozen=True, kw_only=True)
class HelpLine(Line):
    """One line as it was read; `since` is year-month-day or ""."""

    kind: str = ""
    since: str = ""
    goal: str = ""


LAYOUT = Layout(
    line=HelpLine,
    record_kind="interventions",
    columns=(
        NUMBER,
        Column(name="kind", title="kind", field="kind", also_called=("help", "kindofhelp"), is_needed=True),
        Column(
            name="since",
            title="since",
            field="started_on",
            also_called=("since", "day", "began", "begunon"),
            is_needed=True,
            is_day=True,
        ),
        Column(name="goal", title="goal", field="goal", also_called=("whatfor", "note")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class CheckedHelp(CheckedLine[HelpLine]):
    """A line of help, and what it would begin; None where it does not say who, what and since when."""

    kind: KindOfHelp | None = None
    begun: Begun | None = None


def check(lines: Sequence[HelpLine], *, by: User, now: dt.datetime) -> list[CheckedHelp]:
    """Return what each line would do."""
    found = checked_lines.found(lines, by=by)
    students = [one.student for one in found if one.student is not None]
    known = outcome_checks.on_record(students, now=now)
    standing = many_given.on_record([student.pk for student in students])
    kinds = _by_name()
    offered = ", ".join(kind.label for kind in help_kinds.offered())
    begun = [_begun(one, kinds) for one in found]
    places: dict[Any, list[int]] = defaultdict(list)
    for one, said in zip(found, begun, strict=True):
        if said is not None:
            places[said.key].append(one.said.line)
    checked = []
    for one, said in zip(found, begun, strict=True):
        kind = kinds.get(one.said.kind.casefold())
        why = one.why or _why_not(one.said, kind, offered=offered)
        if not why and said is not None:
            twice = standing_in(places[said.key], _("This help stands in lines %(lines)s. Keep one of them."))
            why = twice or many_given.wrong_day(said.started_on, known[said.student.pk])
        status: Status = "refused" if why else "new"
        if not why and said is not None and said.key in standing:
            status = "stands"
        checked.append(CheckedHelp(said=one.said, status=status, why=why, student=one.student, kind=kind, begun=said))
    return checked


def record(lines: Sequence[HelpLine], *, offered: Mapping[int, str], by: User, now: dt.datetime) -> list[CheckedHelp]:
    """Record the help of the offered lines, all or none, and return these lines; sent twice it stands once.

    :raises Changed: if any of it cannot be recorded any more
    """
    asked = checked_lines.to_record(check(lines, by=by, now=now), offered=offered)
    begun = [one.begun for one in asked if one.begun is not None]
    try:
        given_help.begin_many(begun=begun, by=by, now=now)
    except NotAll:
        raise Changed from None
    return asked


def _by_name() -> dict[str, KindOfHelp]:
    """Return the kinds of help by code and label, in lower case; a code goes before a label, then what is offered."""
    kinds = sorted(help_kinds.by_code().values(), key=lambda kind: not kind.is_retired)
    return {kind.label.casefold(): kind for kind in kinds} | {kind.code.casefold(): kind for kind in kinds}


def _begun(found: FoundLine[HelpLine], kinds: Mapping[str, KindOfHelp]) -> Begun | None:
    one, kind = found.said, kinds.get(found.said.kind.casefold())
    if found.student is None or kind is None or not one.since:
        return None
    since = dt.date.fromisoformat(one.since)
    return Begun(student=found.student, kind=kind.code, started_on=since, goal=one.goal)


def _why_not(one: HelpLine, kind: KindOfHelp | None, *, offered: str) -> str:
    if kind is None or kind.is_retired:
        words = {"kind": one.kind, "offered": offered}
        if kind is None:
            return _('"%(kind)s" is no kind of help here. Use one of these: %(offered)s.') % words
        return _('"%(kind)s" is not offered any more. Use one of these: %(offered)s.') % words
    if not one.since:
        return _("Nothing says since when. Give the day.")
    if len(one.goal) > LONGEST_GOAL:
        return _("The goal is longer than %(n)s characters. Shorten it.") % {"n": LONGEST_GOAL}
    return ""
