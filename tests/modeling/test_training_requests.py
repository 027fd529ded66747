"""Asking for a training: one at a time, and another once it is over."""

import datetime as dt

import pytest

from jobs.models import Job, State
from modeling.training import training_requests

NOW = dt.datetime(2026, 11, 23, 7, 0, 5, tzinfo=dt.UTC)


def asked(institution, seconds):
    now = NOW + dt.timedelta(seconds=seconds)
    return training_requests.request(institution=institution, by=None, now=now, wakes=False)


def test_while_a_training_waits_asking_again_leads_to_it(riverside, at_riverside):
    assert asked(riverside, 0) == asked(riverside, 1) == asked(riverside, 600)


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_once_it_is_over_another_may_be_asked_for_at_once(riverside, at_riverside, state):
    first = asked(riverside, 0)
    Job.objects.filter(pk=first.job_id).update(state=state, finished_at=NOW)

    second = asked(riverside, 1)

    assert second != first
    assert second.job.state == State.QUEUED
