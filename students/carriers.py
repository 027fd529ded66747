"""Who may carry help for a student: the people who record help and see that student's school."""

from __future__ import annotations

import datetime as dt

from accounts.models import Membership, User
from accounts.permissions import can
from students.models import Student


def of(student: Student, *, now: dt.datetime) -> list[User]:
    """Return the people who may carry help for a student at a moment, by name."""
    memberships = (
        Membership.objects.filter(institution_id=student.institution_id, user__is_active=True)
        .select_related("user", "institution")
        .prefetch_related("schools")
        .order_by("user__display_name", "user_id", "-starts_on", "-pk")
    )
    carrying = {
        membership.user_id: membership.user for membership in memberships if _may_carry(membership, student, now)
    }
    return list(carrying.values())


def _may_carry(membership: Membership, student: Student, now: dt.datetime) -> bool:
    """Tell whether one of a person's roles lets them help this student: they may have several and choose."""
    if not (membership.holds_at(now) and can(membership, "record_help")):
        return False
    return membership.every_school or student.school_id in {school.pk for school in membership.schools.all()}
