"""Redis is only the bell: whatever happens to a message, the work is done, and done once."""

import pytest

from tests.live import stories
from tests.live.stack import wait_until

N = 60


@pytest.fixture
def without_worker(live):
    """Nobody imports until the test says so; what runs at its end goes on."""
    live.stop("worker")
    yield
    live.stop("second")
    assert live.pid("worker")


def asked(live, slug, folder, *, n=N):
    """Send a cohort through the page, and return its job's number."""
    admin = live.visitor(live.institutions[slug]["ines"])
    page = stories.upload(admin, stories.flat_cohort(folder, n=n))
    assert page.status == 200
    return stories.newest_job(live, slug)


def merged_by_itself(live, job_id):
    """Let a file that waits for its check be brought in by it, as an API client may ask."""
    live.sql("UPDATE students_upload SET merges_by_itself = true WHERE job_id = %s", job_id)


def half_a_minute_later(live, job_id):
    """Let a job look as if it had been sent 31 seconds ago."""
    live.sql("UPDATE jobs_job SET sent_at = sent_at - interval '31 seconds' WHERE id = %s", job_id)


def test_work_whose_message_was_lost_is_sent_again_by_the_sweeper(live, without_worker, tmp_path):
    job_id = asked(live, "lost", tmp_path)
    merged_by_itself(live, job_id)
    live.broker.flushdb()
    live.start("worker")
    half_a_minute_later(live, job_id)

    live.send("jobs.sweep")

    assert live.ended(job_id)["state"] == "done"
    assert stories.stored(live, "lost") == stories.of_students(N)


def test_a_broker_that_forgot_everything_while_all_run_takes_the_next_message(live, tmp_path):
    live.broker.flushdb()
    job_id = asked(live, "forgotten", tmp_path)

    assert live.ended(job_id)["state"] == "done"


def test_work_that_waited_for_a_worker_is_done_once_though_its_message_came_five_times_to_two(
    live, without_worker, tmp_path
):
    job_id = asked(live, "twice", tmp_path)
    merged_by_itself(live, job_id)
    assert live.job(job_id)["state"] == "queued"
    for _more in range(4):
        live.send("students.check_upload", job_id=job_id)
    assert live.broker.llen("default") == 5

    live.start("worker")
    live.start("worker", name="second")

    wait_until(lambda: not live.broker.llen("default") + live.broker.hlen("unacked"), seconds=60)
    assert (job := live.ended(job_id))["state"] == "done"
    assert job["attempts"] == 1
    assert stories.stored(live, "twice") == stories.of_students(N)


@pytest.mark.slow
def test_beat_alone_brings_back_what_was_lost_and_compares_new_scores(live, tmp_path):
    admin = live.visitor(live.institutions["rung"]["ines"])
    stories.brought_in(admin, stories.upload(admin, stories.flat_cohort(tmp_path, n=400)))
    live.stop("worker", "heavy")
    page = live.visitor(live.institutions["rung"]["mika"]).post("/model/train")
    live.broker.flushdb()

    live.start_workers()
    live.start("beat", "-s", str(tmp_path / "schedule"))

    try:
        assert page.status == 200
        assert live.ended(stories.newest_job(live, "rung"), seconds=150)["attempts"] == 1
        stories.let_decide(live, "rung", number=1)
        wait_until(lambda: stories.compared(live, "rung"), seconds=120, every=1)
    finally:
        live.stop("beat")
