"""On whose behalf the current work is done; a query of student data without it raises.

The scope is held twice: in a context variable that every scoped manager reads, and in the database session,
where row-level security refuses what a manager forgot. Both last for one transaction.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

if TYPE_CHECKING:
    from accounts.models import Institution, Membership, User

EVERY_SCHOOL = "*"


class ScopeMissing(Exception):
    """Student data was asked for without saying on whose behalf."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One institution, and the schools within it that may be seen; None means every school.

    And who asks, in which role: of a job and an API client nobody.
    """

    institution_id: int
    school_ids: tuple[int, ...] | None
    user_id: int | None = None
    role: str | None = None

    @property
    def schools_setting(self) -> str:
        """Return the schools as the database session holds them."""
        return EVERY_SCHOOL if self.school_ids is None else ",".join(str(pk) for pk in self.school_ids)


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


def current() -> Scope:
    """Return the scope of the work in hand.

    :raises ScopeMissing: outside `entered`
    """
    scope = _current.get()
    if scope is None:
        raise ScopeMissing("Student data was queried without a scope. Enter one with accounts.scope.entered(…).")
    return scope


def of_membership(membership: Membership) -> Scope:
    """Return what a membership lets its person see."""
    own = membership.schools.through.objects.filter(membership=membership)  # without a join to the schools
    schools = None if membership.every_school else tuple(own.values_list("school_id", flat=True))
    return Scope(
        institution_id=membership.institution_id, school_ids=schools, user_id=membership.user_id, role=membership.role
    )


def of_institution(institution: Institution) -> Scope:
    """Return the scope of a job or an API client that works for a whole institution."""
    return Scope(institution_id=institution.pk, school_ids=None)


@contextlib.contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Work within a scope, inside one transaction.

    The database's half is transaction-local, so a pooled connection never carries it to the next person.
    """
    outer = _current.get()
    with transaction.atomic():
        _tell_database(scope)
        token = _current.set(scope)
        try:
            yield scope
        finally:
            _current.reset(token)
        # Not after a failure: rolling back restores the outer scope by itself.
        if not connection.needs_rollback:
            _tell_database(outer)


def _tell_database(scope: Scope | None) -> None:
    settings = {
        "app.institution": str(scope.institution_id) if scope else "",
        "app.schools": scope.schools_setting if scope else "",
        "app.user": str(scope.user_id or "") if scope else "",
        "app.role": (scope.role or "") if scope else "",
    }
    set_each = ", ".join("set_config(%s, %s, true)" for _setting in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {set_each}", [part for setting in settings.items() for part in setting])


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows of student data, already narrowed to the current scope."""

    def visible_to(self, user: User) -> ScopedQuerySet:
        """Return the rows this person may see.

        :raises ScopeMissing: if the scope in force is not this person's
        """
        if current().user_id != user.pk:
            raise ScopeMissing("The scope in force belongs to somebody else.")
        return self


class ScopedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """The only way to student data: raises without a scope, narrows to it with one.

    `school_path` names the field that leads to the school of the row, for models where a school decides who may see it.
    """

    use_in_migrations = False

    def __init__(self, school_path: str | None = None) -> None:
        super().__init__()
        self.school_path = school_path

    def get_queryset(self) -> ScopedQuerySet:
        """Return the rows within the current scope."""
        scope = current()
        rows: ScopedQuerySet = super().get_queryset().filter(institution_id=scope.institution_id)
        if self.school_path and scope.school_ids is not None:
            rows = rows.filter(**{f"{self.school_path}__in": scope.school_ids})
        return rows
