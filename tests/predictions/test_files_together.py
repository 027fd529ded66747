"""Two people who confirm at the same moment: the second never undoes the first unasked, nor records it again."""

import threading

import pytest
from django.db import connections
from django.utils import timezone

from accounts import scope
from accounts.models import Membership, Role, School, User
from predictions import caseload_files, given_help
from predictions.caseload_files import CaseloadLine
from students.help.many_given import Begun
from students.models import Caseload, Intervention
from students.records.checked_lines import Changed
from tests import rows
from tests.people import SINCE, elsewhere, otto

__all__ = ["elsewhere", "otto"]


@pytest.fixture
def student(transactional_db, elsewhere):
    """A student of the other institution, committed."""
    school = School.objects.create(institution=elsewhere, external_id="C", name="Campus")
    with scope.entered(scope.of_institution(elsewhere)):
        return rows.student(school, external_id="E1")


def counsellor(name, institution):
    user = User.objects.create_user(f"{name}@elsewhere.example", "correct horse battery", display_name=name)
    given = {"role": Role.COUNSELLOR, "every_school": True, "starts_on": SINCE}
    Membership.objects.create(user=user, institution=institution, **given)
    return user


def at_once(person, *acts):
    """Do several things at the same moment; return how each ended."""
    ends, start = [], threading.Barrier(len(acts))

    def go(act):
        try:
            with scope.entered(scope.of_membership(person.memberships.get())):
                start.wait(10)
                ends.append(len(act()))
        except Changed:
            ends.append("changed")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return ends


@pytest.mark.parametrize("_time", range(3))
def test_a_student_goes_to_one_of_two_counsellors_and_the_other_file_is_shown_again(student, elsewhere, otto, _time):
    addresses = [counsellor(name, elsewhere).email for name in ("Cora", "Dean")]

    def give(address):
        line = CaseloadLine(line=2, number="E1", counsellor=address)
        return caseload_files.record([line], offered={2: "new "}, by=otto, now=timezone.now())

    ends = at_once(otto, *(lambda address=address: give(address) for address in addresses))

    assert sorted(map(str, ends)) == ["1", "changed"]
    with scope.entered(scope.of_institution(elsewhere)):
        assert Caseload.objects.count() == 1


@pytest.mark.parametrize("_time", range(3))
def test_help_that_two_record_for_the_same_students_stands_once(student, elsewhere, otto, _time):
    with scope.entered(scope.of_institution(elsewhere)):
        students = [student, *(rows.student(student.school) for _ in range(3))]
    today = elsewhere.day_of(timezone.now())

    def begin(students):
        begun = [Begun(student=one, kind="mentor", started_on=today) for one in students]
        return given_help.begin_many(begun=begun, by=otto, now=timezone.now())

    ends = at_once(otto, lambda: begin(students), lambda: begin(students[::-1]))

    assert sorted(ends) == [0, 4]
    with scope.entered(scope.of_institution(elsewhere)):
        assert Intervention.objects.count() == 4


@pytest.mark.parametrize("_time", range(3))
def test_help_that_is_clicked_twice_at_the_same_moment_stands_once(student, elsewhere, otto, _time):
    today = elsewhere.day_of(timezone.now())
    said = {"kind": "mentor", "started_on": today, "goal": "", "by": otto, "now": timezone.now()}

    def begin():
        given_help.begin(student=student, **said)
        return [student]

    at_once(otto, begin, begin)

    with scope.entered(scope.of_institution(elsewhere)):
        assert Intervention.objects.count() == 1
