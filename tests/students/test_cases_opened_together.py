"""However many pulls there are at once, and whoever works on a case at once, each thing happens once."""

import threading

import pytest
from django.db import connections

from accounts import scope
from accounts.models import School, User
from students.models import CaseStep, ReengagementCase
from students.outcomes import cases_opened, way_back
from tests import rows
from tests.people import elsewhere
from tests.students.ways_back import NOW, Kind, Told, enrolled, kinds, told_by_file

__all__ = ["elsewhere"]

N_TIMES = 6


@pytest.fixture
def student(transactional_db, elsewhere):
    """A student of the other institution who left, committed."""
    school = School.objects.create(institution=elsewhere, external_id="C", name="Campus")
    with scope.entered(scope.of_institution(elsewhere)):
        left = rows.student(school)
        told_by_file(left)
    return left


def at_once(institution, deed, n=N_TIMES):
    """Do something in several transactions that are all open before any of them does it; return what each gave."""
    answers, start = [], threading.Barrier(n)

    def one():
        try:
            with scope.entered(scope.of_institution(institution)):
                start.wait(timeout=30)
                answers.append(deed())
        except way_back.Overtaken:
            answers.append("overtaken")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_six_pulls_at_once_one_opens_the_case(student, elsewhere):
    opened = at_once(elsewhere, lambda: cases_opened.open_cases(now=NOW))

    assert sorted(opened) == [0] * (N_TIMES - 1) + [1]
    with scope.entered(scope.of_institution(elsewhere)):
        assert kinds(ReengagementCase.objects.get()) == ["opened"]


def test_of_six_pulls_at_once_one_moves_the_case_on(student, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)):
        cases_opened.open_cases(now=NOW)
        enrolled(student, NOW.date())
    at_once(elsewhere, lambda: cases_opened.open_cases(now=NOW))

    with scope.entered(scope.of_institution(elsewhere)):
        case = ReengagementCase.objects.get()
        assert (kinds(case), case.version) == (["opened", "returned"], 2)


def test_of_two_people_at_once_one_is_shown_what_the_other_did(student, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)):
        cases_opened.open_cases(now=NOW)
        case = ReengagementCase.objects.get()
    people = [User.objects.create(email=f"{n}@elsewhere.example") for n in range(2)]
    told = Told(kind=Kind.ENDED, done_on=NOW.date(), ending="moved", words="Both heard so")

    answers = at_once(
        elsewhere, lambda: way_back.record(case=case, told=told, version=1, by=people.pop(), now=NOW), n=2
    )

    assert "overtaken" in answers
    with scope.entered(scope.of_institution(elsewhere)):
        assert CaseStep.objects.filter(kind=Kind.ENDED).count() == 1
