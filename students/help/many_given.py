"""Help that begins for several students at once: all of it, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import User
from students.help import help_kinds, interventions
from students.help.help_kinds import KindOfHelp
from students.models import HelpPlan, Intervention, Student
from students.outcomes import outcome_checks
from students.outcomes.outcome_checks import OnRecord


class NotAll(Exception):
    """Help cannot begin for some of several students, so for none: `refused` has a sentence each, by student's key."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__(f"{len(refused)} refused")
        self.refused = refused


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Help that somebody says began for a student on a day; `kind` is a code of the catalogue."""

    student: Student
    kind: str
    started_on: dt.date
    goal: str = ""

    @property
    def key(self) -> tuple[int, str, dt.date]:
        """Return what makes it the same help, whoever says so and in whatever words."""
        return self.student.pk, self.kind, self.started_on


@transaction.atomic
def begin_many(*, begun: Sequence[Begun], by: User, now: dt.datetime) -> list[Intervention]:
    """Record help that began, each piece owned by whoever records it, and return what was not on record before.

    Help of the same kind since the same day is on record already, whoever recorded it: sent twice, it stands once.

    :raises NotAll: if any kind is not offered, or any day is wrong
    """
    keys = {one.student.pk for one in begun}
    # Rows of the students order whoever gives them help at the same time.
    list(Student.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk"))
    kinds = help_kinds.by_code()
    known = outcome_checks.on_record([one.student for one in begun], now=now)
    if refused := _refused(begun, kinds=kinds, known=known):
        raise NotAll(refused)
    standing = on_record(keys)
    new = {one.key: one for one in begun if one.key not in standing}
    given = Intervention.objects.bulk_create(
        Intervention(
            institution_id=one.student.institution_id,
            student=one.student,
            kind=one.kind,
            started_on=one.started_on,
            goal=one.goal,
            owner=by.display_name,
            recorded_by=by,
            known_on=max(one.started_on, known[one.student.pk].today),
        )
        for one in new.values()
    )
    HelpPlan.objects.bulk_create(
        interventions.planned(each, usual=kinds.get(each.kind), by=by, now=now) for each in given
    )
    subjects = [one.student.public_id for one in new.values()]
    audit_log.record_each(action="intervention_begun", by=by, now=now, subjects=subjects)
    return given


def on_record(students: Collection[int]) -> set[tuple[int, str, dt.date]]:
    """Return the help of some students, ended or not: who, which kind, since when."""
    given = Intervention.objects.filter(student__in=students)
    return set(given.values_list("student_id", "kind", "started_on"))


def _refused(
    begun: Sequence[Begun], *, kinds: Mapping[str, KindOfHelp], known: Mapping[int, OnRecord]
) -> dict[int, str]:
    refused: dict[int, str] = {}
    for one in begun:
        why = wrong_day(one.started_on, known[one.student.pk])
        if one.kind not in kinds or kinds[one.kind].is_retired:
            why = _("This kind of help is not offered any more. Choose another.")
        if why:
            refused.setdefault(one.student.pk, why)
    return refused


def wrong_day(day: dt.date, known: OnRecord) -> str:
    """Return why help cannot have begun for a student on a day; "" where it can."""
    if known.is_merged:
        return _("This number was merged into another student. Record it there.")
    if day > known.today:
        return _("This day lies ahead. Record help once it has begun.")
    return outcome_checks.wrong_day(day, known)
