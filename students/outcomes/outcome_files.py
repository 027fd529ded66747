"""Outcomes from a CSV of a person's own: what each line would record, and the recording of the lines that can be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from students.importing.line_layouts import NUMBER, Column, Layout, Line
from students.models import Outcome, Student
from students.outcomes import exit_code_map, outcome_checks, outcomes_recorded
from students.outcomes.outcome_checks import OnRecord
from students.outcomes.outcome_codes import ExitCodes, OutcomeKind, UnknownExitCode
from students.outcomes.outcomes_recorded import Said
from students.records import checked_lines
from students.records.checked_lines import Changed, CheckedLine, FoundLine, Status

LONGEST_EVIDENCE = 300


@dataclass(frozen=True, kw_only=True)
class OutcomeLine(Line):
    """One line as it was read; `day` is year-month-day or ""."""

    exit_code: str = ""
    day: str = ""
    evidence: str = ""


LAYOUT = Layout(
    line=OutcomeLine,
    record_kind="outcomes",
    columns=(
        NUMBER,
        Column(
            name="exit_code",
            title="exit code",
            field="exit_code",
            also_called=("code", "outcome", "reason"),
            is_needed=True,
        ),
        Column(name="day", title="day", field="happened_on", also_called=("day", "on", "lastday"), is_day=True),
        Column(
            name="evidence",
            title="evidence",
            field="evidence",
            also_called=("evidence", "howdoyouknow", "note", "proof"),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class CheckedOutcome(CheckedLine[OutcomeLine]):
    """A line of an outcome, and what it would record; a code that nobody mapped is in `unmapped`."""

    exit_code: str = ""
    counts_as: OutcomeKind | None = None
    unmapped: str = ""
    happened_on: dt.date | None = None

    @property
    def kind(self) -> str:
        """Return what the code counts as, in words; "" where nobody mapped it."""
        return str(Outcome.Kind(self.counts_as).label) if self.counts_as else ""

    @property
    def promise(self) -> str:
        """Return what the person is told will happen: the code may count as another kind by then."""
        return f"{self.status} {self.counts_as or ''}"


def check(lines: Sequence[OutcomeLine], *, by: User, now: dt.datetime) -> list[CheckedOutcome]:
    """Return what each line would do."""
    found = checked_lines.found(lines, by=by)
    known = outcome_checks.on_record([one.student for one in found if one.student is not None], now=now)
    codes = exit_code_map.in_scope()
    return [
        _checked(one, one.student, known[one.student.pk], codes)
        if one.student is not None
        else CheckedOutcome(said=one.said, status="refused", why=one.why)
        for one in found
    ]


def record(
    lines: Sequence[OutcomeLine], *, offered: Mapping[int, str], by: User, now: dt.datetime
) -> list[CheckedOutcome]:
    """Record the lines that were offered, by their numbers, and return them; sent twice they stand once.

    :raises Changed: if one of them cannot be recorded any more
    """
    new = checked_lines.to_record(check(lines, by=by, now=now), offered=offered)
    said = [
        Said(student=one.student, exit_code=one.exit_code, happened_on=one.happened_on, evidence=one.said.evidence)
        for one in new
        if one.student is not None
    ]
    try:
        outcomes_recorded.record_many(said=said, by=by, now=now)
    except outcomes_recorded.NotAll:
        raise Changed from None
    return new


def _checked(found: FoundLine[OutcomeLine], student: Student, known: OnRecord, codes: ExitCodes) -> CheckedOutcome:
    one = found.said
    try:
        kind, exit_code = codes.kind_of(one.exit_code), codes.as_listed(one.exit_code)
    except UnknownExitCode:
        why = _('Nobody has said what the code "%(code)s" counts as.') % {"code": one.exit_code}
        return CheckedOutcome(said=one, status="refused", why=why, student=student, unmapped=one.exit_code)
    day = dt.date.fromisoformat(one.day) if one.day else known.last_on
    why = found.twice or _why_not(one, day, known)
    status: Status = "refused" if why else "new"
    # On record it keeps the kind that it was recorded with.
    if not why and any((row.exit_code, row.happened_on) == (exit_code, day) for row in known.standing):
        status = "stands"
    elif not why and day is not None and (why := outcome_checks.contradicted(day, known)):
        status = "refused"
    return CheckedOutcome(
        said=one,
        status=status,
        why=why,
        student=student,
        exit_code=exit_code,
        counts_as=kind,
        happened_on=day,
    )


def _why_not(one: OutcomeLine, day: dt.date | None, known: OnRecord) -> str:
    if len(one.evidence) > LONGEST_EVIDENCE:
        return _("The evidence is longer than %(n)s characters. Shorten it.") % {"n": LONGEST_EVIDENCE}
    if day is None:
        return _("No last day is on record. Give the day.")
    return outcome_checks.wrong_day(day, known)
