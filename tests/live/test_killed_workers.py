"""A worker that dies at once, with all it started, leaves work that another one finishes: all of it, and once."""

from pathlib import Path

import pytest

from modeling.training.training_requests import STEPS
from tests.live import processes, stories
from tests.live.stack import wait_until

MANY = 20_000


def a_minute_later(live, job_id):
    """Let the lease of a job's dead holder look as if it had ended."""
    live.sql("UPDATE jobs_job SET lease_until = now() - interval '1 second' WHERE id = %s", job_id)


@pytest.mark.slow
def test_an_import_cut_off_in_the_middle_is_finished_by_a_new_worker(live, tmp_path):
    admin = live.visitor(live.institutions["killed"]["ines"])
    checked = stories.watched(admin, stories.upload(admin, stories.flat_cohort(tmp_path, n=MANY)), seconds=200)
    page = admin.post(f"{checked.url.removeprefix(admin.url)}confirm")
    job_id = stories.newest_job(live, "killed")
    # It works: the heartbeat told of rows, and none of them may stay.
    wait_until(lambda: live.job(job_id)["progress_done"] > 0, seconds=120)
    live.kill("worker")
    assert live.job(job_id)["state"] == "running"
    assert stories.stored(live, "killed") == stories.of_students(0)

    live.start("worker")
    a_minute_later(live, job_id)
    live.send("jobs.sweep")

    told = stories.watched(admin, page, seconds=200)
    assert "20,000 new students" in told.words
    assert live.job(job_id)["attempts"] == 2
    assert stories.stored(live, "killed") == stories.of_students(MANY)
    assert not live.sql("SELECT 1 FROM jobs_job WHERE state = 'running'")
    assert live.sql("SELECT count(DISTINCT external_id) AS n FROM students_student")[0]["n"] >= MANY


@pytest.mark.slow
def test_a_training_cut_off_in_the_middle_leaves_no_process_and_one_model(live, tmp_path):
    institution = live.institutions["training"]
    ines, mika = live.visitor(institution["ines"]), live.visitor(institution["mika"])
    stories.brought_in(ines, stories.upload(ines, stories.flat_cohort(tmp_path, n=2000)))
    page = mika.post("/model/train")
    job_id = stories.newest_job(live, "training")
    # It learns: this step comes after all that the process imports.
    wait_until(lambda: live.job(job_id)["progress_done"] >= STEPS.index("fit"), seconds=60)
    fitting = processes.below(live.pid("heavy"), "modeling.training.fit_process")
    live.kill("heavy")
    wait_until(lambda: not any(map(processes.runs, fitting)), seconds=2)

    live.start("heavy")
    a_minute_later(live, job_id)
    live.send("jobs.sweep")

    assert "Done" in stories.watched(mika, page).words
    versions = live.sql("SELECT * FROM modeling_modelversion WHERE institution_id = %s", institution["id"])
    assert [version["is_champion"] for version in versions] == [True]
    assert live.job(job_id)["attempts"] == 2


def files_below(folder):
    """Return the files there are, without the copy of the records: the last import's may still be on its way."""
    return {path for path in folder.rglob("*") if path.is_file() and "columnar" not in path.relative_to(folder).parts}


@pytest.mark.slow
def test_a_list_cut_off_in_the_middle_leaves_nothing_and_is_made_whole_by_a_new_worker(live, tmp_path):
    institution = live.institutions["scored"]
    ines, mika = live.visitor(institution["ines"]), live.visitor(institution["mika"])
    stories.brought_in(ines, stories.upload(ines, stories.flat_cohort(tmp_path, n=MANY)), seconds=200)
    stories.write_rule(ines)
    files = Path(live.environment["FILES_DIR"])
    before = files_below(files)
    of_run = "run_id IN (SELECT id FROM predictions_scoringrun WHERE job_id = %s)"
    staged = "SELECT 1 FROM pg_class WHERE relname = 'scores_in_hand'"
    mika.post("/lists/new")
    # Whoever publishes waits for this row, so that the kill cannot come too late.
    with live.locked("accounts_institution", institution["id"]):
        job_id = stories.newest_job(live, "scored")
        wait_until(lambda: live.sql(staged), seconds=60, every=0.01)
        live.kill("worker", "heavy")
    wait_until(lambda: not live.sql(staged), seconds=20)
    assert live.job(job_id)["state"] == "running"
    assert not live.sql(f"SELECT 1 FROM predictions_riskscore WHERE {of_run} LIMIT 1", job_id)
    assert files_below(files) == before

    live.start_workers()
    a_minute_later(live, job_id)
    live.send("jobs.sweep")

    job = live.ended(job_id, seconds=200)
    assert (job["state"], job["attempts"]) == ("done", 2)
    [run] = live.sql("SELECT * FROM predictions_scoringrun WHERE institution_id = %s", institution["id"])
    whole = {"n": run["n_scored"], "students": run["n_scored"], "last": run["n_scored"] - run["n_insufficient"]}
    for table in ("riskscore", "currentrisk"):
        counted = "count(*) AS n, count(DISTINCT student_id) AS students, max(rank) AS last"
        assert live.sql(f"SELECT {counted} FROM predictions_{table} WHERE {of_run}", job_id) == [whole]
    assert run["n_scored"] > MANY / 2
