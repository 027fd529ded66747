"""Concerns and kudos: said by anybody who sees a student, heard by who looks after them, and answered."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import Membership, User
from accounts.permissions import can
from students.models import Caseload, Concern, ConcernStep, Student
from students.people import sight
from students.people.caseloads import held_on

# A morning's page names so many of each.
MOST_FOR_TODAY = 20


class Refused(Exception):
    """The words cannot be kept so; the sentence is fit for the person who wrote them."""


@dataclass(frozen=True, kw_only=True)
class ForToday:
    """What a morning tells one person: what waits for them, and what came of what they said. At most 20 of each."""

    waiting: list[Concern]
    answered: list[Concern]


def receiver_of(student: Student, *, raised_by: User, now: dt.datetime) -> User | None:
    """Return to whom words about a student go: whoever looks after them, still works here and still sees them.

    None where there is nobody, or where that is the person who speaks: then it is the school leads'.
    """
    held = Caseload.objects.filter(held_on(student.institution.day_of(now)), student=student)
    held = held.filter(sight.sees(student, user="counsellor", now=now))
    entry = held.exclude(counsellor=raised_by).select_related("counsellor").order_by("-starts_on", "-pk").first()
    return entry.counsellor if entry else None


@transaction.atomic
def raise_concern(  # noqa: PLR0913
    *, student: Student, kind: str, words: str, by: User, now: dt.datetime, request_key: uuid.UUID
) -> Concern:
    """Say something of a student to who looks after them. Sent twice by one form, it is said once.

    :raises Refused: without words
    """
    if not words.strip():
        raise Refused(_("Say in a few words what you saw."))
    concern, is_new = Concern.objects.get_or_create(
        raised_by=by,
        request_key=request_key,
        defaults={
            "institution_id": student.institution_id,
            "student": student,
            "kind": kind,
            "words": words.strip(),
            "raised_at": now,
            "to": receiver_of(student, raised_by=by, now=now),
        },
    )
    if is_new:
        audit_log.record(action="concern_raised", by=by, now=now, subjects=[student.public_id])
    return concern


@transaction.atomic
def close(*, concern: Concern, words: str, by: User, now: dt.datetime) -> ConcernStep:
    """Say what happened; of kudos, that they were seen.

    :raises Refused: for a concern without words, or once somebody else closed it
    """
    concern = Concern.objects.select_for_update(no_key=True, of=("self",)).select_related("student").get(pk=concern.pk)
    words = words.strip()
    newest = concern.steps.last()
    if newest and (newest.words, newest.by_id) == (words, by.pk):
        return newest
    if concern.closed_at is not None:
        raise Refused(_("Somebody answered this meanwhile. Their words stand with it."))
    if concern.kind == Concern.Kind.CONCERN and not words:
        raise Refused(_("Say what happened. Whoever raised it reads it."))
    concern.closed_at = now
    concern.save(update_fields=["closed_at"])
    audit_log.record(action="concern_closed", by=by, now=now, subjects=[concern.student.public_id])
    return ConcernStep.objects.create(
        institution_id=concern.institution_id, student=concern.student, concern=concern, words=words, by=by, at=now
    )


def leads(membership: Membership) -> bool:
    """Tell whether somebody hears what goes to nobody in particular, and may read everybody's."""
    return can(membership, "assign_students")


def waiting_for(membership: Membership) -> QuerySet[Concern, Any]:
    """Return what is open and goes to a person, the longest waiting first."""
    own = Q(to=membership.user)
    return _visible(membership).filter(own | Q(to=None) if leads(membership) else own, closed_at=None).order_by("pk")


def raised_by(membership: Membership) -> QuerySet[Concern, Any]:
    """Return what a person said, the newest first."""
    return _visible(membership).filter(raised_by=membership.user).order_by("-pk")


def answered(membership: Membership) -> QuerySet[Concern, Any]:
    """Return what a person said and somebody closed, the newest answer first."""
    theirs = _visible(membership).filter(raised_by=membership.user, closed_at__isnull=False)
    return theirs.order_by("-closed_at", "-pk")


def received_by(membership: Membership) -> QuerySet[Concern, Any]:
    """Return what a person may read and answer, open and closed, the newest first: of leads, everybody's."""
    visible = _visible(membership).order_by("-pk")
    return visible if leads(membership) else visible.filter(to=membership.user)


def for_today(membership: Membership, *, since: dt.datetime) -> ForToday:
    """Return what waits for a person, and the answers since a moment to concerns that they raised."""
    news = answered(membership).filter(closed_at__gte=since, kind=Concern.Kind.CONCERN)
    named = [
        list(rows.select_related("student", "raised_by").prefetch_related("steps__by")[:MOST_FOR_TODAY])
        for rows in (waiting_for(membership), news.exclude(steps__by=F("raised_by")))
    ]
    return ForToday(waiting=named[0], answered=named[1])


def _visible(membership: Membership) -> QuerySet[Concern, Any]:
    return Concern.objects.visible_to(membership.user)
