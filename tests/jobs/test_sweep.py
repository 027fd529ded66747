"""The sweeper sends again what was lost on the way, and gives up on what kills its workers."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import claims, queue, tasks
from jobs.models import Job, State

NOW = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)


@pytest.fixture
def rung(monkeypatch):
    """The jobs a worker was woken for."""
    jobs = []
    monkeypatch.setattr(queue, "wake", lambda job: jobs.append(job.pk))
    return jobs


def test_what_nobody_heard_of_is_sent_again(job, rung):
    Job.objects.update(sent_at=NOW - queue.RESEND_AFTER - dt.timedelta(seconds=1))

    n_sent = queue.resend_lost(now=NOW)
    n_sent_at_once_after = queue.resend_lost(now=NOW)

    assert (n_sent, n_sent_at_once_after, rung) == (1, 0, [job.pk])


def test_what_was_just_sent_is_left_alone(job, rung):
    Job.objects.update(sent_at=NOW - dt.timedelta(seconds=29))

    assert queue.resend_lost(now=NOW) == 0


def test_what_a_dead_worker_holds_is_sent_again(job, rung):
    claims.claim(job.pk, now=NOW)

    too_early = queue.resend_lost(now=NOW + claims.LEASE)
    in_time = queue.resend_lost(now=NOW + claims.LEASE + dt.timedelta(seconds=1))

    assert (too_early, in_time, rung) == (0, 1, [job.pk])


def test_what_is_over_is_never_sent(job, rung):
    claims.claim(job.pk, now=NOW).fail("No.")

    assert queue.resend_lost(now=NOW + dt.timedelta(days=1)) == 0


def test_what_killed_three_workers_is_given_up(job, rung):
    for attempt in range(3):
        claims.claim(job.pk, now=NOW + attempt * 2 * claims.LEASE)

    n_sent = queue.resend_lost(now=NOW + dt.timedelta(hours=1))

    job.refresh_from_db()
    assert (n_sent, rung) == (0, [])
    assert (job.state, job.error) == (State.FAILED, queue.KILLED_TOO_OFTEN)


def test_a_living_third_attempt_is_not_given_up(job, rung):
    for attempt in range(3):
        held = claims.claim(job.pk, now=NOW + attempt * 2 * claims.LEASE)

    queue.resend_lost(now=NOW + 4 * claims.LEASE)

    job.refresh_from_db()
    assert held.beat()
    assert job.state == State.RUNNING


def test_what_another_sweeper_has_in_hand_is_left_to_it(transactional_db, job, rung, at_once):
    Job.objects.update(sent_at=NOW - dt.timedelta(hours=1))

    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)
        during = at_once(lambda: queue.resend_lost(now=NOW))
    afterwards = queue.resend_lost(now=NOW)

    assert (during, afterwards, rung) == ([0], 1, [job.pk])


def test_the_periodic_task_sweeps(job, rung):
    Job.objects.update(sent_at=timezone.now() - dt.timedelta(minutes=5))

    tasks.sweep()

    assert rung == [job.pk]
