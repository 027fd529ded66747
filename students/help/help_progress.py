"""Help on its way and at its end: looks at it, changes of its plan, whether it really happened, what came of it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import User
from students.help import help_due
from students.models import HelpEnd, HelpPlan, ProgressCheck


class Refused(Exception):
    """What was asked cannot be recorded; the sentence is fit for the person who asked."""


class Overtaken(Exception):
    """Somebody else changed the plan meanwhile; `standing` is the plan as it now stands."""

    def __init__(self, standing: HelpPlan) -> None:
        super().__init__("changed meanwhile")
        self.standing = standing


@transaction.atomic
def check(  # noqa: PLR0913
    *, plan: HelpPlan, checked_on: dt.date, on_track: str, words: str, by: User, now: dt.datetime
) -> ProgressCheck:
    """Record a look at help on its way. The same look recorded twice stands once.

    :raises Refused: once the help has ended, or for a day outside of it
    """
    plan = _locked(plan)
    _refuse_a_day_outside(plan, checked_on, now)
    looked, is_new = ProgressCheck.objects.get_or_create(
        institution_id=plan.institution_id,
        student_id=plan.student_id,
        intervention_id=plan.intervention_id,
        checked_on=checked_on,
        on_track=on_track,
        words=words,
        by=by,
        defaults={"at": now},
    )
    if is_new and ended(plan) is not None:
        raise Refused(_("This help has ended. Begin it again to go on with it."))
    if is_new:
        help_due.keep(plan)
        audit_log.record(action="help_checked", by=by, now=now, subjects=[plan.student.public_id])
    return looked


@transaction.atomic
def end(  # noqa: PLR0913
    *, plan: HelpPlan, ended_on: dt.date, happened: str, result: str, by: User, now: dt.datetime
) -> HelpEnd:
    """Record how help ended. Said again in other words, the newest holds and the older one stays on record.

    :raises Refused: for a day outside of the help
    """
    plan = _locked(plan)
    _refuse_a_day_outside(plan, ended_on, now)
    newest = ended(plan)
    if newest and (newest.ended_on, newest.happened, newest.result, newest.by_id) == (
        ended_on,
        happened,
        result,
        by.pk,
    ):
        return newest
    audit_log.record(action="help_ended", by=by, now=now, subjects=[plan.student.public_id])
    told = HelpEnd.objects.create(
        institution_id=plan.institution_id,
        student_id=plan.student_id,
        intervention_id=plan.intervention_id,
        ended_on=ended_on,
        happened=happened,
        result=result,
        by=by,
        at=now,
    )
    help_due.keep(plan)
    return told


@transaction.atomic
def change_plan(  # noqa: PLR0913
    *,
    plan: HelpPlan,
    owner: User,
    due_on: dt.date | None,
    check_every_days: int | None,
    version: int,
    by: User,
    now: dt.datetime,
) -> HelpPlan:
    """Change who carries help, until when, how often it is looked at. Asked for what stands already, nothing happens.

    :raises Overtaken: if the plan changed since `version` was shown
    :raises Refused: if the help would end before it began
    """
    plan = _locked(plan)
    if due_on is not None and due_on < plan.intervention.started_on:
        raise Refused(_("That day is before the help began. Choose a later one."))
    if (plan.owner_id, plan.due_on, plan.check_every_days) == (owner.pk, due_on, check_every_days):
        return plan
    if plan.version != version:
        raise Overtaken(plan)
    plan.owner, plan.due_on, plan.check_every_days, plan.version = owner, due_on, check_every_days, version + 1
    plan.save(update_fields=["owner", "due_on", "check_every_days", "version"])
    help_due.keep(plan)
    audit_log.record(action="help_plan_changed", by=by, now=now, subjects=[plan.student.public_id])
    return plan


@transaction.atomic
def set_attendance_goal(  # noqa: PLR0913
    *, plan: HelpPlan, percent: int | None, by_day: dt.date | None, version: int, by: User, now: dt.datetime
) -> HelpPlan:
    """Say how much of school is to be attended by when, in percent of school days since the help began; None for none.

    :raises Overtaken: if the plan changed since `version` was shown
    :raises Refused: if only one of the two is said, or the day is before the help began
    """
    plan = _locked(plan)
    if (percent is None) != (by_day is None):
        raise Refused(_("Say both: how many percent, and by when."))
    if by_day is not None and by_day < plan.intervention.started_on:
        raise Refused(_("That day is before the help began. Choose a later one."))
    if (plan.attendance_goal, plan.attendance_goal_by) == (percent, by_day):
        return plan
    if plan.version != version:
        raise Overtaken(plan)
    plan.attendance_goal, plan.attendance_goal_by, plan.version = percent, by_day, version + 1
    plan.save(update_fields=["attendance_goal", "attendance_goal_by", "version"])
    audit_log.record(action="help_goal_set", by=by, now=now, subjects=[plan.student.public_id])
    return plan


def ended(plan: HelpPlan) -> HelpEnd | None:
    """Return how help ended, as it was last said."""
    return HelpEnd.objects.filter(intervention_id=plan.intervention_id).first()


def _locked(plan: HelpPlan) -> HelpPlan:
    locked = HelpPlan.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("intervention", "student__institution").get(pk=plan.pk)


def _refuse_a_day_outside(plan: HelpPlan, day: dt.date, now: dt.datetime) -> None:
    if day > plan.student.institution.day_of(now):
        raise Refused(_("This day lies ahead. Record it once it has come."))
    if day < plan.intervention.started_on:
        raise Refused(_("That day is before the help began. Choose a later one."))
