"""What a later file replaced is seen by nobody but who asks for every version."""

import datetime as dt

import pytest

from students.models import (
    AttendanceRecord,
    DisciplineIncident,
    Enrolment,
    GradeRecord,
    Intervention,
    Outcome,
    StudentAttribute,
)
from students.models.people import Fact
from tests.people import signed_in
from tests.students.written_by_hand import fact, replace, take_back, upload

MARCH, MAY = dt.date(2025, 3, 3), dt.date(2025, 5, 2)
KINDS = [AttendanceRecord, DisciplineIncident, Enrolment, GradeRecord, Intervention, StudentAttribute]


@pytest.fixture
def second(riverside, at_riverside):
    return upload(riverside, "second.csv")


@pytest.mark.parametrize("model", KINDS)
def test_a_replaced_fact_is_no_longer_seen(nora, second, model):
    old = fact(model, nora, MARCH)
    replace(old, second, MAY)
    of_student = getattr(nora, f"{model._meta.model_name}_set")

    assert not model.objects.exists()
    assert not of_student.exists()
    assert list(model.every_version.all()) == [old]


@pytest.mark.parametrize("model", KINDS)
def test_of_a_changed_fact_the_new_version_is_seen(nora, second, model):
    new = replace(fact(model, nora, MARCH), second, MAY, student_id=nora.pk)

    assert list(model.objects.all()) == [new]
    assert list(getattr(nora, f"{model._meta.model_name}_set").all()) == [new]
    assert model.every_version.count() == 2


def test_every_kind_of_fact_is_asked_for_through_those_that_hold():
    assert {model._default_manager.name for model in Fact.__subclasses__()} == {"objects"}


def test_the_students_page_shows_what_holds(nora, amara, second):
    replace(fact(GradeRecord, nora, MARCH, course="Woodwork"), second, MAY, course="Carpentry")
    replace(fact(DisciplineIncident, nora, MARCH, code="Fighting"), second, MAY)

    page = signed_in(amara).get(f"/students/{nora.public_id}/").content.decode()

    assert "Carpentry" in page
    assert "Woodwork" not in page
    assert "Fighting" not in page


def test_an_outcome_taken_back_is_not_shown(riverside, nora, amara, second):
    fact(Outcome, nora, MARCH, kind="dropped_out", exit_code="Expelled", happened_on=MARCH, upload=second)
    before = signed_in(amara).get(f"/students/{nora.public_id}/").content.decode()

    take_back(second)
    after = signed_in(amara).get(f"/students/{nora.public_id}/").content.decode()

    assert "Expelled" in before
    assert "Expelled" not in after
    assert "taken back" not in after
