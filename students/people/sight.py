"""Who works at a student's institution at a moment and sees that student, whatever their role."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership, User
from students.models import Student


def sees(student: Student, *, user: str, now: dt.datetime) -> Exists:
    """Return a condition: the person whose key is in a column sees the student at a moment."""
    today = student.institution.day_of(now)
    held = Membership.objects.filter(
        Q(every_school=True) | Q(schools=student.school_id),
        Q(ends_on=None) | Q(ends_on__gte=today),
        Q(ended_at=None) | Q(ended_at__gt=now),
        user=OuterRef(user),
        user__is_active=True,
        institution_id=student.institution_id,
        starts_on__lte=today,
        awaits_link=False,
    )
    return Exists(held)


def people(student: Student, *, now: dt.datetime) -> list[User]:
    """Return everybody who sees a student at a moment, by name."""
    return list(User.objects.filter(sees(student, user="pk", now=now)).order_by("display_name", "pk"))
