"""Roles are given and ended; an institution always keeps an administrator."""

import pytest
from django.utils import timezone

from accounts import memberships, scope
from accounts.models import AuditEntry, Membership, Role, User
from tests.people import SINCE


@pytest.fixture
def ada(riverside):
    """A second administrator."""
    user = User.objects.create_user("ada@riverside.example", "correct horse battery", display_name="Ada")
    Membership.objects.create(
        user=user, institution=riverside, role=Role.INSTITUTION_ADMIN, every_school=True, starts_on=SINCE
    )
    return user


def end(person, by):
    memberships.end_role(membership=person.memberships.get(), by=by, now=timezone.now())


def test_an_administrator_ends_another(ines, ada, at_riverside):
    end(ada, by=ines)

    assert not ada.memberships_at(timezone.now())
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.subject_ids) == ("end_role", ines, [ada.public_id])


def test_nobody_ends_their_own_administration(ines, ada, at_riverside):
    with pytest.raises(memberships.OwnAdministration):
        end(ines, by=ines)

    assert ines.memberships_at(timezone.now())


def test_one_may_end_ones_own_other_role(ines, at_riverside):
    given = memberships.give_role(person=ines, role=Role.AUDITOR, schools=None, by=ines, now=timezone.now())

    memberships.end_role(membership=given, by=ines, now=timezone.now())

    assert [each.role for each in ines.memberships_at(timezone.now())] == [Role.INSTITUTION_ADMIN]


def test_two_who_end_each_other_leave_one(ines, ada, at_riverside):
    end(ada, by=ines)

    with pytest.raises(memberships.LastAdministrator):
        end(ines, by=ada)


@pytest.mark.parametrize(
    "left",
    [
        {"awaits_link": True},
        {"ends_on": SINCE},
        {"every_school": False},
        {"role": "auditor"},
        {"user": {"is_active": False}},
        {"user": {"password": "!"}},
    ],
)
def test_who_cannot_administer_does_not_count(ines, ada, at_riverside, left):
    User.objects.filter(pk=ada.pk).update(**left.get("user", {"is_active": True}))
    Membership.objects.filter(user=ada).update(**{name: value for name, value in left.items() if name != "user"})

    with pytest.raises(memberships.LastAdministrator):
        end(ines, by=None)


def test_a_role_is_ended_once(ines, amara, at_riverside):
    end(amara, by=ines)

    with pytest.raises(memberships.AlreadyEnded):
        end(amara, by=ines)
    assert AuditEntry.objects.count() == 1


def test_a_role_of_another_institution_is_out_of_reach(ines, otto, at_riverside):
    with pytest.raises(memberships.AlreadyEnded):
        end(otto, by=ines)

    assert otto.memberships_at(timezone.now())


def test_whether_a_role_is_held_counts_those_alone_who_can_work(ines, mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        before = memberships.is_held(Role.MODEL_OWNER, now=timezone.now())
        end(mika, by=ines)
        after = memberships.is_held(Role.MODEL_OWNER, now=timezone.now())

    assert (before, after) == (True, False)
