"""What an outcome has to fit: the days a student was here, and what is said of them already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from students.changes.undo_sql import TAKEN_BACK
from students.models import Enrolment, Outcome, Student, StudentMerge

# Of a student still enrolled when the year ends: what was said of an earlier summer says nothing of this year.
SPEAKS_FOR_THE_YEAR = dt.timedelta(days=180)


@dataclass(kw_only=True)
class OnRecord:
    """What is on record of one student that an outcome has to fit.

    Attributes
    ----------
    today : date
        At the institution.
    first_on : date or None
        The first day of their first enrolment; None without any.
    last : Enrolment or None
        The enrolment begun last.
    standing : list of Outcome
        What stands of what was said, withdrawn uploads included.
    is_merged : bool
        Whether they were merged into another student, of whom everything is said from then on.
    """

    today: dt.date
    first_on: dt.date | None = None
    last: Enrolment | None = None
    standing: list[Outcome] = field(default_factory=list)
    is_merged: bool = False

    @property
    def last_on(self) -> dt.date | None:
        """Return the last day of the enrolment begun last; None while it has none."""
        return self.last.exited_on if self.last else None


def on_record(students: Collection[Student], *, now: dt.datetime) -> dict[int, OnRecord]:
    """Return what is on record of some students, by their keys, in three questions however many they are."""
    known = {student.pk: OnRecord(today=student.institution.day_of(now)) for student in students}
    for enrolment in Enrolment.objects.filter(student__in=list(known)).order_by("entered_on", "pk"):
        of = known[enrolment.student_id]
        of.first_on = of.first_on or enrolment.entered_on
        of.last = enrolment
    standing = Outcome.objects.filter(student__in=list(known), corrected_by=None)
    for outcome in standing.select_related("recorded_by").order_by("pk"):
        known[outcome.student_id].standing.append(outcome)
    merged = StudentMerge.objects.filter(other__in=list(known), taken_back_at=None)
    for student_id in merged.values_list("other_id", flat=True):
        known[student_id].is_merged = True
    return known


def wrong_day(day: dt.date, known: OnRecord) -> str:
    """Return why an outcome cannot have happened on a day; "" where it can."""
    if day > known.today:
        return _("This day lies ahead. Record it once it has come.")
    if known.first_on is not None and day < known.first_on:
        return _("This is before the student's first day here, %(day)s.") % {"day": told_day(known.first_on)}
    return ""


def contradicted(day: dt.date, known: OnRecord) -> str:
    """Return what was said already of the same time, for whoever records only what nobody has said; else ""."""
    since = known.last.entered_on if known.last else dt.date.min
    if known.is_merged:
        return _("This number was merged into another student. Record it there.")
    for outcome in known.standing:
        is_near = abs(outcome.happened_on - day) <= SPEAKS_FOR_THE_YEAR and outcome.happened_on >= since
        if is_near and outcome.exit_code != TAKEN_BACK:
            return _("%(who)s said already: %(kind)s, %(day)s. Correct it there if it is wrong.") % {
                "who": outcome.recorded_by.display_name if outcome.recorded_by else outcome.source,
                "kind": outcome.get_kind_display(),
                "day": told_day(outcome.happened_on),
            }
    return ""


def told_day(day: dt.date) -> str:
    """Return a day in words."""
    return date_format(day, "j F Y")
