"""Work is put into Postgres once, and a worker is woken after the commit."""

import json
import time
import uuid

import pytest
from amqp import ChannelError
from celery import Celery, current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import claims, queue
from jobs.models import Job, State


def enqueue(institution, key="file-1", **fields):
    return queue.enqueue(
        institution=institution,
        task="tests.work",
        idempotency_key=key,
        **{"by": None, "now": timezone.now(), "wakes": False} | fields,
    )


@pytest.fixture
def private_queue():
    """A queue at the real broker that no other test reads."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    yield name
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_delete(name)


def messages(name):
    with current_app.connection_for_read() as broker:
        waiting = broker.SimpleQueue(name)
        try:
            return [waiting.get(timeout=1) for _ in range(waiting.qsize())]
        except ChannelError:
            return []  # nobody ever wrote to this queue


def test_the_same_key_is_the_same_job(riverside):
    first, first_is_new = enqueue(riverside)
    second, second_is_new = enqueue(riverside)

    assert (first_is_new, second_is_new) == (True, False)
    assert first == second
    assert (first.state, first.attempts) == (State.QUEUED, 0)


def test_another_key_task_or_institution_is_another_job(riverside, elsewhere):
    enqueue(riverside)
    enqueue(riverside, key="file-2")
    enqueue(elsewhere)

    assert Job.objects.count() == 3


def test_the_same_file_sent_by_several_at_once_is_one_job(transactional_db, riverside, at_once):
    answers = at_once(*[lambda: enqueue(riverside)] * 4)

    assert sorted(is_new for _job, is_new in answers) == [False, False, False, True]
    assert Job.objects.count() == 1


def test_a_worker_is_woken_after_the_commit_and_not_before(transactional_db, riverside, private_queue):
    with transaction.atomic():
        job, _is_new = enqueue(riverside, retry_policy=queue.RetryPolicy(queue=private_queue), wakes=True)
        before = messages(private_queue)
    (message,) = messages(private_queue)

    assert before == []
    assert message.headers["task"] == "tests.work"
    assert message.payload[:2] == [[], {"job_id": job.pk}]


def test_nobody_is_woken_for_what_was_undone(transactional_db, riverside, private_queue):
    def undone():
        enqueue(riverside, retry_policy=queue.RetryPolicy(queue=private_queue), wakes=True)
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction.atomic():
        undone()

    assert messages(private_queue) == []
    assert not Job.objects.exists()


def test_the_broker_learns_the_number_of_the_job_and_nothing_else(transactional_db, riverside, ines, private_queue):
    enqueue(riverside, key="quillfeather.csv", retry_policy=queue.RetryPolicy(queue=private_queue), by=ines, wakes=True)

    (message,) = messages(private_queue)

    told = json.dumps([message.headers, message.properties, message.payload], default=str)
    assert not any(word in told for word in ("quillfeather", "riverside", ines.email))
    assert (message.headers["argsrepr"], message.headers["kwargsrepr"]) == ("()", "{}")


def test_a_silent_broker_neither_loses_the_work_nor_holds_up_the_page(transactional_db, riverside, monkeypatch, caplog):
    dead = Celery("dead", set_as_current=False)
    dead.config_from_object(settings, namespace="CELERY")
    dead.conf.broker_url = "redis+socket:///tmp/there-is-no-broker-here.sock"
    monkeypatch.setattr(queue, "current_app", dead)

    started = time.monotonic()
    job, _is_new = enqueue(riverside, wakes=True)

    assert time.monotonic() - started < 2
    assert Job.objects.get() == job
    assert "could not be sent" in caplog.text


def test_a_failed_job_can_be_asked_for_again(riverside, ines, job):
    held = claims.claim(job.pk, now=timezone.now())
    held.progress(3, 4, "nearly")
    held.fail("The file is empty.")

    queue.requeue(job=job, by=ines, now=timezone.now(), wakes=False)

    job.refresh_from_db()
    assert (job.state, job.attempts, job.error, job.finished_at) == (State.QUEUED, 0, "", None)
    assert (job.created_by, job.progress_done) == (ines, 0)
    assert claims.claim(job.pk, now=timezone.now()) is not None


@pytest.mark.parametrize("end", ["waiting", "running", "done"])
def test_only_a_failed_job_is_done_again(riverside, job, end):
    if end != "waiting":
        held = claims.claim(job.pk, now=timezone.now())
    if end == "done":
        with held.commit_result():
            pass
    before = Job.objects.values().get()

    queue.requeue(job=job, by=None, now=timezone.now(), wakes=False)

    assert Job.objects.values().get() == before
