"""Who may carry help for a student, by any of their roles."""

from django.utils import timezone

from accounts.models import Membership, Role
from students.help import carriers
from tests.people import SINCE


def test_those_who_record_help_and_see_the_school_by_name(amara, bo, ines, mika, otto, nora, at_riverside):
    assert carriers.of(nora, now=timezone.now()) == [amara, ines]


def test_a_further_role_takes_nobody_off(amara, nora, riverside, at_riverside):
    Membership.objects.create(
        user=amara, institution=riverside, role=Role.MODEL_OWNER, every_school=True, starts_on=timezone.now().date()
    )

    assert carriers.of(nora, now=timezone.now()) == [amara]


def test_two_roles_that_would_do_name_the_person_once(amara, nora, riverside, at_riverside):
    Membership.objects.create(
        user=amara, institution=riverside, role=Role.SCHOOL_LEAD, every_school=True, starts_on=SINCE
    )

    assert carriers.of(nora, now=timezone.now()) == [amara]


def test_who_was_ended_or_only_invited_is_not_offered(amara, ines, nora, at_riverside):
    amara.memberships.update(ended_at=timezone.now())
    ines.memberships.update(awaits_link=True)

    assert carriers.of(nora, now=timezone.now()) == []
