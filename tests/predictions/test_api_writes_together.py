"""However many times a request arrives at once, under one key it acts once and all are answered alike."""

import threading

import pytest
from django.db import connections
from django.utils import timezone

from accounts import scope
from accounts.models import School
from predictions import repeated_requests
from predictions.models import IdempotentAnswer
from students.models import Intervention
from tests import rows
from tests.people import elsewhere

__all__ = ["elsewhere"]

N_TIMES = 8


@pytest.fixture
def student(transactional_db, elsewhere):
    """A student of the other institution, committed."""
    school = School.objects.create(institution=elsewhere, external_id="C", name="Campus")
    with scope.entered(scope.of_institution(elsewhere)):
        return rows.student(school)


def all_at_once(system, bodies, headers):
    answers, start = [], threading.Barrier(len(bodies))

    def send(body):
        try:
            start.wait()
            answers.append(system.post("/api/interventions", body, **headers))
        finally:
            connections.close_all()

    senders = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answers


def body_of(student, institution, goal=""):
    today = institution.day_of(timezone.now()).isoformat()
    return {"student": str(student.public_id), "kind": "mentor", "started_on": today, "goal": goal}


def test_of_eight_at_once_one_acts_and_all_are_answered_alike(client_of, student, elsewhere):
    system = client_of(elsewhere, scopes=["write_interventions"])

    answers = all_at_once(system, [body_of(student, elsewhere)] * N_TIMES, {"Idempotency-Key": "k1"})

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replay" in answer for answer in answers) == N_TIMES - 1
    with scope.entered(scope.of_institution(elsewhere)):
        assert (Intervention.objects.count(), IdempotentAnswer.objects.count()) == (1, 1)


def test_of_two_that_differ_one_acts_and_the_other_is_refused(client_of, student, elsewhere):
    system = client_of(elsewhere, scopes=["write_interventions"])

    answers = all_at_once(
        system, [body_of(student, elsewhere, goal) for goal in ("One", "Other")], {"Idempotency-Key": "k1"}
    )

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    with scope.entered(scope.of_institution(elsewhere)):
        assert Intervention.objects.count() == 1


def test_where_the_first_fails_the_one_that_waited_acts(client_of, student, elsewhere):
    client, now = client_of(elsewhere, scopes=[]).client, timezone.now()
    inside, waits = threading.Event(), threading.Event()
    acted = []

    def fail():
        inside.set()
        waits.wait(10)
        raise OSError("lost")

    def act():
        acted.append(True)
        return repeated_requests.Answered(status=201, answer={})

    def send(deed):
        try:
            with scope.entered(scope.of_institution(elsewhere)):
                repeated_requests.once(client=client, key="k", request_sha256="0" * 64, now=now, act=deed)
        except OSError:
            acted.append(False)
        finally:
            connections.close_all()

    first = threading.Thread(target=send, args=(fail,))
    first.start()
    assert inside.wait(10)
    second = threading.Thread(target=send, args=(act,))
    second.start()
    second.join(0.5)
    assert second.is_alive()
    waits.set()
    first.join()
    second.join()

    assert sorted(acted) == [False, True]
