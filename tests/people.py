"""Amara, Bo, Ines, Sam, Otto and the others: the people of the tests, with lasting names and schools."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, Membership, Role, School, User
from students.models import Student
from tests import rows

PASSWORD = "correct horse battery"
SINCE = dt.date(2020, 1, 1)


@pytest.fixture
def riverside(db: None) -> Institution:
    """The institution most tests work in."""
    return Institution.objects.create(
        slug="riverside", name="Riverside Unified", time_zone="America/New_York", capacity=4
    )


@pytest.fixture
def elsewhere(db: None) -> Institution:
    """Another institution, whose data must never be seen from Riverside."""
    return Institution.objects.create(slug="elsewhere", name="Elsewhere College")


@pytest.fixture
def northside(riverside: Institution) -> School:
    return School.objects.create(institution=riverside, external_id="N", name="Northside")


@pytest.fixture
def harbor(riverside: Institution) -> School:
    return School.objects.create(institution=riverside, external_id="H", name="Harbor")


def _person(name: str, institution: Institution, role: str, *schools: School) -> User:
    user = User.objects.create_user(f"{name.lower()}@{institution.slug}.example", PASSWORD, display_name=name)
    membership = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=not schools, starts_on=SINCE
    )
    membership.schools.set(schools)
    return user


@pytest.fixture
def amara(riverside: Institution, northside: School) -> User:
    """Counsellor of Northside."""
    return _person("Amara", riverside, Role.COUNSELLOR, northside)


@pytest.fixture
def bo(riverside: Institution, harbor: School) -> User:
    """Counsellor of Harbor."""
    return _person("Bo", riverside, Role.COUNSELLOR, harbor)


@pytest.fixture
def ines(riverside: Institution) -> User:
    """Administrator, every school."""
    return _person("Ines", riverside, Role.INSTITUTION_ADMIN)


@pytest.fixture
def sam(riverside: Institution) -> User:
    """Records outcomes, every school."""
    return _person("Sam", riverside, Role.OUTCOME_STAFF)


@pytest.fixture
def mika(riverside: Institution) -> User:
    """Model owner."""
    return _person("Mika", riverside, Role.MODEL_OWNER)


@pytest.fixture
def otto(elsewhere: Institution) -> User:
    """Administrator of another institution."""
    return _person("Otto", elsewhere, Role.INSTITUTION_ADMIN)


@pytest.fixture
def at_riverside(riverside: Institution) -> Iterator[scope.Scope]:
    """Work within Riverside, every school, as a job does."""
    with scope.entered(scope.of_institution(riverside)) as entered:
        yield entered


def _student(school: School, given_name: str, family_name: str) -> Student:
    with scope.entered(scope.of_institution(school.institution)):
        return rows.student(school, given_name=given_name, family_name=family_name)


@pytest.fixture
def nora(northside: School) -> Student:
    """A student at Northside."""
    return _student(northside, "Nora", "Quillfeather")


@pytest.fixture
def hugo(harbor: School) -> Student:
    """A student at Harbor."""
    return _student(harbor, "Hugo", "Brackwater")


@pytest.fixture
def ella(elsewhere: Institution) -> Student:
    """A student of the other institution."""
    campus = School.objects.create(institution=elsewhere, external_id="C", name="Campus")
    return _student(campus, "Ella", "Fernsby")


def signed_in(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def now() -> dt.datetime:
    return timezone.now()
