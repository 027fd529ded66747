"""Asking for a training: once a minute, and again where it failed."""

import datetime as dt

from jobs.models import Job, State
from modeling import training_requests

NOW = dt.datetime(2026, 11, 23, 7, 0, 5, tzinfo=dt.UTC)


def asked(institution, seconds):
    now = NOW + dt.timedelta(seconds=seconds)
    return training_requests.request(institution=institution, by=None, now=now, wakes=False)


def test_a_double_click_asks_for_one_training(riverside, at_riverside):
    assert asked(riverside, 0) == asked(riverside, 1)
    assert asked(riverside, 0) != asked(riverside, 60)


def test_a_training_that_failed_is_queued_again_at_once(riverside, at_riverside):
    run = asked(riverside, 0)
    Job.objects.filter(pk=run.job_id).update(state=State.FAILED, error="Too few.", finished_at=NOW)

    again = asked(riverside, 1)

    again.job.refresh_from_db()
    assert (again, again.job.state, again.job.error) == (run, State.QUEUED, "")
