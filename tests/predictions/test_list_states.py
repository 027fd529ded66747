"""A new list knows who gets help and whose student somebody is, as whoever changes that keeps it afterwards."""

import datetime as dt

import pytest
from django.utils import timezone

from predictions import current_list, list_states, runs
from predictions.models import CurrentRisk, HelpState
from students.models import Caseload, HelpEnd, Intervention, Student
from tests import rows

DAY = dt.timedelta(days=1)


@pytest.fixture
def today(riverside, at_riverside):
    return riverside.day_of(timezone.now())


@pytest.fixture
def students(today):
    listed = Student.objects.filter(current_risk__isnull=False, intervention=None, caseloads=None)
    return list(listed.order_by("pk")[:12])


def helped(student, *, ended_on=None, told=0):
    given = rows.sound(Intervention, institution=student.institution, student=student, ended_on=ended_on)
    for _each in range(told):
        rows.sound(HelpEnd, institution=student.institution, student=student, intervention=given)


def theirs(student, counsellor, today, *, since=30, until=None):
    ends_on = None if until is None else today + until * DAY
    Caseload.objects.create(
        institution_id=student.institution_id,
        student=student,
        counsellor=counsellor,
        starts_on=today - since * DAY,
        ends_on=ends_on,
    )


def states():
    return list(CurrentRisk.objects.order_by("pk").values_list("pk", "help_state", "counsellor_id"))


def test_a_new_list_says_what_is_kept_of_help_and_caseloads(today, students, amara, bo):
    open_, by_day, told, twice, again, nobody, own, over, last, future, between, newest = students
    helped(open_)
    helped(by_day, ended_on=today)
    helped(told, told=1)
    helped(twice, told=2)
    helped(again, ended_on=today)
    helped(again)
    theirs(own, amara, today)
    theirs(over, amara, today, until=0)
    theirs(last, amara, today, until=1)
    theirs(future, amara, today, since=-1)
    theirs(between, amara, today, since=30)
    theirs(between, bo, today, since=10, until=0)
    theirs(newest, bo, today, since=10)
    theirs(newest, amara, today, since=20)

    current_list.replace(runs.latest_run())

    made = states()
    found = {pk: (help_state, counsellor) for pk, help_state, counsellor in made}
    assert [found[each.pk][0] for each in (open_, by_day, told, twice, again, nobody)] == [
        HelpState.OPEN,
        HelpState.ENDED,
        HelpState.ENDED,
        HelpState.ENDED,
        HelpState.OPEN,
        HelpState.NONE,
    ]
    whose = [found[each.pk][1] for each in (own, over, last, future, between, newest)]
    assert whose == [amara.pk, None, amara.pk, None, amara.pk, bo.pk]
    everybody = [pk for pk, *_rest in made]
    list_states.help_changed(everybody)
    list_states.caseloads_changed(everybody, on=today)
    assert states() == made
