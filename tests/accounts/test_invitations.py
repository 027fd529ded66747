"""Somebody is invited and let in by a link: once, for three days, and never into what is another institution's."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, memberships, scope
from accounts.models import AuditEntry, Membership, Role, User
from tests.people import PASSWORD, SINCE, signed_in

GOOD = "a long and quiet walk"
THREE_DAYS = dt.timedelta(days=3)


def within(user):
    return scope.entered(scope.of_membership(user.memberships.get()))


def invited(by, email="noor@riverside.example", *, role=Role.MODEL_OWNER, now=None, name="Noor"):
    with within(by):
        return invitations.invite(
            email=email, display_name=name, role=role, schools=None, by=by, now=now or timezone.now()
        )


def address(link):
    return reverse("welcome", args=[link.membership.public_id, link.token])


def opened(link, browser=None):
    """Open a link as a browser does, and return where it leads and what stands there."""
    browser = browser or Client()
    first = browser.get(address(link))
    return browser, (browser.get(first["Location"]) if first.status_code == 302 else first)


def choose(browser, link, password=GOOD):
    kept = reverse("welcome", args=[link.membership.public_id, "set-password"])
    return browser.post(kept, {"new_password1": password, "new_password2": password})


def may_sign_in(email, password):
    return Client().post("/login/", {"username": email, "password": password}).status_code == 302


def test_an_invited_person_chooses_a_password_and_is_in(ines, riverside):
    link = invited(ines)
    browser, page = opened(link)

    done = choose(browser, link)

    assert b"noor@riverside.example" in page.content
    assert (done.status_code, done["Location"]) == (302, "/login/")
    assert may_sign_in("noor@riverside.example", GOOD)
    noor = User.objects.get(email="noor@riverside.example")
    assert noor.memberships_at(timezone.now())[0].role == Role.MODEL_OWNER


def test_before_the_link_is_used_the_person_has_no_password_and_no_role(ines):
    noor = invited(ines).membership.user

    assert not noor.has_usable_password()
    assert not noor.memberships_at(timezone.now())


def test_the_token_leaves_the_address_at_once(ines):
    link = invited(ines)

    first = Client().get(address(link))

    assert first["Location"] == reverse("welcome", args=[link.membership.public_id, "set-password"])
    assert "no-store" in first["Cache-Control"]


def test_a_link_works_once(ines):
    link = invited(ines)
    browser, _page = opened(link)
    second, _page = opened(link)
    choose(browser, link)

    too_late = choose(second, link, "another long password")

    assert b"This link no longer works." in too_late.content
    assert b"This link no longer works." in opened(link)[1].content
    assert not may_sign_in("noor@riverside.example", "another long password")


def test_two_who_use_a_link_at_the_same_moment_are_not_both_let_in(ines):
    membership = invited(ines).membership
    invitations.use_link(membership=membership, password=GOOD, now=timezone.now())

    with pytest.raises(invitations.LinkSpent):
        invitations.use_link(membership=membership, password="another long password", now=timezone.now())


@pytest.mark.parametrize(("age", "works"), [(THREE_DAYS - dt.timedelta(minutes=1), True), (THREE_DAYS * 1.01, False)])
def test_a_link_works_for_three_days(ines, age, works):
    link = invited(ines, now=timezone.now() - age)

    _browser, page = opened(link)

    assert (b"This link no longer works." not in page.content) == works


def test_a_new_link_ends_the_one_before(ines):
    old = invited(ines)
    with within(ines):
        new = invitations.make_link(person=old.membership.user, by=ines, now=timezone.now())

    assert b"This link no longer works." in opened(old)[1].content
    assert b"Choose a password" in opened(new)[1].content


@pytest.mark.parametrize("turn", ["locked out", "ended", "last day passed"])
def test_no_link_lets_in_whoever_is_locked_out_or_was_ended(ines, turn):
    link = invited(ines)
    browser, _page = opened(link)
    if turn == "ended":
        with within(ines):
            memberships.end_role(membership=link.membership, by=ines, now=timezone.now())
    elif turn == "last day passed":
        Membership.objects.filter(pk=link.membership.pk).update(starts_on=SINCE, ends_on=SINCE)
    else:
        User.objects.filter(pk=link.membership.user_id).update(is_active=False)

    assert b"This link no longer works." in choose(browser, link).content
    assert not may_sign_in("noor@riverside.example", GOOD)


@pytest.mark.parametrize("password", ["short", "password1234", "noor@riverside"])
def test_a_weak_password_is_refused_and_the_link_stays(ines, password):
    link = invited(ines)
    browser, _page = opened(link)

    refused = choose(browser, link, password)

    assert refused.status_code == 422
    assert choose(browser, link).status_code == 302


def test_a_lost_password_is_replaced_and_old_sessions_end(ines, amara):
    old_session = signed_in(amara)
    with within(ines):
        link = invitations.make_link(person=amara, by=ines, now=timezone.now())
    browser, _page = opened(link)

    choose(browser, link)

    assert may_sign_in(amara.email, GOOD)
    assert not may_sign_in(amara.email, PASSWORD)
    assert old_session.get("/students/").status_code == 302


def test_who_is_or_was_here_is_not_invited_again(ines, amara):
    for email in (amara.email, amara.email.upper()):
        with pytest.raises(invitations.AlreadyHere) as refused:
            invited(ines, email)
        assert refused.value.person == amara


def test_what_is_no_address_is_refused(ines):
    with pytest.raises(ValidationError):
        invited(ines, "noor")
    assert not User.objects.filter(display_name="Noor").exists()


def test_every_deed_is_on_record(ines, riverside):
    link = invited(ines)
    noor = link.membership.user
    with within(ines):
        new = invitations.make_link(person=noor, by=ines, now=timezone.now())
    browser, _page = opened(new)
    choose(browser, new)

    with within(ines):
        entries = list(AuditEntry.objects.order_by("pk").values_list("action", "user__display_name", "purpose"))
        subjects = {subject for entry in AuditEntry.objects.all() for subject in entry.subject_ids}
    assert entries == [
        ("invite_person", "Ines", "model_owner, every school"),
        ("make_link", "Ines", "model_owner, every school"),
        ("choose_password", "Noor", ""),
    ]
    assert subjects == {noor.public_id}
