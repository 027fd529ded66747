"""While work goes on, its lease is renewed and its progress can be read, even inside an open transaction."""

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import Institution
from jobs import claims
from jobs.models import Job, State


@pytest.fixture(autouse=True)
def _quick_beats(monkeypatch):
    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.02)


def read_elsewhere(*fields):
    """Read the job on another connection, as the page does."""
    found = []

    def read():
        try:
            found.append(Job.objects.values_list(*fields).get())
        finally:
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(timeout=10)
    return found[0]


def eventually(read, *, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := read():
            return found
        time.sleep(0.01)
    return None


def test_progress_and_lease_are_seen_while_a_transaction_is_open(transactional_db, riverside, job):
    seen = {}

    def work(held):
        before = held.job.lease_until
        with transaction.atomic():
            Institution.objects.update(name="Not yet committed")
            held.progress(2, 5, "grades")
            seen["progress"] = eventually(
                lambda: (found := read_elsewhere("progress_done", "progress_total", "progress_note"))[0] and found
            )
            seen["lease"] = read_elsewhere("lease_until")[0] > before
        with held.commit_result():
            pass

    claims.run_job(job_id=job.pk, work=work)

    assert seen == {"progress": (2, 5, "grades"), "lease": True}
    assert read_elsewhere("state") == (State.DONE,)


def test_the_beat_ends_with_the_work(transactional_db, job):
    claims.run_job(job_id=job.pk, work=lambda held: time.sleep(0.05))

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("heartbeat-")]
    assert read_elsewhere("state") == (State.RUNNING,)


def test_the_beat_ends_when_another_takes_over(transactional_db, job):
    def work(held):
        claims.claim(job.pk, now=timezone.now() + 2 * claims.LEASE)
        names = [f"heartbeat-{job.pk}"]
        assert eventually(lambda: not [one for one in threading.enumerate() if one.name in names])

    claims.run_job(job_id=job.pk, work=work)

    assert read_elsewhere("attempts") == (2,)


def test_a_long_note_is_cut_to_fit(transactional_db, job):
    def work(held):
        held.progress(1, 2, "x" * 500)
        with held.commit_result():
            pass

    claims.run_job(job_id=job.pk, work=work)

    assert len(read_elsewhere("progress_note")[0]) == 200


def test_what_shall_be_seen_early_is_done_with_the_beat(transactional_db, riverside, job):
    def work(held):
        def rename():
            Institution.objects.filter(pk=riverside.pk).update(name="seen early")

        held.on_heartbeat = rename
        with transaction.atomic():
            assert eventually(lambda: Institution.objects.get(pk=riverside.pk).name == "seen early")

    claims.run_job(job_id=job.pk, work=work)


def lost_database(held):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def collided(held):
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40P01'; END $$")


@pytest.mark.parametrize("work", [lost_database, collided])
def test_a_lost_database_leaves_the_job_for_another_attempt(transactional_db, job, work):
    claims.run_job(job_id=job.pk, work=work)

    assert read_elsewhere("state", "error") == (State.RUNNING, "")
    assert claims.claim(job.pk, now=timezone.now() + 2 * claims.LEASE).token == 2


def test_a_fault_of_the_work_itself_fails_the_job(transactional_db, job):
    def work(held):
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$")

    with pytest.raises(OperationalError):
        claims.run_job(job_id=job.pk, work=work)

    assert read_elsewhere("state", "error") == (State.FAILED, claims.FAILURE)


def test_progress_is_a_share(job):
    shares = [
        Job(progress_done=done, progress_total=total, state=State.RUNNING).progress_share
        for done, total in ((0, 0), (1, 4), (9, 4))
    ]

    assert shares == [0.0, 0.25, 1.0]
