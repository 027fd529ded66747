"""`create_institution` makes an institution with its administrator, or nothing."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Institution, Membership, Role, User

GOOD = "a long and quiet walk"


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", GOOD)


def create(*words):
    call_command("create_institution", *words)


def test_both_are_made_and_told_as_one_json_object(db, capsys):
    create(
        "hillside", "--name", "Hillside", "--admin", "Ada@Hillside.example", "--time-zone", "Europe/Lisbon", "--json"
    )

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    admin = User.objects.get()
    membership = admin.memberships.get()
    assert told == {"institution": "hillside", "admin": "ada@hillside.example"}
    assert (membership.role, membership.every_school) == (Role.INSTITUTION_ADMIN, True)
    assert (membership.institution.name, membership.institution.time_zone) == ("Hillside", "Europe/Lisbon")
    assert membership.institution.requires_second_factor
    assert admin.check_password(GOOD)


def test_without_json_it_says_a_sentence(db, capsys):
    create("hillside", "--admin", "ada@hillside.example")

    assert capsys.readouterr().out == "Made hillside with administrator ada@hillside.example.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["riverside", "--admin", "ada@hillside.example"], '"riverside" is taken'),
        (["hillside", "--admin", "ines@riverside.example"], "Somebody signs in as ines@riverside.example already"),
        (["hillside", "--admin", "ada@hillside.example", "--time-zone", "Mars"], '"Mars" is not a time zone'),
        (["Not a slug!", "--admin", "ada@hillside.example"], "slug"),
    ],
)
def test_a_refusal_says_why_and_makes_nothing(ines, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*words)

    assert Institution.objects.count() == Membership.objects.count() == User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "1qaz2wsx3edc"])
def test_a_weak_password_is_refused(db, monkeypatch, password):
    monkeypatch.setenv("ADMIN_PASSWORD", password)

    with pytest.raises(CommandError, match="password"):
        create("hillside", "--admin", "ada@hillside.example")
    assert not Institution.objects.exists()


def test_an_address_that_is_none_is_refused(db):
    with pytest.raises(CommandError, match="email address"):
        create("hillside", "--admin", "ada")
    assert not Institution.objects.exists()
