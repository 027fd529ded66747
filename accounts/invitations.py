"""Invite people, and let them in by a link that works once and for three days."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit_log, memberships, scope
from accounts.models import Membership, Role, School, User


class AlreadyHere(Exception):
    """Somebody of this institution has the address."""

    def __init__(self, message: str, person: User) -> None:
        super().__init__(message)
        self.person = person


class NoRole(Exception):
    """The person has no role at the institution that a link could open."""


class LinkSpent(Exception):
    """The link was used, replaced or taken back."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """What is handed over once, and kept nowhere."""

    membership: Membership
    token: str
    until: dt.datetime


class LinkTokens(PasswordResetTokenGenerator):
    """Django's tokens of one membership's link, by the clock given.

    A token ends with the password it may replace, with a newer link, and with its use. The last sign-in is left out
    of it, unlike in Django: whoever works elsewhere too signs in between opening the link and joining.
    """

    key_salt = "accounts.invitations.LinkTokens"

    def __init__(self, membership: Membership, *, now: dt.datetime) -> None:
        super().__init__()
        self.membership = membership
        self.now = now

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        return f"{user.pk} {user.password} {self.membership.public_id} {self.membership.link_made_at} {timestamp}"

    def _now(self) -> dt.datetime:
        return timezone.make_naive(self.now, dt.UTC)


@transaction.atomic
def invite(  # noqa: PLR0913
    *,
    email: str,
    display_name: str,
    role: Role,
    schools: Iterable[School] | None,
    by: User | None,
    now: dt.datetime,
) -> Link:
    """Add a person to the institution in scope, at some schools or, with None, at every school; return their link.

    Somebody who works elsewhere already is answered the same way, so that nobody learns who does: their account
    stays as it is, and the role waits until they themselves open the link and sign in.

    :raises AlreadyHere: if somebody who is or was at this institution has the address
    :raises ValidationError: if it is not an e-mail address
    """
    validate_email(email)
    person = _account(email, display_name)
    if person.memberships.filter(institution_id=scope.current().institution_id).exists():
        raise AlreadyHere(_("Somebody here has this address already."), person)
    membership = memberships.add(
        person=person, role=role, schools=schools, now=now, awaits_link=True, invited_as=display_name
    )
    _record("invite_person", membership, by=by, now=now)
    return _new_link(membership, now=now)


def _account(email: str, display_name: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(email, None, display_name=display_name)
    except IntegrityError:
        return User.objects.get_by_natural_key(email)


@transaction.atomic
def make_link(*, person: User, by: User | None, now: dt.datetime) -> Link:
    """Make a new link for somebody of the institution in scope; the one before it stops working.

    :raises NoRole: if the person has no role here that is not over
    """
    theirs = [membership for membership in memberships.of_people(now) if membership.user_id == person.pk]
    if not theirs:
        raise NoRole(_("This person has no role here. Give one first."))
    _record("make_link", theirs[-1], by=by, now=now)
    return _new_link(theirs[-1], now=now)


def _new_link(membership: Membership, *, now: dt.datetime) -> Link:
    of_same_person = Membership.objects.filter(user=membership.user_id, institution=membership.institution_id)
    of_same_person.update(link_made_at=None)
    membership.link_made_at = now
    membership.save(update_fields=["link_made_at"])
    token = LinkTokens(membership, now=now).make_token(membership.user)
    until = now + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return Link(membership=membership, token=token, until=until)


def of_link(public_id: uuid.UUID, *, now: dt.datetime) -> Membership | None:
    """Return the membership a link is for, unless it is over or its person is locked out."""
    found = Membership.objects.select_related("user", "institution").filter(public_id=public_id, user__is_active=True)
    return next((membership for membership in found if not membership.is_over_at(now)), None)


def works_elsewhere(membership: Membership, *, now: dt.datetime) -> bool:
    """Tell whether the person works at another institution too: then no link of this one may replace the password."""
    others = Membership.objects.filter(user=membership.user_id).exclude(institution=membership.institution_id)
    listed = others.filter(awaits_link=False).select_related("institution")
    return any(not other.is_over_at(now) for other in listed)


@transaction.atomic
def use_link(*, membership: Membership, password: str | None, now: dt.datetime) -> None:
    """Let the person in by a link whose token was checked, with a password of their choice or the one they have.

    :raises LinkSpent: if it was used or replaced meanwhile, or the password is not this institution's to replace
    """
    person = User.objects.select_for_update().get(pk=membership.user_id)
    if password is not None and works_elsewhere(membership, now=now):
        raise LinkSpent(_("This link no longer works."))
    # The condition is in the UPDATE: of two uses at the same moment one sees a changed row.
    linked = Membership.objects.filter(pk=membership.pk, link_made_at=membership.link_made_at, ended_at=None)
    if membership.link_made_at is None or not linked.update(link_made_at=None):
        raise LinkSpent(_("This link no longer works."))
    waiting = Membership.objects.filter(user=person, institution=membership.institution_id, awaits_link=True)
    waiting.update(awaits_link=False)
    if password is not None:
        person.set_password(password)
        person.save(update_fields=["password"])
    with scope.entered(scope.of_institution(membership.institution)):
        action = "join_by_link" if password is None else "choose_password"
        audit_log.record(action=action, by=person, now=now, subjects=[person.public_id])


def _record(action: str, membership: Membership, *, by: User | None, now: dt.datetime) -> None:
    told = memberships.told(membership)
    audit_log.record(action=action, by=by, now=now, subjects=[membership.user.public_id], purpose=told)
