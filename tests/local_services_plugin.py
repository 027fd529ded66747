"""Tell Django's settings where PostgreSQL and Valkey will be, and start them when the first fixture asks.

conftest.py would be too late for the settings. With a worker per core (`-n`) all of them share the servers of the
process that started them: they ask it at its door, a socket whose address stands in the environment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dropout_portal import local_services

# Where compiled code is not kept, each of the hundred processes of a run compiles a thousand files anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

DOOR = "PORTAL_TESTS_DOOR"
# What all processes of one run share: locks, and what is made once.
RUN_FOLDER = "PORTAL_TESTS_RUN"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
READY = b"ready"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment of this process and all it starts."""
    files = tempfile.TemporaryDirectory(prefix="portal-tests-")
    early_config.add_cleanup(files.cleanup)
    os.environ["PORTAL_TESTING"] = "1"
    os.environ["SECRET_KEY"] = "for-tests-only-" * 5
    os.environ["FILES_DIR"] = str(Path(files.name) / "files")
    os.environ["MLFLOW_ARTIFACTS_DIR"] = str(Path(files.name) / "mlflow")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not WORKER:
        os.environ[RUN_FOLDER] = str(Path(files.name) / f"run_{os.getpid()}")
        run_folder().mkdir()
        if not local_services.configured_elsewhere():
            servers = ServersOnDemand()
            early_config.add_cleanup(servers.close)
            os.environ.update(servers.environment())
    # Two databases of the broker for each process: its own, and the one beside it for the running portal of `live`.
    os.environ["REDIS_URL"] = broker_address(beside=2 * worker_number())


def start_services() -> None:
    """Return once PostgreSQL and Valkey answer; at once where the environment named servers of its own.

    :raises ServicesUnavailable: if they cannot be started
    """
    if door := os.environ.get(DOOR):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(door)
            answer = asking.makefile("rb").read()
        if answer != READY:
            raise local_services.ServicesUnavailable(answer.decode())


def run_folder() -> Path:
    """Return the folder that all processes of this run share; its name is the run's own."""
    return Path(os.environ[RUN_FOLDER])


def worker_number() -> int:
    """Return which of the run's processes this is, from 0."""
    return int(WORKER.removeprefix("gw")) if WORKER else 0


def broker_address(*, beside: int) -> str:
    """Return the broker's address with the number of its database raised."""
    if os.environ["REDIS_URL"].startswith("unix://"):
        address, _, number = os.environ["REDIS_URL"].partition("?db=")
        return f"{address}?db={int(number or 0) + beside}"
    parts = urlsplit(os.environ["REDIS_URL"])
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + beside}").geturl()


class ServersOnDemand:
    """Servers whose addresses are known from the beginning, and which start when somebody knocks."""

    def __init__(self) -> None:
        self._servers = local_services.LocalServices()
        # Not in the servers' own folder, which goes when they cannot start; but as short a path, for it is a socket's.
        self._folder = Path(tempfile.mkdtemp(prefix="dp-", dir=self._servers.run.parent))
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._folder / "door"))
        self._listening.listen()
        # The kernel ends the servers with the thread that started them, so this one stays until they are stopped.
        self._thread = threading.Thread(target=self._answer, name="servers of the tests", daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return the settings that lead to the servers, and to the door; MLflow has tests of its own."""
        return self._servers.environment() | {DOOR: str(self._folder / "door"), "MLFLOW_TRACKING_URI": ""}

    def close(self) -> None:
        """Stop what was started."""
        self._servers.stop()
        # A thread that waits for a visitor is woken by closing for both directions, not by closing alone.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self) -> None:
        answer = b""
        while True:
            try:
                visitor, _address = self._listening.accept()
            except OSError:
                return
            with visitor, contextlib.suppress(OSError):
                answer = answer or self._start()
                visitor.sendall(answer)

    def _start(self) -> bytes:
        try:
            self._servers.start()
        except (local_services.ServicesUnavailable, OSError) as error:
            return str(error).encode()
        return READY
