"""Jobs as they stand in the queue, and workers that race."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from jobs import queue


@pytest.fixture
def job(riverside):
    """A job nobody was woken for."""
    made, _is_new = queue.enqueue(
        institution=riverside, task="tests.work", idempotency_key="once", by=None, now=timezone.now(), wakes=False
    )
    return made


@pytest.fixture
def at_once():
    """Run functions at the same moment, each on a connection of its own, and return what each returned."""

    def run(*functions):
        start, answers = threading.Barrier(len(functions)), [None] * len(functions)

        def work(place, function):
            try:
                start.wait(timeout=10)
                answers[place] = function()
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        return answers

    return run
