"""Notes as people of the tests write them on the student's page, and what of them a person's scope shows."""

import uuid

import pytest
from django.db import connection

from accounts import scope
from accounts.models import Membership, Role, User
from students.models import Note
from tests.people import SINCE, signed_in

SECRET = "Quincewort"
READERS = {
    "all": {"amara", "nils", "sam", "ines", "vera"},
    "role": {"amara", "nils"},
    "named": {"amara", "sam"},
}
EVERYBODY = ["amara", "nils", "sam", "ines", "vera", "bo", "otto"]


@pytest.fixture
def nils(riverside, northside):
    """A second counsellor of Northside."""
    return person("Nils", riverside, Role.COUNSELLOR, northside)


@pytest.fixture
def vera(riverside):
    """Auditor, every school."""
    return person("Vera", riverside, Role.AUDITOR)


def person(name, institution, role, *schools):
    user = User.objects.create_user(f"{name.lower()}@{institution.slug}.example", display_name=name)
    held = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=not schools, starts_on=SINCE
    )
    held.schools.set(schools)
    return user


def within(user):
    return scope.entered(scope.of_membership(user.memberships.get()))


def form_of(words=SECRET, *, named=(), **given):
    form = {"words": words, "kind": "note", "visibility": "all", "request_key": str(uuid.uuid4())} | given
    typed = {f"note-{name}": value for name, value in form.items()}
    return typed | {"note-named": [str(user.public_id) for user in named]}


def write(who, student, words=SECRET, **given):
    return signed_in(who).post(f"/students/{student.public_id}/note", form_of(words, **given))


def written(who, student, **given):
    assert write(who, student, **given).status_code == 302
    with within(who):
        return Note.objects.order_by("pk").last()


def revise(who, note, words, after=1):
    typed = {f"{note.public_id}-words": words, f"{note.public_id}-after": after}
    return signed_in(who).post(f"/notes/{note.public_id}/revise", typed)


def page_of(who, student):
    return signed_in(who).get(f"/students/{student.public_id}/").content.decode()


def counted(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def in_database(user):
    """Return how many notes and wordings a person's scope shows, whatever Python would leave out."""
    with within(user):
        return counted("students_note"), counted("students_noterevision")
