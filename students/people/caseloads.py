"""Whose students are whose: given to a counsellor, handed over, and looked up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import User
from students.help import carriers, help_progress
from students.models import Caseload, Concern, HelpPlan, Student


class Refused(Exception):
    """Nobody was given to anybody; the sentence is fit for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """What went from one person to another: keys of students, and how many pieces of help."""

    students: tuple[int, ...]
    n_plans: int


def held_on(day: dt.date) -> Q:
    """Say which entries of caseloads hold on a day."""
    return Q(starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gt=day))


def has_students(counsellor: User) -> bool:
    """Tell whether anybody in sight is this person's own."""
    return counsellor.caseloads.filter(ends_on=None).exists()


def counsellors_of(students: Iterable[int], *, on: dt.date) -> dict[int, int]:
    """Return who looks after each of these students on a day, key by key; of several, whoever came last."""
    held = Caseload.objects.filter(held_on(on), student_id__in=students).order_by("starts_on", "pk")
    return dict(held.values_list("student_id", "counsellor_id"))


@transaction.atomic
def assign(
    *, students: Collection[Student], counsellor: User, by: User, now: dt.datetime, note: str = ""
) -> tuple[int, ...]:
    """Give students to a counsellor from today on, with the concerns that are open; whose they were ends today.

    Given twice, they are theirs once.

    Returns the keys of the students who were not theirs before.

    :raises Refused: if the counsellor may not help all of them: nobody is given then
    """
    keys = sorted(student.pk for student in students)
    # Rows of the students order whoever gives them at the same time.
    locked = list(Student.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk"))
    if not locked:
        return ()
    schools = {
        student.school_id: student.school for student in Student.objects.filter(pk__in=keys).select_related("school")
    }
    institution = locked[0].institution
    for school in schools.values():
        if counsellor not in carriers.at_schools({school.pk}, institution_id=institution.pk, now=now):
            words = {"name": counsellor.display_name, "school": school.name}
            raise Refused(_("%(name)s does not help students of %(school)s. Choose somebody who does.") % words)
    today = institution.day_of(now)
    standing = Caseload.objects.filter(student_id__in=keys, ends_on=None)
    theirs = set(standing.filter(counsellor=counsellor).values_list("student_id", flat=True))
    given = [student for student in locked if student.pk not in theirs]
    # One that was to begin later ends before it began.
    standing.exclude(counsellor=counsellor).update(ends_on=Greatest(F("starts_on"), today))
    Caseload.objects.bulk_create(
        Caseload(
            institution_id=institution.pk,
            student=student,
            counsellor=counsellor,
            starts_on=today,
            note=note,
            recorded_by=by,
            recorded_at=now,
        )
        for student in given
    )
    # What is said and not answered yet goes along.
    Concern.objects.filter(student__in=given, closed_at=None).exclude(raised_by=counsellor).update(to=counsellor)
    if given:
        audit_log.record(action="caseload_given", by=by, now=now, subjects=[student.public_id for student in given])
    return tuple(student.pk for student in given)


@transaction.atomic
def hand_over(*, of: User, to: User, note: str, by: User, now: dt.datetime) -> HandedOver:
    """Give all open work of one person to another: the students, and the help that goes on. What is over stays.

    Of the students whom `by` may see.

    :raises Refused: to oneself, without anything to give, or if the other may not help all of them
    """
    if of == to:
        raise Refused(_("Choose somebody else: this is whose work it is already."))
    theirs = Student.objects.filter(pk__in=Caseload.objects.filter(counsellor=of, ends_on=None).values("student_id"))
    plans = list(open_plans(of).select_related("student__school", "intervention"))
    students = list(theirs.select_related("school", "institution"))
    if not (students or plans):
        raise Refused(_("%(name)s has no open work here.") % {"name": of.display_name})
    schools = {each.school_id for each in [*students, *(plan.student for plan in plans)]}
    if to not in carriers.at_schools(schools, institution_id=scope.current().institution_id, now=now):
        raise Refused(_("%(name)s may not help all of these students.") % {"name": to.display_name})
    given = assign(students=students, counsellor=to, by=by, now=now, note=note)
    for plan in plans:
        help_progress.change_plan(
            plan=plan,
            owner=to,
            due_on=plan.due_on,
            check_every_days=plan.check_every_days,
            version=plan.version,
            by=by,
            now=now,
        )
    return HandedOver(students=given, n_plans=len(plans))


def open_plans(owner: User) -> QuerySet[HelpPlan]:
    """Return the plans of help that a person carries and that has not ended."""
    return HelpPlan.objects.filter(owner=owner, intervention__ended_on=None, intervention__ends=None)
