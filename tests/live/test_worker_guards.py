"""What keeps a worker from hanging: nothing heavy before the fork, and one thread in every child."""

import json

import pytest

from tests.live import processes, stories
from tests.live.stack import wait_until

# Each brings OpenMP or BLAS threads, which a fork does not survive.
HEAVY = ("lightgbm", "sklearn", "scipy", "pandas", "numpy", "pyarrow")
LONGEST_SECONDS = 60


@pytest.fixture
def probed(live):
    """A worker that also knows the tests' own task."""
    live.start("worker", "-Q", "probe", "-I", "tests.live.probe", name="probed")
    yield live.pid("probed")
    live.kill("probed")


@pytest.fixture
def one_worker(live):
    """One worker with one child for both queues."""
    live.stop("worker", "heavy")
    live.start("worker", "-Q", "default,heavy", name="only")
    live.said("only", "ready")
    yield live.pid("only")
    live.kill("only")
    live.start_workers()


def heavy_in(pid):
    """Return which of the heavy libraries a process has in its memory."""
    loaded = processes.libraries(pid)
    assert "libc" in loaded
    return [library for library in HEAVY if f"/{library}/" in loaded]


def test_what_a_worker_forks_from_never_loads_anything_heavy(live):
    for name in ("worker", "heavy"):
        live.said(name, "ready")

        assert heavy_in(live.pid(name)) == []


def test_every_pool_of_threads_in_a_task_is_one_thread_wide(live, probed, tmp_path):
    path = tmp_path / "told.json"

    live.send("tests.tell_threads", queue="probe", path=str(path))

    wait_until(path.exists, seconds=LONGEST_SECONDS)
    told = json.loads(path.read_text())
    assert told["pid"] in processes.below(probed)
    assert "lightgbm" in heavy_in(told["pid"])
    assert heavy_in(probed) == []
    assert {pool["user_api"] for pool in told["pools"]} >= {"openmp", "blas"}
    assert {pool["num_threads"] for pool in told["pools"]} == {1}


@pytest.mark.slow
def test_one_child_imports_trains_and_scores_twice_without_hanging(live, one_worker, tmp_path):
    institution = live.institutions["onechild"]
    child = processes.below(one_worker)
    ines = live.visitor(institution["ines"])
    stories.brought_in(ines, stories.upload(ines, stories.flat_cohort(tmp_path, n=400)))

    stories.train(live, "onechild")
    stories.make_list(live, "onechild")
    stories.make_list(live, "onechild")

    jobs = live.sql("SELECT * FROM jobs_job WHERE institution_id = %s ORDER BY id", institution["id"])
    assert [(job["task"].partition(".")[2], job["state"], job["attempts"]) for job in jobs] == [
        ("check_upload", "done", 1),
        ("merge_upload", "done", 1),
        ("train_model", "done", 1),
        ("score_students", "done", 1),
        ("score_students", "done", 1),
    ]
    assert all((job["finished_at"] - job["started_at"]).total_seconds() < LONGEST_SECONDS for job in jobs)
    assert processes.below(one_worker) == child
