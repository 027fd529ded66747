"""Outcomes from a CSV of a person's own: what each line would record, and the recording of the lines that can be."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from accounts import private_files
from accounts.models import Institution, User
from students import outcome_checks, outcome_codes, outcomes_recorded
from students.models import Outcome, Student, StudentMerge
from students.outcome_checks import OnRecord
from students.outcomes_recorded import Said

if TYPE_CHECKING:
    from students.importing.outcome_lines import OutcomeLine

LONGEST_EVIDENCE = 300

Status = Literal["new", "stands", "refused"]


class Changed(Exception):
    """A line that could be recorded when it was shown cannot be any more, so nothing was recorded."""


@dataclass(frozen=True, kw_only=True)
class CheckedLine:
    """A line, and what it would do: `why` says what keeps it from being recorded where it is refused."""

    said: OutcomeLine
    status: Status
    why: str = ""
    student: Student | None = None
    exit_code: str = ""
    happened_on: dt.date | None = None

    @property
    def kind(self) -> str:
        """Return what the code counts as, in words; "" where nobody mapped it."""
        return str(Outcome.Kind(outcome_codes.kind_of(self.exit_code)).label) if self.exit_code else ""


def read(chunks: Iterable[bytes], filename: str, *, institution: Institution, now: dt.datetime) -> list[OutcomeLine]:
    """Return the lines of a file as it arrives; nothing of it is kept.

    :raises FileRefused: if it is no CSV of outcomes
    """
    # Polars loads with the first file, not at the start of the process.
    from students.importing import outcome_lines  # noqa: PLC0415

    folder = private_files.make_folder(Path(default_storage.path(f"uploads/{institution.slug}")))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".outcomes-") as arriving:
        for chunk in chunks:
            arriving.write(chunk)
        arriving.flush()
        return outcome_lines.read(Path(arriving.name), filename, latest=institution.day_of(now))


def check(lines: Sequence[OutcomeLine], *, by: User, now: dt.datetime) -> list[CheckedLine]:
    """Return what each line would do. A student whom the person does not see is as unknown as one who is not there."""
    students = _students(lines, by=by)
    known = outcome_checks.on_record(list(students.values()), now=now)
    places: dict[int, list[int]] = defaultdict(list)
    for one in lines:
        if one.number in students:
            places[students[one.number].pk].append(one.line)
    checked = []
    for one in lines:
        student = students.get(one.number)
        if one.problem or student is None:
            unknown = _("You see no student with this number. Correct the number.")
            checked.append(CheckedLine(said=one, status="refused", why=one.problem or unknown))
        else:
            checked.append(_checked(one, student, known[student.pk], places[student.pk]))
    return checked


def record(lines: Sequence[OutcomeLine], *, offered: Collection[int], by: User, now: dt.datetime) -> list[CheckedLine]:
    """Record the lines that were offered as new, by their numbers, and return them; sent twice they stand once.

    :raises Changed: if one of them cannot be recorded any more
    """
    checked = [one for one in check(lines, by=by, now=now) if one.said.line in offered]
    if any(one.status == "refused" for one in checked):
        raise Changed
    new = [one for one in checked if one.status == "new"]
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


def _students(lines: Sequence[OutcomeLine], *, by: User) -> dict[str, Student]:
    """Return the students whom the person sees, by the numbers of the lines; a merged number is the kept student's."""
    numbers = {one.number for one in lines if one.number}
    seen = Student.objects.visible_to(by).select_related("school", "institution")
    found = {student.external_id: student for student in seen.filter(external_id__in=numbers)}
    merges = StudentMerge.objects.filter(other__in=list(found.values()), taken_back_at=None)
    kept = dict(merges.values_list("other__external_id", "kept_id"))
    kept_students = seen.in_bulk(list(kept.values()))
    for number, kept_id in kept.items():
        if kept_id in kept_students:
            found[number] = kept_students[kept_id]
        else:
            del found[number]
    return found


def _checked(one: OutcomeLine, student: Student, known: OnRecord, lines: list[int]) -> CheckedLine:
    try:
        exit_code = outcome_codes.as_listed(one.exit_code)
    except outcome_codes.UnknownExitCode:
        why = _('Nobody has said what the code "%(code)s" counts as. Use one of the list.') % {"code": one.exit_code}
        return CheckedLine(said=one, status="refused", why=why, student=student)
    day = dt.date.fromisoformat(one.day) if one.day else known.last_on
    why = _why_not(one, day, known, lines)
    status: Status = "refused" if why else "new"
    kind = outcome_codes.kind_of(exit_code)
    if not why and any((row.kind, row.exit_code, row.happened_on) == (kind, exit_code, day) for row in known.standing):
        status = "stands"
    elif not why and day is not None and (why := outcome_checks.contradicted(day, known)):
        status = "refused"
    return CheckedLine(said=one, status=status, why=why, student=student, exit_code=exit_code, happened_on=day)


def _why_not(one: OutcomeLine, day: dt.date | None, known: OnRecord, lines: list[int]) -> str:
    if len(lines) > 1:
        listed = ", ".join(str(line) for line in lines)
        return _("This student stands in lines %(lines)s. Keep one of them.") % {"lines": listed}
    if len(one.evidence) > LONGEST_EVIDENCE:
        return _("The evidence is longer than %(n)s characters. Shorten it.") % {"n": LONGEST_EVIDENCE}
    if day is None:
        return _("No last day is on record. Give the day.")
    return outcome_checks.wrong_day(day, known)
