"""Who may look after students and carry help for them: the people who record help and see the student's school."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from accounts.models import Membership, User
from accounts.permissions import can
from students.models import Student


def of(student: Student, *, now: dt.datetime) -> list[User]:
    """Return the people who may carry help for a student at a moment, by name."""
    return at_schools({student.school_id}, institution_id=student.institution_id, now=now)


def at_schools(schools: Collection[int], *, institution_id: int, now: dt.datetime) -> list[User]:
    """Return the people who may look after students of every one of these schools at a moment, by name."""
    memberships = (
        Membership.objects.filter(institution_id=institution_id, user__is_active=True)
        .select_related("user", "institution")
        .prefetch_related("schools")
        .order_by("user__display_name", "user_id", "-starts_on", "-pk")
    )
    people: dict[int, User] = {}
    wanting: dict[int, set[int]] = {}
    # One of several roles may see one school, another one the next: a person chooses between them.
    for membership in memberships:
        if membership.holds_at(now) and can(membership, "record_help"):
            people[membership.user_id] = membership.user
            sees = set(schools) if membership.every_school else {school.pk for school in membership.schools.all()}
            wanting[membership.user_id] = wanting.get(membership.user_id, set(schools)) - sees
    return [user for key, user in people.items() if not wanting[key]]
