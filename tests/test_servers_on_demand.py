"""The servers of the tests start when somebody asks for them, once, and what is made once a run is made once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dropout_portal import local_services
from tests import databases, local_services_plugin
from tests.local_services_plugin import DOOR, RUN_FOLDER, ServersOnDemand

ROOT = Path(__file__).resolve().parents[1]
# Servers that cannot start: whoever asks for one is told so. Django is loaded before pytest could rewrite it.
WITHOUT_SERVERS = """
import sys, pytest
from dropout_portal.local_services import LocalServices, ServicesUnavailable
def refuse(self): raise ServicesUnavailable("somebody asked for servers")
LocalServices.start = refuse
sys.exit(pytest.main(["-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", *sys.argv[1:]]))
"""


@pytest.fixture
def on_demand(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServersOnDemand]:
    """Servers beside those of this run, at a door of their own."""
    servers = ServersOnDemand()
    monkeypatch.setenv(DOOR, servers.environment()[DOOR])
    yield servers
    servers.close()


def run_without_servers(*words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest anew; the addresses of this run's servers are not handed on."""
    ours = ("PORTAL_TESTS_", "PYTEST_", "DATABASE_", "REDIS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-c", WITHOUT_SERVERS, *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_test_of_a_core_needs_no_server() -> None:
    done = run_without_servers("tests/modeling/core/test_suppression.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "somebody asked for servers" not in done.stdout


def test_whoever_needs_a_database_asks_for_them_and_hears_why_there_is_none() -> None:
    done = run_without_servers("tests/jobs/test_sweep.py")

    assert done.returncode == 1
    assert "somebody asked for servers" in done.stdout


def test_they_start_for_the_first_to_ask_at_the_address_known_before(on_demand: ServersOnDemand) -> None:
    address = on_demand.environment()["DATABASE_URL"]
    folder = on_demand._servers.run
    assert on_demand._servers._processes == []

    local_services_plugin.start_services()
    running = list(on_demand._servers._processes)
    local_services_plugin.start_services()

    assert on_demand._servers._processes == running
    password = urlsplit(address).password
    with psycopg.connect(host=str(folder), user="portal_app", password=password, dbname="portal") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    on_demand.close()
    assert [process.poll() is None for process in running] == [False, False]
    assert not folder.exists()


def test_each_who_asks_hears_why_they_did_not_start(
    on_demand: ServersOnDemand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_services, "_postgres_folder", lambda: Path("/nowhere"))

    for _asked in range(2):
        with pytest.raises(local_services.ServicesUnavailable, match="nowhere"):
            local_services_plugin.start_services()


@pytest.mark.parametrize(
    ("address", "beside", "expected"),
    [
        ("unix:///run/v.sock", 3, "unix:///run/v.sock?db=3"),
        ("unix:///run/v.sock?db=4", 1, "unix:///run/v.sock?db=5"),
        ("redis://:word@host:6379/6", 2, "redis://:word@host:6379/8"),
        ("redis://host", 0, "redis://host/0"),
    ],
)
def test_each_process_has_a_database_of_the_broker(
    monkeypatch: pytest.MonkeyPatch, address: str, beside: int, expected: str
) -> None:
    monkeypatch.setenv("REDIS_URL", address)

    assert local_services_plugin.broker_address(beside=beside) == expected


def test_a_database_for_all_is_made_once_though_the_first_attempt_failed(
    migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUN_FOLDER, str(tmp_path))
    made: list[str] = []

    def make(name: str) -> None:
        made.append(name)
        if len(made) == 1:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        databases.made_once("test_once", make, template=migrated_database)
    names = [databases.made_once("test_once", make, template=migrated_database) for _asked in range(2)]
    databases.drop_what_was_made_once()

    assert names == made[1:] * 2
    assert len(made) == 2
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        databases.as_owner(names[0])
