"""Found institutions and add the people who work there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.models import Institution, Membership, Role, School, User


class AlreadyThere(Exception):
    """The institution or the person exists already."""


@transaction.atomic
def found_institution(*, slug: str, name: str, time_zone: str = "UTC", **settings: object) -> Institution:
    """Make an institution.

    :raises AlreadyThere: if its short name is taken
    """
    institution = Institution(slug=slug, name=name, time_zone=time_zone, **settings)
    institution.full_clean(validate_unique=False, validate_constraints=False)
    if Institution.objects.filter(slug=slug).exists():
        raise AlreadyThere(f'The short name "{slug}" is taken. Choose another.')
    institution.save()
    return institution


@transaction.atomic
def add_person(  # noqa: PLR0913
    *,
    email: str,
    display_name: str,
    password: str | None,
    institution: Institution,
    role: Role,
    now: dt.datetime,
    schools: Iterable[School] | None = None,
) -> User:
    """Add a person with one role, at some schools or, without any given, at every school.

    :raises AlreadyThere: if somebody signs in with this address
    :raises ValidationError: if it is not an e-mail address
    """
    validate_email(email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, display_name=display_name)
    except IntegrityError:
        raise AlreadyThere(f"Somebody signs in as {email} already.") from None
    membership = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=schools is None, starts_on=institution.day_of(now)
    )
    membership.schools.set(schools or [])
    return user
