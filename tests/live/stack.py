"""The whole portal as child processes on a database of its own: web, workers and beat, as the Procfile starts them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
import redis
from celery import Celery
from psycopg import sql

from dropout_portal.local_services import die_with_parent
from tests import databases
from tests.live.visitor import Visitor
from tests.local_services_plugin import broker_address

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 90, 10
LOG_LINES = 40
T = TypeVar("T")


class LiveStack:
    """Processes by name, the database they share, and the doors to both."""

    def __init__(self, *, database: str, folder: Path) -> None:
        self.url = ""
        self.folder = folder
        self.environment = _environment(database, folder)
        self.broker = redis.Redis.from_url(self.environment["REDIS_URL"])
        self.database = databases.as_owner(database)
        self.institutions: dict[str, dict[str, Any]] = {}
        self._commands = _procfile()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, kind: str, *words: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start a process of the Procfile, with words added to its command: of an option said twice the last holds."""
        name = name or kind
        if kind in ("worker", "heavy"):
            words = ("-n", f"{name}-{os.getpid()}@%h", *words)
        with self.log_of(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                ["sh", "-c", f'exec {self._commands[kind]} "$@"', kind, *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return self._processes[name]

    def pid(self, name: str) -> int:
        """Return the number of a process that was started."""
        return self._processes[name].pid

    def start_workers(self) -> None:
        """Start the workers of both queues."""
        self.start("worker")
        self.start("heavy")

    def said(self, name: str, pattern: str) -> str:
        """Wait until a process logs a line, and return its first group."""

        def found() -> re.Match[str] | None:
            assert self._processes[name].poll() is None, f"{name} ended: {self.tail(name)}"
            return re.search(f"(?:{pattern})", self.log_of(name).read_text(errors="replace"))

        match = wait_until(found, seconds=START_SECONDS)
        assert match
        return match.group(1) if match.groups() else match.group()

    def kill(self, *names: str) -> None:
        """End processes and all they started at once, as a lost machine does."""
        for name in names:
            process = self._processes.pop(name, None)
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop(self, *names: str) -> None:
        """Let processes end by themselves, for a while."""
        running = [self._processes[name] for name in names if name in self._processes]
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        self.kill(*names)

    def close(self) -> None:
        """End everything."""
        self.kill(*list(self._processes))
        self.broker.flushdb()
        self.broker.close()
        self.database.close()

    def run(self, *words: str) -> str:
        """Run Python with these words to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def send(self, task: str, *, queue: str = "default", **arguments: Any) -> None:
        """Ring a worker's bell as the portal does."""
        address = self.environment["REDIS_URL"].replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
        with Celery("tests", broker=address, set_as_current=False) as app:
            app.send_task(task, kwargs=arguments, queue=queue)

    def sql(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database as its owner, past every wall of the portal."""
        with self.database.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(query, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def locked(self, table: str, key: int) -> Iterator[None]:
        """Hold a row, so that whoever wants to change it waits."""
        with psycopg.connect(self.environment["DATABASE_OWNER_URL"]) as held:
            held.execute(
                sql.SQL("SELECT 1 FROM {} WHERE id = %s FOR NO KEY UPDATE").format(sql.Identifier(table)), [key]
            )
            yield

    def job(self, job_id: int) -> dict[str, Any]:
        """Return a job's row."""
        return self.sql("SELECT * FROM jobs_job WHERE id = %s", job_id)[0]

    def ended(self, job_id: int, *, seconds: float = 90) -> dict[str, Any]:
        """Wait until a job is over and return its row."""
        wait_until(lambda: self.job(job_id)["state"] in ("done", "failed"), seconds=seconds)
        return self.job(job_id)

    def visitor(self, person: str = "") -> Visitor:
        """Return a visitor of the portal, signed in if a person is named by e-mail."""
        visitor = Visitor(self.url)
        if person:
            visitor.sign_in(person)
        return visitor

    def log_of(self, name: str) -> Path:
        """Return where a process writes."""
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """Return the last lines a process wrote."""
        path = self.log_of(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-LOG_LINES:]) if path.exists() else ""


def wait_until(asked: Callable[[], T], *, seconds: float, every: float = 0.1) -> T:
    """Ask until the answer is true, and return it; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := asked()):
        assert time.monotonic() < deadline, f"Not so within {seconds} s."
        time.sleep(every)
    return answer


def _procfile() -> dict[str, str]:
    lines = (line.partition(": ") for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines() if line)
    return {kind: command for kind, _colon, command in lines}


def _environment(database: str, folder: Path) -> dict[str, str]:
    # Threads are limited by the settings alone here: a limit inherited from the tests would hide a missing one.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "OPENBLAS_", "MKL_"))
    }
    addresses = {
        name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl()
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    own = {
        "DJANGO_SETTINGS_MODULE": "dropout_portal.settings",
        "REDIS_URL": broker_address(beside=1),
        "FILES_DIR": str(folder / "files"),
        # The copy to MLflow has tests of its own; here every training would pay for it.
        "MLFLOW_TRACKING_URI": "",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "INFO",
        "WEB_LOG_LEVEL": "info",
        "BIND": "127.0.0.1",
        "PORT": "0",
    }
    return inherited | addresses | own
