"""A PostgreSQL and a Valkey of one test's own, which it may kill and start again."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import psycopg

from dropout_portal.local_services import START_SECONDS, LocalServices

DATABASE, BROKER = "postgres.log", "valkey.log"
SOCKETS = {DATABASE: ".s.PGSQL.5432", BROKER: "v.sock"}


class BreakableServices(LocalServices):
    """Throw-away servers: a broker that is killed forgets every message, a database keeps what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self._commands: dict[str, list[str | Path]] = {}
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def kill_broker(self) -> None:
        """End the broker at once."""
        self._end(BROKER, signal.SIGKILL)

    def stop_database(self) -> None:
        """Shut the database down while it is being used: every connection is cut, every transaction undone."""
        self._end(DATABASE, signal.SIGINT)

    def start_broker(self) -> None:
        """Start the broker, empty."""
        self._start_again(BROKER)

    def start_database(self) -> None:
        """Start the database, and wait until it takes connections."""
        self._start_again(DATABASE)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._admin().close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def _spawn(self, command: list[str | Path], log: str) -> None:
        super()._spawn(command, log)
        self._commands[log], self._servers[log] = command, self._processes[-1]

    def _end(self, log: str, sign: signal.Signals) -> None:
        self._servers[log].send_signal(sign)
        self._servers[log].wait(START_SECONDS)

    def _start_again(self, log: str) -> None:
        self._processes.remove(self._servers[log])
        self._spawn(self._commands[log], log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(self.run / SOCKETS[log]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
