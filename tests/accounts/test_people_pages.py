"""The pages about people: who may open them, and what they do."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import memberships, permissions, scope
from accounts.models import AuditEntry, Membership, Role, User
from tests.people import SINCE, signed_in

AUDITOR = {"role": "auditor", "where": "every"}


def invitation(**given):
    return {"display_name": "Noor", "email": "noor@riverside.example", "role": "model_owner", "where": "every"} | given


def works_as(person, role):
    return person.memberships.filter(role=role).first()


def asked(browser, person):
    """Ask for every page about people and return the status of each."""
    role = person.memberships.get()
    return {
        "people": browser.get(reverse("people")).status_code,
        "invite": browser.post(reverse("people"), invitation()).status_code,
        "person_page": browser.get(reverse("person_page", args=[person.public_id])).status_code,
        "give_role": browser.post(reverse("give_role", args=[person.public_id]), AUDITOR).status_code,
        "make_link": browser.post(reverse("make_link", args=[person.public_id])).status_code,
        "end_role": browser.post(reverse("end_role", args=[role.public_id])).status_code,
    }


@pytest.mark.parametrize("role", Role.values)
def test_only_administrators_manage_people(bo, amara, role):
    amara.memberships.update(role=role, every_school=True)

    answers = asked(signed_in(amara), bo)

    if role == Role.INSTITUTION_ADMIN:
        assert set(answers.values()) <= {200, 302}
    else:
        assert set(answers.values()) == {403}
        assert not Membership.objects.exclude(user__in=[amara, bo]).exists()
        assert bo.memberships.get().ended_at is None


def test_an_administrator_of_some_schools_manages_nobody(amara, bo):
    amara.memberships.update(role=Role.INSTITUTION_ADMIN)
    browser = signed_in(amara)

    assert set(asked(browser, bo).values()) == {403}
    assert reverse("people") not in browser.get(reverse("risk_list")).content.decode()
    assert not permissions.can(amara.memberships.get(), "manage_people")


def test_the_list_says_who_works_here_and_who_no_longer_does(ines, amara, bo, otto):
    bo.memberships.update(ends_on=SINCE)

    page = signed_in(ines).get(reverse("people"))

    assert [person.name for person in page.context["people"]] == ["Amara", "Ines"]
    assert [person.name for person in page.context["gone"]] == ["Bo"]
    assert "Northside" in page.content.decode()
    assert "Otto" not in page.content.decode()


def test_an_invitation_shows_its_link_and_keeps_it_nowhere(ines, northside, harbor):
    browser = signed_in(ines)

    page = browser.post(reverse("people"), invitation(where="some", schools=[harbor.pk]))

    membership = Membership.objects.get(user__email="noor@riverside.example")
    assert page.context["address"].startswith(f"http://testserver/welcome/{membership.public_id}/")
    assert [school.name for school in membership.schools.all()] == ["Harbor"]
    assert not membership.every_school
    token = page.context["address"].split("/")[-2]
    assert all(token not in browser.get(reverse(name)).content.decode() for name in ("people", "risk_list"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "noor"}, "email"),
        ({"email": "AMARA@riverside.example"}, "email"),
        ({"display_name": ""}, "display_name"),
        ({"role": "king"}, "role"),
        ({"where": ""}, "where"),
        ({"where": "some"}, "schools"),
    ],
)
def test_a_wrong_invitation_is_told_at_its_field_and_makes_nobody(ines, amara, northside, harbor, given, field):
    page = signed_in(ines).post(reverse("people"), invitation(**given))

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert User.objects.count() == 2


def test_every_school_and_ticked_schools_contradict_each_other(ines, northside, harbor):
    page = signed_in(ines).post(reverse("people"), invitation(schools=[harbor.pk]))

    assert "where" in page.context["form"].errors


def test_a_school_of_another_institution_cannot_be_ticked(ines, northside, harbor, ella):
    page = signed_in(ines).post(reverse("people"), invitation(where="some", schools=[ella.school_id]))

    assert "schools" in page.context["form"].errors
    with scope.entered(scope.of_membership(ines.memberships.get())), pytest.raises(memberships.SchoolElsewhere):
        memberships.give_role(person=ines, role=Role.AUDITOR, schools=[ella.school], by=ines, now=timezone.now())


def test_an_administrator_may_be_model_owner_too_and_chooses_as_what_to_work(ines, riverside):
    browser = signed_in(ines)

    browser.post(reverse("give_role", args=[ines.public_id]), {"role": "model_owner"})

    assert browser.get(reverse("people")).status_code == 200
    assert browser.get(reverse("start_tuning")).status_code == 403
    chosen = browser.post(reverse("work_as", args=[works_as(ines, "model_owner").public_id]))
    assert chosen["Location"] == "/"
    assert browser.get(reverse("start_tuning")).status_code == 200
    assert browser.get(reverse("people")).status_code == 403
    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="give_role")
    assert (entry.user, entry.subject_ids, entry.purpose) == (ines, [ines.public_id], "model_owner, every school")


def test_a_role_held_already_is_not_given_twice(ines, amara):
    page = signed_in(ines).post(reverse("give_role", args=[amara.public_id]), {"role": "counsellor"})

    assert "role" in page.context["form"].errors
    assert amara.memberships.count() == 1


def test_whoever_chose_a_role_that_ended_works_under_the_one_left(ines, amara):
    admin, browser = signed_in(ines), signed_in(amara)
    admin.post(reverse("give_role", args=[amara.public_id]), {"role": "auditor"})
    auditor = works_as(amara, "auditor")
    browser.post(reverse("work_as", args=[auditor.public_id]))

    admin.post(reverse("end_role", args=[auditor.public_id]))

    assert browser.get(reverse("models")).status_code == 403
    assert browser.get(reverse("risk_list")).status_code == 200


def test_an_ended_role_ends_with_the_next_request_though_it_began_today(ines, amara, nora):
    Membership.objects.filter(user=amara).update(starts_on=timezone.now().date() - dt.timedelta(days=1))
    admin, browser = signed_in(ines), signed_in(amara)
    before = browser.get(reverse("student_page", args=[nora.public_id])).status_code

    admin.post(reverse("end_role", args=[amara.memberships.get().public_id]))

    after = browser.get(reverse("student_page", args=[nora.public_id]))
    assert (before, after.status_code) == (200, 403)
    assert b"Quillfeather" not in after.content


def test_one_is_no_other_persons_role(ines, amara):
    assert signed_in(amara).post(reverse("work_as", args=[ines.memberships.get().public_id])).status_code == 404
