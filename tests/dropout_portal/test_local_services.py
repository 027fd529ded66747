"""The servers of the demo and the tests start anywhere, disturb nobody, and leave nothing running."""

import os
import shutil
import signal
import subprocess
import sys
import time

import psycopg
import pytest
import redis

from dropout_portal import local_services
from dropout_portal.local_services import LocalServices, ServicesUnavailable
from tests.dropout_portal.subprocesses import ROOT, python

AWKWARD = 'it\'s a "place" of mine, 100% ünïcode'
CONNECT = """
import django; django.setup()
from django.core.cache import cache
from django.db import connections
for connection in connections.all(): connection.ensure_connection()
cache.set("a", 1); print(cache.get("a"), len(connections.all()))
"""
RUNNER = """
import sys, time
from pathlib import Path
from dropout_portal.local_services import LocalServices
with LocalServices(Path(sys.argv[1])) as services:
    print(*[process.pid for process in services._processes], services.run, flush=True)
    time.sleep(600)
"""


def owner(services):
    return psycopg.connect(
        host=str(services.run), user="portal_owner", password=services._password, dbname="portal", autocommit=True
    )


def valkey(services):
    return redis.Redis.from_url(services.environment()["REDIS_URL"])


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(condition, *, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_both_servers_start_from_an_awkward_folder_and_django_finds_them(tmp_path):
    with LocalServices(tmp_path / AWKWARD) as services:
        done = python(CONNECT, **{"DJANGO_SETTINGS_MODULE": "dropout_portal.settings"} | services.environment())
        folder, pids = services.run, [process.pid for process in services._processes]

    assert (done.stdout.strip(), done.returncode) == ("1 2", 0), done.stderr
    assert not folder.exists()
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.parametrize(
    ("database", "broker", "elsewhere"),
    [("postgres://a/b", "redis://c", True), ("postgres://a/b", "", False), ("", "redis://c", False)],
)
def test_servers_the_environment_names_are_used_instead(monkeypatch, database, broker, elsewhere):
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("REDIS_URL", broker)

    assert local_services.configured_elsewhere() is elsewhere


@pytest.mark.parametrize(
    ("finder", "sentence"),
    [("_postgres_folder", "No PostgreSQL found. Install"), ("_valkey_binary", "No Valkey or Redis found. Install")],
)
def test_a_missing_server_is_told_with_what_to_do(monkeypatch, finder, sentence):
    monkeypatch.setattr(local_services, "_wheel_folder", lambda package: None)
    monkeypatch.setattr(local_services.shutil, "which", lambda name: None)
    monkeypatch.setattr(local_services.Path, "glob", lambda path, pattern: iter(()))

    with pytest.raises(ServicesUnavailable, match=sentence):
        getattr(local_services, finder)()


@pytest.mark.slow
def test_two_run_side_by_side_and_a_third_is_kept_out_of_a_folder_in_use(tmp_path):
    with LocalServices(tmp_path / "a") as first, LocalServices() as second:
        with pytest.raises(ServicesUnavailable, match="Another demo already uses"), LocalServices(tmp_path / "a"):
            pass
        valkey(first).set("whose", "first")

        assert first.run != second.run
        assert valkey(second).get("whose") is None
        with owner(first) as one, owner(second) as other:
            assert one.execute("SELECT 1").fetchone() == other.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.slow
def test_what_was_kept_is_there_after_a_power_cut(tmp_path):
    with LocalServices(tmp_path / "kept") as before:
        with owner(before) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        valkey(before).set("kept", "42")
        valkey(before).execute_command("WAITAOF", 1, 0, 2000)
        for process in before._processes:
            process.kill()

    with LocalServices(tmp_path / "kept") as after, owner(after) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
        assert valkey(after).get("kept") == b"42"
        assert after.environment()["DATABASE_URL"].split("@")[0] == before.environment()["DATABASE_URL"].split("@")[0]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_servers_do_not_outlive_a_runner_that_was_killed(tmp_path):
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, tmp_path / "kept"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    postgres, broker, folder = runner.stdout.readline().split()
    pids = [int(postgres), int(broker)]

    started = [is_running(pid) for pid in pids]
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    runner.stdout.close()

    assert started == [True, True]
    assert eventually(lambda: not any(is_running(pid) for pid in pids))
    with LocalServices(tmp_path / "kept") as again:
        assert str(again.run) != folder
    shutil.rmtree(folder)
