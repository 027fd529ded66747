"""A job is held by one worker at a time, and by nobody for longer than its lease."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Institution
from jobs import claims, queue
from jobs.models import Job, State

NOW = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)
LATER = NOW + claims.LEASE + dt.timedelta(seconds=1)


def rename(name):
    """Return some work whose effect can be seen."""

    def work(held):
        with held.commit_result():
            Institution.objects.filter(pk=held.job.institution_id).update(name=name)

    return work


def names():
    return list(Institution.objects.values_list("name", flat=True))


def test_of_two_workers_one_takes_the_job(transactional_db, riverside, job, at_once):
    for _round in range(20):
        Job.objects.update(state=State.QUEUED, attempts=0, lease_until=None)

        held = at_once(*[lambda: claims.claim(job.pk, now=NOW)] * 2)

        assert sum(one is not None for one in held) == 1
        assert Job.objects.get().attempts == 1


def test_of_two_workers_one_takes_over_from_the_dead(transactional_db, riverside, job, at_once):
    claims.claim(job.pk, now=NOW)

    held = at_once(*[lambda: claims.claim(job.pk, now=LATER)] * 2)

    assert sum(one is not None for one in held) == 1
    assert Job.objects.get().attempts == 2


def test_a_claimed_job_says_so(job):
    held = claims.claim(job.pk, now=NOW)

    job.refresh_from_db()
    assert held.token == job.attempts == 1
    assert (job.state, job.started_at, job.lease_until) == (State.RUNNING, NOW, NOW + claims.LEASE)


@pytest.mark.parametrize("seconds", [0, 10, 20])
def test_a_lease_that_holds_keeps_others_away(job, seconds):
    claims.claim(job.pk, now=NOW)

    assert claims.claim(job.pk, now=NOW + dt.timedelta(seconds=seconds)) is None


def test_an_expired_lease_lets_another_take_over(job):
    claims.claim(job.pk, now=NOW)

    second = claims.claim(job.pk, now=LATER)

    assert second.token == 2
    assert second.job.started_at == NOW


def test_what_is_over_or_unknown_is_not_taken(job):
    claims.claim(job.pk, now=NOW).fail("No.")

    assert claims.claim(job.pk, now=LATER) is None
    assert claims.claim(job.pk + 1, now=NOW) is None


def test_after_three_attempts_nobody_takes_it(job):
    for attempt in range(3):
        assert claims.claim(job.pk, now=NOW + attempt * 2 * claims.LEASE) is not None

    assert claims.claim(job.pk, now=NOW + 3 * 2 * claims.LEASE) is None


def test_a_job_that_may_be_killed_often_is_taken_as_often(riverside):
    job, _is_new = queue.enqueue(
        institution=riverside,
        task="t",
        idempotency_key="k",
        by=None,
        now=NOW,
        retry_policy=queue.RetryPolicy(most_attempts=5),
        wakes=False,
    )

    taken = [claims.claim(job.pk, now=NOW + attempt * 2 * claims.LEASE) is not None for attempt in range(6)]

    assert taken == [True] * 5 + [False]


def test_who_lost_the_job_publishes_nothing(riverside, job):
    first = claims.claim(job.pk, now=NOW)
    claims.claim(job.pk, now=LATER)

    with pytest.raises(claims.LostClaim):
        rename("published by a ghost")(first)

    job.refresh_from_db()
    assert names() == ["Riverside Unified"]
    assert (job.state, job.attempts) == (State.RUNNING, 2)


def test_who_lost_the_job_cannot_fail_it(job):
    first = claims.claim(job.pk, now=NOW)
    claims.claim(job.pk, now=LATER)

    first.fail("The ghost gave up.")

    job.refresh_from_db()
    assert (job.state, job.error) == (State.RUNNING, "")


def test_who_lost_the_job_cannot_keep_it_alive(job):
    first = claims.claim(job.pk, now=NOW)
    second = claims.claim(job.pk, now=LATER)

    assert first.beat() is False
    assert second.beat() is True


def test_a_ghost_of_an_earlier_life_is_not_mistaken_for_the_new_worker(riverside, job):
    ghost = claims.claim(job.pk, now=NOW)
    claims.claim(job.pk, now=LATER).fail("No.")
    queue.requeue(job=job, by=None, now=LATER, wakes=False)
    worker = claims.claim(job.pk, now=LATER)

    with pytest.raises(claims.LostClaim):
        rename("published by a ghost")(ghost)
    assert ghost.beat() is False
    assert worker.beat() is True


def test_effect_and_end_are_written_together(riverside, job):
    rename("New name")(claims.claim(job.pk, now=timezone.now()))

    job.refresh_from_db()
    assert names() == ["New name"]
    assert (job.state, job.error, job.is_over, job.progress_share) == (State.DONE, "", True, 1.0)


def test_an_effect_that_fails_half_way_ends_nothing(riverside, job):
    held = claims.claim(job.pk, now=timezone.now())

    def half_way():
        with held.commit_result():
            Institution.objects.update(name="Half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()

    job.refresh_from_db()
    assert names() == ["Riverside Unified"]
    assert job.state == State.RUNNING


def test_work_is_carried_out_once_however_often_it_is_sent(transactional_db, riverside, job):
    done = []

    def work(held):
        with held.commit_result():
            done.append(held.token)

    for _ in range(3):
        claims.run_job(job_id=job.pk, work=work)

    assert done == [1]


def test_a_refusal_is_written_for_the_person_who_asked(transactional_db, job):
    def work(held):
        raise claims.Refused("Line 3 has no student.")

    claims.run_job(job_id=job.pk, work=work)

    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "Line 3 has no student.")


def test_a_failure_of_ours_tells_the_log_and_not_the_page(transactional_db, job):
    def work(held):
        raise RuntimeError("Nora Quillfeather")

    with pytest.raises(RuntimeError):
        claims.run_job(job_id=job.pk, work=work)

    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, claims.FAILURE)
    assert "Quillfeather" not in job.error


def test_a_takeover_is_no_failure(transactional_db, riverside, job, caplog):
    def work(held):
        assert claims.claim(job.pk, now=timezone.now() + 2 * claims.LEASE)
        rename("published by a ghost")(held)

    claims.run_job(job_id=job.pk, work=work)

    job.refresh_from_db()
    assert (job.state, job.attempts, names()) == (State.RUNNING, 2, ["Riverside Unified"])
    assert "taken over" in caplog.text
