"""The way back of a student who left, as people work it: step by step, given on, and ended with a reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import User
from accounts.scope import ScopedQuerySet
from students.models import CaseEnding, CasePath, CaseState, CaseStep, ReengagementCase
from students.outcomes import exit_reasons, way_back_deadlines

SOON = dt.timedelta(days=7)
# What a person may say; the others follow from the looks after a return, or from what is on record.
SAID_ENDINGS = (CaseEnding.NOT_FOUND, CaseEnding.MOVED, CaseEnding.REFUSED, CaseEnding.DIED)
Kind = CaseStep.Kind
# In which states each step can be done.
_FITS: dict[str, tuple[CaseState, ...]] = {
    Kind.FOUND_OUT: (CaseState.FINDING_OUT,),
    Kind.PLANNED: (CaseState.PLANNING,),
    Kind.RETURNED: (CaseState.FINDING_OUT, CaseState.PLANNING, CaseState.RETURNING),
    Kind.CHECKED: (CaseState.FOLLOWING,),
    Kind.NOTED: tuple(state for state in CaseState if state != CaseState.ENDED),
    Kind.ENDED: tuple(state for state in CaseState if state != CaseState.ENDED),
}


class Refused(Exception):
    """What was asked cannot be recorded; the sentence is fit for the person who asked."""


class Overtaken(Exception):
    """Somebody else worked on the case meanwhile; `standing` is the case as it now stands."""

    def __init__(self, standing: ReengagementCase) -> None:
        super().__init__("changed meanwhile")
        self.standing = standing


@dataclass(frozen=True, kw_only=True)
class Told:
    """What somebody found or did on a day: a step of one kind, with what belongs to it."""

    kind: str
    done_on: dt.date
    words: str = ""
    talked_to: str = ""
    reason: str = ""
    path: str = ""
    is_there: bool | None = None
    ending: str = ""


def due(user: User, today: dt.date) -> ScopedQuerySet:
    """Return open cases of which a step is due within the week or late already, the longest late first.

    Those that a person carries, and those that nobody carries of the students this person may see.
    """
    return (
        ReengagementCase.objects.visible_to(user)
        .filter(Q(owner=user) | Q(owner=None), due_on__lte=today + SOON)
        .select_related("student", "owner")
        .order_by("due_on", "pk")
    )


@transaction.atomic
def record(*, case: ReengagementCase, told: Told, version: int, by: User, now: dt.datetime) -> CaseStep:
    """Record a step, and go on to the next one. The same step sent twice stands once.

    :raises Overtaken: if the case changed since `version` was shown
    :raises Refused: for a day ahead or before the student left, or a step that lacks what belongs to it
    """
    case = _locked(case)
    newest = CaseStep.objects.filter(case=case).first()
    if newest and newest.by_id == by.pk and all(getattr(newest, name) == told_ for name, told_ in asdict(told).items()):
        return newest
    if case.version != version or CaseState(case.state) not in _FITS[told.kind]:
        raise Overtaken(case)
    _check(case, told, today=case.student.institution.day_of(now))
    step = _step(case, told, by=by, now=now)
    # A note says something and leaves the case where it stands.
    if told.kind != Kind.NOTED:
        _go_on(case, told, today=case.student.institution.day_of(now))
    _keep(case)
    audit_log.record(action=f"way_back_{told.kind}", by=by, now=now, subjects=[case.student.public_id])
    return step


@transaction.atomic
def give(*, case: ReengagementCase, owner: User, version: int, by: User, now: dt.datetime) -> ReengagementCase:
    """Give a case to a person who carries it from now on. Given to whoever has it already, nothing happens.

    :raises Overtaken: if the case changed since `version` was shown
    """
    case = _locked(case)
    if case.owner_id == owner.pk:
        return case
    if case.version != version or case.state == CaseState.ENDED:
        raise Overtaken(case)
    told = Told(kind=Kind.GIVEN, done_on=case.student.institution.day_of(now))
    _step(case, told, by=by, now=now, given_to=owner)
    case.owner = owner
    _keep(case)
    audit_log.record(action="way_back_given", by=by, now=now, subjects=[case.student.public_id])
    return case


def _locked(case: ReengagementCase) -> ReengagementCase:
    held = ReengagementCase.objects.select_for_update(no_key=True, of=("self",))
    return held.select_related("student__institution", "outcome", "owner").get(pk=case.pk)


def _check(case: ReengagementCase, told: Told, *, today: dt.date) -> None:
    if told.done_on > today:
        raise Refused(_("This day lies ahead. Record it once it has come."))
    since = case.returned_on if told.kind == Kind.CHECKED and case.returned_on else case.outcome.happened_on
    if told.done_on < since:
        raise Refused(_("This is too early. Choose a day since the student left, or since the return."))
    if told.kind == Kind.FOUND_OUT and not (exit_reasons.is_known(told.reason) and told.talked_to):
        raise Refused(_("Say with whom you talked, and why the student left."))
    if told.kind == Kind.RETURNED and told.path not in CasePath.values:
        raise Refused(_("Say where the student went on."))
    if told.kind == Kind.CHECKED and told.is_there is None:
        raise Refused(_("Say whether the student is still there."))
    if told.kind == Kind.ENDED and told.ending not in SAID_ENDINGS:
        raise Refused(_("Choose how it ended."))
    if told.kind in (Kind.ENDED, Kind.PLANNED, Kind.NOTED) and not told.words.strip():
        raise Refused(_("Say it in words. Whoever comes next reads it."))


def _go_on(case: ReengagementCase, told: Told, *, today: dt.date) -> None:
    deadlines = way_back_deadlines.standing()
    if told.kind == Kind.FOUND_OUT:
        case.state = CaseState.PLANNING
    elif told.kind == Kind.PLANNED:
        case.state = CaseState.RETURNING
    elif told.kind == Kind.RETURNED:
        case.state, case.path, case.returned_on = CaseState.FOLLOWING, told.path, told.done_on
    elif told.kind == Kind.CHECKED and told.is_there:
        case.n_checks = way_back_deadlines.checks_behind(case, on=told.done_on, deadlines=deadlines)
    elif told.kind == Kind.CHECKED:
        # Not there any more: a plan is made anew.
        case.state, case.path, case.returned_on, case.n_checks = CaseState.PLANNING, "", None, 0
    if told.kind == Kind.ENDED:
        put_end(case, told.ending, on=told.done_on)
    elif case.n_checks >= way_back_deadlines.N_CHECKS:
        stayed = case.path in (CasePath.SCHOOL, CasePath.ELSEWHERE)
        put_end(case, CaseEnding.BACK_AND_STAYED if stayed else CaseEnding.ANOTHER_PATH, on=told.done_on)
    else:
        case.due_on = way_back_deadlines.due_on(case, since=today, deadlines=deadlines)


def put_end(case: ReengagementCase, ending: str, *, on: dt.date) -> None:
    """End a case in memory, on a day."""
    case.state, case.ending, case.ended_on, case.due_on = CaseState.ENDED, ending, on, None


def _step(case: ReengagementCase, told: Told, *, by: User, now: dt.datetime, given_to: User | None = None) -> CaseStep:
    return CaseStep.objects.create(
        institution_id=case.institution_id,
        student=case.student,
        case=case,
        **asdict(told),
        given_to=given_to,
        by=by,
        at=now,
    )


def _keep(case: ReengagementCase) -> None:
    case.version += 1
    case.save()
