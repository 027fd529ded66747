"""A chunk's effect and its line in the ledger are one: a re-run skips what is done and repeats nothing."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import School
from jobs import claims
from jobs.models import ChunkDone

NOW = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)


def do_chunks(held, numbers, *, dies_in=None):
    for number in numbers:
        with held.chunk(number) as is_new:
            if is_new:
                School.objects.create(institution=held.job.institution, external_id=str(number), name="made")
            if number == dies_in:
                raise RuntimeError("killed")


def made():
    return sorted(School.objects.values_list("external_id", flat=True))


def test_a_second_attempt_does_what_is_left(job):
    with pytest.raises(RuntimeError):
        do_chunks(claims.claim(job.pk, now=NOW), range(4), dies_in=2)
    after_first = made()

    do_chunks(claims.claim(job.pk, now=NOW + 2 * claims.LEASE), range(4))

    assert after_first == ["0", "1"]
    assert made() == ["0", "1", "2", "3"]
    assert ChunkDone.objects.count() == 4


def test_a_ghost_writes_no_chunk(job):
    ghost = claims.claim(job.pk, now=NOW)
    claims.claim(job.pk, now=NOW + 2 * claims.LEASE)

    with pytest.raises(claims.LostClaim):
        do_chunks(ghost, [0])

    assert made() == []
    assert not ChunkDone.objects.exists()


def test_chunks_of_two_jobs_are_apart(job, riverside):
    from jobs import queue

    other, _is_new = queue.enqueue(
        institution=riverside, task="tests.work", idempotency_key="twice", by=None, now=timezone.now(), wakes=False
    )

    with claims.claim(job.pk, now=NOW).chunk(0), claims.claim(other.pk, now=NOW).chunk(0) as is_new:
        assert is_new
