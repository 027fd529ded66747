"""Whatever dies while an import runs, afterwards the tables are those of an import that nothing disturbed."""

import json
import random
import time

import pytest

from tests.live import attendance_files
from tests.live.breakable_services import BreakableServices
from tests.live.import_under_faults import Faults, Imports
from tests.live.stack import LiveStack

pytestmark = pytest.mark.slow

SEED = 697
N_KILLS = 20
LONGEST_DEAD_SECONDS = 120
CALM, SHAKEN = "calm", "shaken"
# An import may be over before the moment that was drawn for its worker's end; then the next one has to bear the rest.
KILLED = ("killed", "killed-again", "killed-once-more")


@pytest.fixture(scope="module")
def imports(tmp_path_factory):
    """The portal on servers of its own."""
    with BreakableServices() as services, pytest.MonkeyPatch.context() as patched:
        for name, value in services.environment().items():
            patched.setenv(name, value)
        folder = tmp_path_factory.mktemp("faults")
        stack = LiveStack(database="portal", folder=folder)
        try:
            stack.start("worker")
            stack.start("web", "--workers", "1")
            told = stack.run("-m", "tests.live.people", CALM, SHAKEN, *KILLED)
            stack.institutions = json.loads(told.splitlines()[-1])
            stack.url = stack.said("web", r"Listening at: (http://[\d.:]+)")
            stack.start("beat", "-s", str(folder / "schedule"))
            yield Imports(stack, services)
        finally:
            stack.close()


@pytest.fixture(scope="module")
def calm(imports):
    """What an undisturbed import leaves, and how many seconds its check and its merge took."""
    imports.prepared(CALM)
    upload = imports.later(CALM)
    check = imports.over(imports.newest_job(CALM))
    imports.told(CALM, upload, "/confirm")
    merge = imports.over(imports.newest_job(CALM))
    seconds = [(job["finished_at"] - job["started_at"]).total_seconds() for job in (check, merge)]
    return imports.snapshot(CALM), seconds, imports.told(CALM, upload)


def left(imports, slug):
    """Return the jobs of an institution that did not come to a good end."""
    jobs = imports.stack.sql(
        "SELECT state, error FROM jobs_job WHERE institution_id = %s", imports.stack.institutions[slug]["id"]
    )
    return [job for job in jobs if job["state"] != "done"]


def say(capsys, **counts):
    with capsys.disabled():
        print(f"\n{json.dumps(counts)}")


def test_an_undisturbed_import_stores_what_the_file_says(calm, capsys):
    tables, seconds, told = calm

    say(capsys, undisturbed_check_and_merge_seconds=seconds)
    assert told["n_rows"] == attendance_files.N_LATER_ROWS == 200_000
    changes = told["difference"]["kinds"]["attendance"]
    assert (changes["new"], changes["gone"]) == (attendance_files.N_NEW, attendance_files.N_GONE)
    assert min(changes["changed"], changes["unchanged"]) > 5_000
    assert tables["students_student"][0] == attendance_files.N_STUDENTS
    # Each changed row stands there twice: as it was, and as it is.
    n_stored = attendance_files.N_STUDENTS * len(attendance_files.EARLIER) + changes["new"] + changes["changed"]
    assert tables["students_attendancerecord"][0] == n_stored
    assert all(n == n_distinct for n, n_distinct, _hash in tables.values())


def under_fire(imports, slug, faults, seconds):
    """Import while the worker is killed, half of the times in the check; return what is told and stored in the end."""
    checking, merging = seconds
    imports.prepared(slug)
    upload = imports.later(slug)
    check_id = imports.newest_job(slug)
    imports.strike(check_id, faults, times=(N_KILLS - faults.n_kills) // 2, within=checking)
    imports.over(check_id)
    imports.told(slug, upload, "/confirm")
    merge_id = imports.newest_job(slug)
    imports.strike(merge_id, faults, times=N_KILLS - faults.n_kills, within=merging)
    imports.over(merge_id)
    faults.n_attempts += sum(imports.stack.job(job_id)["attempts"] for job_id in (check_id, merge_id))
    return imports.told(slug, upload), imports.snapshot(slug)


def test_a_worker_killed_at_twenty_moments_loses_and_doubles_nothing(imports, calm, capsys):
    tables, seconds, undisturbed = calm
    faults, began, found = Faults(random.Random(SEED)), time.monotonic(), {}

    for slug in KILLED:
        if faults.n_kills < N_KILLS:
            found[slug] = under_fire(imports, slug, faults, seconds)

    stored = [snapshot["students_attendancerecord"] for _told, snapshot in found.values()]
    say(
        capsys,
        kills=faults.n_kills,
        of_the_whole_worker=faults.n_kills_of_all,
        imports=len(found),
        attempts=faults.n_attempts,
        lost=sum(tables["students_attendancerecord"][0] - n for n, _n_distinct, _hash in stored),
        doubled=sum(n - n_distinct for n, n_distinct, _hash in stored),
        seconds=round(time.monotonic() - began),
    )
    assert faults.n_kills == N_KILLS
    for slug, (told, snapshot) in found.items():
        assert snapshot == tables
        assert told["difference"]["kinds"] == undisturbed["difference"]["kinds"]
        assert left(imports, slug) == []


def test_a_lost_broker_and_a_restarted_database_are_survived_without_help(imports, calm, capsys):
    tables, (checking, merging), undisturbed = calm
    faults, began, stack = Faults(random.Random(SEED)), time.monotonic(), imports.stack
    imports.prepared(SHAKEN)

    upload = imports.later(SHAKEN)
    check_id = imports.newest_job(SHAKEN)
    imports.running(check_id, attempt=1)
    time.sleep(checking / 3)
    imports.services.kill_broker()
    stack.kill("worker")
    imports.services.start_broker()
    stack.start("worker")
    imports.recovered(check_id, faults, attempt=1)
    imports.over(check_id)
    imports.told(SHAKEN, upload, "/confirm")
    merge_id = imports.newest_job(SHAKEN)
    imports.running(merge_id, attempt=1)
    time.sleep(merging / 3)
    imports.restart_database()
    imports.recovered(merge_id, faults, attempt=1)
    imports.over(merge_id)

    told, snapshot = imports.told(SHAKEN, upload), imports.snapshot(SHAKEN)
    dead = [round(seconds) for seconds in faults.dead_seconds]
    say(capsys, dead_seconds_after_broker_and_database=dead, seconds=round(time.monotonic() - began))
    assert snapshot == tables
    assert told["difference"]["kinds"] == undisturbed["difference"]["kinds"]
    assert [imports.stack.job(job_id)["attempts"] for job_id in (check_id, merge_id)] == [2, 2]
    assert max(faults.dead_seconds) < LONGEST_DEAD_SECONDS
    assert left(imports, SHAKEN) == []


def test_nothing_is_left_running_and_no_file_half_arrived(imports):
    assert imports.stack.sql("SELECT 1 FROM jobs_job WHERE state IN ('running', 'queued')") == []
    files = imports.stack.folder / "files"
    assert [path for path in files.rglob(".*") if path.is_file()] == []
    # A worker whose broker or database went away comes back by itself.
    assert imports.stack.sql("SELECT 1 FROM students_upload WHERE stage <> 'done'") == []
