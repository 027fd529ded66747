"""Give people roles at the institution in scope, and end them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import Institution, Membership, Role, School, User


class RoleHeld(Exception):
    """The person has this role already."""


class SchoolElsewhere(Exception):
    """A school is of another institution."""


class AlreadyEnded(Exception):
    """The role was ended before."""


class OwnAdministration(Exception):
    """Nobody ends their own administration."""


class LastAdministrator(Exception):
    """An institution is never left without an administrator."""


def of_people(now: dt.datetime) -> list[Membership]:
    """Return every membership that is not over at the institution in scope."""
    memberships = Membership.objects.filter(institution_id=scope.current().institution_id)
    listed = memberships.select_related("user", "institution").prefetch_related("schools").order_by("starts_on", "pk")
    return [membership for membership in listed if not membership.is_over_at(now)]


def is_held(role: Role, *, now: dt.datetime) -> bool:
    """Tell whether somebody who can sign in has a role at the institution in scope."""
    return any(_works(membership, role, now=now) for membership in of_people(now))


@transaction.atomic
def give_role(
    *, person: User, role: Role, schools: Iterable[School] | None, by: User | None, now: dt.datetime
) -> Membership:
    """Give a person who was here before a further role from today, at some schools or, with None, at every school.

    Whoever works here has it at once; whoever does not, once they open a link made for them.

    :raises RoleHeld: if they have the role already
    :raises SchoolElsewhere: if a school is of another institution
    """
    _lock_institution()
    theirs = [membership for membership in of_people(now) if membership.user_id == person.pk]
    if any(membership.role == role for membership in theirs):
        raise RoleHeld(_("This person has this role already. To change its schools, end it and give it again."))
    works_here = any(membership.holds_at(now) for membership in theirs)
    membership = add(person=person, role=role, schools=schools, now=now, awaits_link=not works_here)
    _record("give_role", membership, by=by, now=now)
    return membership


def add(  # noqa: PLR0913
    *,
    person: User,
    role: Role,
    schools: Iterable[School] | None,
    now: dt.datetime,
    awaits_link: bool,
    invited_as: str = "",
) -> Membership:
    """Write a membership from today; whoever calls this records why.

    :raises SchoolElsewhere: if a school is of another institution
    """
    institution = Institution.objects.get(pk=scope.current().institution_id)
    chosen = list(schools or [])
    if any(school.institution_id != institution.pk for school in chosen):
        raise SchoolElsewhere(_("This school is of another institution."))
    membership = Membership.objects.create(
        user=person,
        institution=institution,
        role=role,
        every_school=schools is None,
        starts_on=institution.day_of(now),
        awaits_link=awaits_link,
        invited_as=invited_as,
    )
    membership.schools.set(chosen)
    return membership


@transaction.atomic
def end_role(*, membership: Membership, by: User | None, now: dt.datetime) -> None:
    """End a membership from this moment; the person's next request is refused what it allowed.

    :raises AlreadyEnded: if it is over
    :raises OwnAdministration: if it is one's own as an administrator
    :raises LastAdministrator: if nobody else who can sign in is administrator of every school
    """
    _lock_institution()
    current = next((each for each in of_people(now) if each.pk == membership.pk), None)
    if current is None:
        raise AlreadyEnded(_("This role was ended already."))
    if current.role == Role.INSTITUTION_ADMIN:
        _check_administration_goes_on(current, by=by, now=now)
    Membership.objects.filter(pk=current.pk).update(ended_at=now, link_made_at=None)
    _record("end_role", current, by=by, now=now)


def _check_administration_goes_on(ending: Membership, *, by: User | None, now: dt.datetime) -> None:
    if by is not None and ending.user_id == by.pk:
        raise OwnAdministration(_("You cannot end your own administration. Another administrator can."))
    others = (membership for membership in of_people(now) if membership.pk != ending.pk)
    if not any(_works(each, Role.INSTITUTION_ADMIN, now=now) and each.every_school for each in others):
        raise LastAdministrator(_("Nobody else administers this institution. Make somebody administrator first."))


def _works(membership: Membership, role: Role, *, now: dt.datetime) -> bool:
    user = membership.user
    return membership.role == role and membership.holds_at(now) and user.is_active and user.has_usable_password()


def _lock_institution() -> None:
    # Two administrators who end each other together stand in line here: the second is refused.
    Institution.objects.select_for_update().get(pk=scope.current().institution_id)


def _record(action: str, membership: Membership, *, by: User | None, now: dt.datetime) -> None:
    audit_log.record(action=action, by=by, now=now, subjects=[membership.user.public_id], purpose=told(membership))


def told(membership: Membership) -> str:
    """Return what an audit entry says of a membership: the role and how many schools it is for."""
    return (
        f"{membership.role}, {'every school' if membership.every_school else f'{membership.schools.count()} schools'}"
    )
