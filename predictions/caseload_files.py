"""Caseloads from a CSV of a person's own: whose each student would be, and the giving of the lines that can be."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from predictions import caseloads
from students.help import carriers
from students.importing.line_layouts import NUMBER, Column, Layout, Line
from students.models import Caseload, Student
from students.people.caseloads import Refused
from students.records import checked_lines
from students.records.checked_lines import Changed, CheckedLine, FoundLine, Status

LONGEST_NOTE = 300


@dataclass(frozen=True, kw_only=True)
class CaseloadLine(Line):
    """One line as it was read: the counsellor by their e-mail address."""

    counsellor: str = ""
    note: str = ""


LAYOUT = Layout(
    line=CaseloadLine,
    record_kind="students",
    columns=(
        NUMBER,
        Column(
            name="counsellor",
            title="counsellor",
            also_called=(
                *("counsellor", "counselor", "counselloremail", "counseloremail", "email", "emailaddress"),
                *("counselloremailaddress", "counseloremailaddress", "adviser", "advisor", "to"),
            ),
            is_needed=True,
        ),
        Column(name="note", title="note", also_called=("note", "notes", "comment", "whattheyshouldknow")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class CheckedCaseload(CheckedLine[CaseloadLine]):
    """A line of a caseload, and what it would do: whose the student would be, and whose they are."""

    counsellor: User | None = None
    whose: User | None = None

    @property
    def promise(self) -> str:
        """Return what the person is told: new, or taken from somebody by name."""
        return f"{self.status} {self.whose.pk if self.whose else ''}"


def check(lines: Sequence[CaseloadLine], *, by: User, now: dt.datetime) -> list[CheckedCaseload]:
    """Return what each line would do."""
    found = checked_lines.found(lines, by=by)
    students = [one.student for one in found if one.student is not None]
    helping = _helping(students, now=now)
    open_entries = Caseload.objects.filter(student__in=students, ends_on=None).select_related("counsellor")
    whose = {entry.student_id: entry.counsellor for entry in open_entries.order_by("starts_on", "pk")}
    return [
        _checked(one, one.student, helping=helping[one.student.school_id], whose=whose.get(one.student.pk))
        if one.student is not None
        else CheckedCaseload(said=one.said, status="refused", why=one.why)
        for one in found
    ]


@transaction.atomic
def record(
    lines: Sequence[CaseloadLine], *, offered: Mapping[int, str], by: User, now: dt.datetime
) -> list[CheckedCaseload]:
    """Give the students of the offered lines, all or none, and return these lines; sent twice they are given once.

    :raises Changed: if one of them cannot be given any more, or would be taken from somebody who did not have them
    """
    checked_lines.hold(lines, by=by)
    asked = checked_lines.to_record(check(lines, by=by, now=now), offered=offered)
    # A note goes with each student; most files have one for all, or none.
    together: dict[tuple[User, str], list[Student]] = defaultdict(list)
    for one in asked:
        if one.counsellor is not None and one.student is not None:
            together[one.counsellor, one.said.note].append(one.student)
    for (counsellor, note), students in together.items():
        try:
            caseloads.assign(students=students, counsellor=counsellor, by=by, now=now, note=note)
        except Refused:
            raise Changed from None
    return asked


def _helping(students: Sequence[Student], *, now: dt.datetime) -> dict[int, dict[str, User]]:
    """Return who may help students of each school, by their addresses in lower case."""
    if not students:
        return {}
    schools = {student.school_id for student in students}
    each = carriers.at_each(schools, institution_id=students[0].institution_id, now=now)
    return {school: {user.email.casefold(): user for user in people} for school, people in each.items()}


def _checked(
    found: FoundLine[CaseloadLine], student: Student, *, helping: Mapping[str, User], whose: User | None
) -> CheckedCaseload:
    one = found.said
    counsellor = helping.get(one.counsellor.casefold())
    why = found.twice or _why_not(one, student, counsellor)
    status: Status = "refused" if why else "new"
    if not why and whose is not None:
        status = "stands" if whose == counsellor else "moves"
    return CheckedCaseload(said=one, status=status, why=why, student=student, counsellor=counsellor, whose=whose)


def _why_not(one: CaseloadLine, student: Student, counsellor: User | None) -> str:
    if not one.counsellor:
        return _("No counsellor is named. Give the e-mail address.")
    if counsellor is None:
        words = {"school": student.school.name}
        return _("Nobody with this address may help students of %(school)s. Correct the address.") % words
    if len(one.note) > LONGEST_NOTE:
        return _("The note is longer than %(n)s characters. Shorten it.") % {"n": LONGEST_NOTE}
    return ""
