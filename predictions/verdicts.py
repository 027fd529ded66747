"""What staff say of a flag, in one click: the list respects it at once, and the next list too."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import ApiClient, User
from predictions import list_states
from predictions.models import CurrentRisk, Verdict
from students.models import Student
from students.records import data_cases

USUALLY_NOT_NOW = dt.timedelta(days=14)
LONGEST_NOT_NOW = dt.timedelta(days=365)


class Refused(Exception):
    """The verdict cannot be kept; the sentence is fit for the person who gave it. `field` is what it is about."""

    field = "kind"


class DayRefused(Refused):
    """The day until which nobody need talk about a student is none that can be chosen."""

    field = "until_on"


class NotListed(Refused):
    """A student on no list has no flag to speak of."""

    field = "student"


class NothingNamed(Refused):
    """A fact is wrong, and nobody says which."""

    field = "reason"


@transaction.atomic
def give(  # noqa: PLR0913
    *,
    student: Student,
    kind: str,
    reason: str = "",
    until_on: dt.date | None = None,
    by: User | ApiClient,
    now: dt.datetime,
    request_key: uuid.UUID,
) -> Verdict:
    """Record a verdict on the flag that stands. Given twice in the same words it stands once; earlier ones stay.

    "Something on record is wrong" opens a case for who keeps the data. "Not now" without a day is for two weeks.

    :raises DayRefused: for a day that is past or more than a year ahead
    :raises NotListed: for a student on no list
    :raises NothingNamed: for a fact that is not named
    :raises Refused: for nothing to take back
    """
    user, client = (by, None) if isinstance(by, User) else (None, by)
    listed = CurrentRisk.objects.select_for_update(of=("self",)).filter(student=student).first()
    if listed is None:
        raise NotListed(_("This student is on no list."))
    until_on = _until(student, until_on, now) if kind == Verdict.Kind.NOT_NOW else None
    if kind == Verdict.Kind.WRONG_FACT and not reason.strip():
        raise NothingNamed(_("Say in a few words what is wrong, so that somebody can correct it."))
    newest = Verdict.objects.filter(student=student).first()
    said = (kind, reason, until_on, user and user.pk, client and client.pk)
    stands = newest and said == (newest.kind, newest.reason, newest.until_on, newest.by_id, newest.api_client_id)
    # Who is back for something new is judged anew, be it in the same words.
    if newest and stands and not listed.back_for:
        return newest
    if kind == Verdict.Kind.TAKEN_BACK and (newest is None or newest.kind == kind):
        raise Refused(_("Nothing stands here that could be taken back."))
    case = None
    if kind == Verdict.Kind.WRONG_FACT:
        case = data_cases.open_case(student=student, what=reason, by=by, now=now, request_key=request_key)
    verdict = Verdict.objects.create(
        institution_id=student.institution_id,
        student=student,
        score_id=listed.score_id,
        kind=kind,
        until_on=until_on,
        reason=reason,
        data_case=case,
        by=user,
        api_client=client,
        at=now,
    )
    list_states.verdicts_changed([student.pk])
    audit_log.record(action="verdict_given", by=by, now=now, subjects=[student.public_id])
    return verdict


def standing(student: Student) -> Verdict | None:
    """Return the newest verdict on a student, if it was not taken back."""
    newest = student.verdicts.select_related("by", "api_client", "data_case").first()
    return None if newest is None or newest.kind == Verdict.Kind.TAKEN_BACK else newest


def _until(student: Student, until_on: dt.date | None, now: dt.datetime) -> dt.date:
    today = student.institution.day_of(now)
    until_on = until_on or today + USUALLY_NOT_NOW
    if not today < until_on <= today + LONGEST_NOT_NOW:
        raise DayRefused(_("Choose a day after today, within a year."))
    return until_on
