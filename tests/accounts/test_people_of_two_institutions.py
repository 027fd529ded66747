"""An address that is known elsewhere is answered like any other, and no institution reaches into another by a link."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, memberships
from accounts.models import Role, User
from tests.accounts.test_invitations import GOOD, address, choose, invited, may_sign_in, opened, within
from tests.people import PASSWORD, signed_in


def form(email, name="Noor"):
    return {"display_name": name, "email": email, "role": "auditor"}


def answer(browser, email):
    response = browser.post(reverse("people"), form(email))
    person = response.context["person"]
    own = r'(X-CSRFToken": |csrfmiddlewaretoken" value=)"\w+"|<time.*?</time>'
    told = re.sub(own, "", response.content.decode())
    for changing in (response.context["address"], str(person.user.public_id), email):
        told = told.replace(changing, "")
    return response.status_code, told.splitlines()


@pytest.fixture
def link(otto, amara):
    """Otto's link for Amara, who works at Riverside."""
    return invited(otto, amara.email, name="A. Typed", role=Role.INSTITUTION_ADMIN)


def test_the_answer_is_the_same_whether_or_not_the_address_is_known_elsewhere(otto, amara):
    browser = signed_in(otto)

    assert answer(browser, amara.email) == answer(browser, "nobody@riverside.example")


def test_list_and_page_show_what_was_typed_and_nothing_from_elsewhere(otto, amara, link):
    signed_in(amara)
    browser = signed_in(otto)

    pages = [browser.get(reverse("people")), browser.get(reverse("person_page", args=[amara.public_id]))]

    for page in pages:
        assert "A. Typed" in page.content.decode()
        assert "Amara" not in page.content.decode()
        assert "not signed in yet" in page.content.decode()


def test_nobody_is_moved_to_another_institution_unasked(otto, amara, link, riverside):
    page = signed_in(amara).get(reverse("risk_list"))

    assert page.context["institution"] == riverside
    assert b"Work at" not in page.content


def test_the_link_leads_a_stranger_to_sign_in_and_takes_no_password(amara, link):
    browser, page = opened(link)

    assert page["Location"].startswith("/login/?next=/welcome/")
    assert choose(browser, link).status_code == 302
    assert may_sign_in(amara.email, PASSWORD)
    assert not may_sign_in(amara.email, GOOD)


def test_after_signing_in_they_join_and_can_go_back(amara, link, riverside, elsewhere):
    browser, page = opened(link)
    signed = browser.post(page["Location"], {"username": amara.email, "password": PASSWORD})
    assert b"Join Elsewhere College?" in browser.get(signed["Location"]).content

    browser.post(signed["Location"])

    assert browser.get(reverse("people")).context["institution"] == elsewhere
    ours = amara.memberships.get(institution=riverside)
    browser.post(reverse("work_as", args=[ours.public_id]))
    assert browser.get(reverse("risk_list")).context["institution"] == riverside
    assert browser.get(reverse("people")).status_code == 403


def test_a_link_in_the_hands_of_somebody_else_opens_nothing(amara, otto, bo, link):
    for person in (otto, bo):
        browser, page = opened(link, signed_in(person))
        kept = page.wsgi_request.path

        assert b"This link is for somebody else." in page.content
        assert b"This link is for somebody else." in browser.post(kept).content
    assert [each.awaits_link for each in amara.memberships.filter(institution=otto.memberships.get().institution)] == [
        True
    ]


def test_a_link_for_a_lost_password_takes_none_once_they_work_elsewhere_too(ines, amara, link):
    with within(ines):
        lost = invitations.make_link(person=amara, by=ines, now=timezone.now())
    browser, _page = opened(lost)
    invitations.use_link(membership=link.membership, password=None, now=timezone.now())

    choose(browser, lost)
    with pytest.raises(invitations.LinkSpent):
        invitations.use_link(membership=lost.membership, password=GOOD, now=timezone.now())

    assert may_sign_in(amara.email, PASSWORD)


def test_an_invitation_elsewhere_does_not_lock_anybody_out_of_their_own_link(ines, otto):
    ours = invited(ines)
    invited(otto, "noor@riverside.example")
    browser, _page = opened(ours)

    assert choose(browser, ours).status_code == 302

    noor = User.objects.get(email="noor@riverside.example")
    assert [each.institution.slug for each in noor.memberships_at(timezone.now())] == ["riverside"]


def test_a_role_given_again_waits_for_the_person_who_went_elsewhere(ines, otto, amara, link):
    with within(ines):
        memberships.end_role(membership=amara.memberships.get(role="counsellor"), by=ines, now=timezone.now())
    invitations.use_link(membership=link.membership, password=None, now=timezone.now())

    with within(ines):
        again = memberships.give_role(person=amara, role=Role.COUNSELLOR, schools=None, by=ines, now=timezone.now())

    assert again.awaits_link
    assert [each.institution.slug for each in amara.memberships_at(timezone.now())] == ["elsewhere"]


def test_a_person_page_of_another_institution_is_not_there(otto, amara):
    browser = signed_in(otto)
    role = amara.memberships.get()
    deeds = {"give_role": amara, "make_link": amara, "end_role": role, "work_as": role}

    answers = {
        name: browser.post(reverse(name, args=[of.public_id]), form("x")).status_code for name, of in deeds.items()
    }

    assert answers == dict.fromkeys(deeds, 404)
    assert browser.get(reverse("person_page", args=[amara.public_id])).status_code == 404


def test_an_unknown_link_looks_like_a_spent_one(db):
    unknown = Client().get("/welcome/018f0000-0000-7000-8000-000000000000/abc-def/")

    assert unknown.status_code == 200
    assert b"This link no longer works." in unknown.content


def test_a_token_of_one_institution_opens_nothing_at_another(ines, otto):
    now = timezone.now()
    first, second = invited(ines, now=now), invited(otto, "noor@riverside.example", now=now)
    assert first.membership.user == second.membership.user

    crossed = Client().get(address(first).replace(str(first.membership.public_id), str(second.membership.public_id)))

    assert b"This link no longer works." in crossed.content
