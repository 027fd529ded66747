"""How many students a person or a school can see in a fortnight: the list's line is drawn there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import Institution, Membership, School, User
from predictions.models import HIGHEST_CAPACITY, TeamCapacity


class Whose(StrEnum):
    """Who said how many."""

    MINE = "mine"
    SCHOOL = "school"
    INSTITUTION = "institution"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Students in a fortnight, and who said so."""

    n: int
    whose: Whose


class Refused(Exception):
    """The number cannot be kept; the sentence is fit for the person who asked."""


def of(*, membership: Membership) -> Capacity:
    """Return how many this person can see: as they said themselves, else as their one school did, else the institution.

    Where somebody sees several schools, no single school speaks for them.
    """
    seen = scope.current().school_ids or ()
    speaks = Q(user_id=membership.user_id) | (Q(school_id__in=seen) if len(seen) == 1 else Q())
    said = TeamCapacity.objects.filter(speaks).order_by(F("user").asc(nulls_last=True), "-at", "-pk")
    newest = said.first()
    if newest is None:
        return Capacity(n=membership.institution.capacity, whose=Whose.INSTITUTION)
    return Capacity(n=newest.n, whose=Whose.SCHOOL if newest.user_id is None else Whose.MINE)


def only_school(membership: Membership) -> School | None:
    """Return the school of a person who sees exactly one."""
    schools = list(membership.schools.all()[:2]) if not membership.every_school else []
    return schools[0] if len(schools) == 1 else None


@transaction.atomic
def say(*, institution: Institution, n: int, school: School | None, by: User, now: dt.datetime) -> TeamCapacity:
    """Record how many can be seen in a fortnight: by a school's team if one is given, else by the person who says so.

    Said twice, it stands once; what was said before stays on record.

    :raises Refused: below 1, or beyond what any team can see
    """
    if not 1 <= n <= HIGHEST_CAPACITY:
        raise Refused(_("Choose a number from 1 to %(most)s.") % {"most": HIGHEST_CAPACITY})
    speaks_for = {"school": school, "user": None if school else by}
    newest = TeamCapacity.objects.filter(**speaks_for).first()
    if newest and newest.n == n:
        return newest
    audit_log.record(action="capacity_set", by=by, now=now, subjects=[])
    return TeamCapacity.objects.create(institution=institution, n=n, by=by, at=now, **speaks_for)
