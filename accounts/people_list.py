"""The people of an institution as its administrator sees them: nothing of what they do elsewhere."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from accounts import scope
from accounts.models import Membership, User


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with their roles here, those that are over apart.

    An invited person is called as the invitation called them and has not signed in, until they join: their account
    may be of another institution, whose name for them and whose days are not ours to show.
    """

    user: User
    roles: list[Membership] = field(default_factory=list)
    over: list[Membership] = field(default_factory=list)

    @property
    def has_joined(self) -> bool:
        """Tell whether they have a role here that waits for nothing."""
        return any(not membership.awaits_link for membership in self.roles)

    @property
    def name(self) -> str:
        """Return what they are called here."""
        if not any(not membership.awaits_link for membership in (*self.roles, *self.over)):
            return next(each.invited_as for each in (*self.roles, *self.over)) or self.user.display_name
        return self.user.display_name

    @property
    def signed_in_at(self) -> dt.datetime | None:
        """Return when they last signed in, once they have joined."""
        return self.user.last_login if self.has_joined else None

    @property
    def since(self) -> dt.date:
        """Return the day of their first role here."""
        return min(membership.starts_on for membership in (*self.roles, *self.over))


def everybody(*, now: dt.datetime) -> list[Person]:
    """Return everybody who has or had a role at the institution in scope, by name."""
    return sorted(_people(Membership.objects.all(), now), key=lambda person: (person.name.casefold(), person.user.pk))


def person(public_id: uuid.UUID, *, now: dt.datetime) -> Person | None:
    """Return one person who has or had a role at the institution in scope."""
    return next(iter(_people(Membership.objects.filter(user__public_id=public_id), now)), None)


def _people(memberships: object, now: dt.datetime) -> list[Person]:
    here = memberships.filter(institution_id=scope.current().institution_id)  # type: ignore[attr-defined]
    people: dict[int, Person] = {}
    for membership in (
        here.select_related("user", "institution").prefetch_related("schools").order_by("starts_on", "pk")
    ):
        found = people.setdefault(membership.user_id, Person(user=membership.user))
        (found.over if membership.is_over_at(now) else found.roles).append(membership)
    return list(people.values())
