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
    people, sees = _who_sees(institution_id=institution_id, now=now)
    return [user for key, user in people.items() if sees[key] is None or set(schools) <= (sees[key] or set())]


def at_each(schools: Collection[int], *, institution_id: int, now: dt.datetime) -> dict[int, list[User]]:
    """Return who may look after students of each of these schools, in two questions however many schools they are."""
    people, sees = _who_sees(institution_id=institution_id, now=now)
    return {
        school: [user for key, user in people.items() if sees[key] is None or school in (sees[key] or set())]
        for school in schools
    }


def _who_sees(*, institution_id: int, now: dt.datetime) -> tuple[dict[int, User], dict[int, set[int] | None]]:
    """Return the people who record help, by name, and which schools each one sees; None where it is every school."""
    memberships = (
        Membership.objects.filter(institution_id=institution_id, user__is_active=True)
        .select_related("user", "institution")
        .prefetch_related("schools")
        .order_by("user__display_name", "user_id", "-starts_on", "-pk")
    )
    people: dict[int, User] = {}
    sees: dict[int, set[int] | None] = {}
    # One of several roles may see one school, another one the next: a person chooses between them.
    for membership in memberships:
        if membership.holds_at(now) and can(membership, "record_help"):
            people[membership.user_id] = membership.user
            known = sees.setdefault(membership.user_id, set())
            own = {school.pk for school in membership.schools.all()}
            sees[membership.user_id] = None if known is None or membership.every_school else known | own
    return people, sees
