"""`make demo`: a bare machine to a list with reasons, and everything stopped again at Ctrl-C.

Runs outside of Django, because the servers must stand before the settings are read.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dropout_portal.local_services import LocalServices, ServicesUnavailable, configured_elsewhere, die_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
# A loaded machine may take minutes; whoever waits hears of it, and after the longest gets address and logins anyway.
WORD_EVERY_SECONDS, LONGEST_SECONDS = 60, 900
# The demo may well run as root in a throw-away machine; Celery would say so on a page of its own.
QUIET = {
    "LOG_LEVEL": "WARNING",
    "WEB_LOG_LEVEL": "warning",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


def main() -> int:
    """Run the demo until it is stopped."""
    port = os.environ.get("PORT", "8000")
    try:
        _check_port(port)
        with ExitStack() as stack:
            environment = stack.enter_context(_services())
            _prepare(environment, port)
            return _serve(environment, port)
    except ServicesUnavailable as reason:
        say(str(reason))
        return 1
    except subprocess.CalledProcessError as failed:
        say(f"The demo could not be prepared: `{' '.join(map(str, failed.cmd[1:]))}` failed.")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _check_port(port: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError):
            raise ServicesUnavailable(
                f"Port {port} is not free. Stop what uses it, or choose another: PORT=8001 make demo"
            ) from None


@contextmanager
def _services() -> Iterator[dict[str, str]]:
    """Yield the environment of the demo's processes, with servers of our own unless the environment names some."""
    VAR_DIR.mkdir(exist_ok=True)
    own = {"PORTAL_DEMO": "1", "SECRET_KEY": _secret_key(), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    if configured_elsewhere():
        yield {**os.environ, **own}
        return
    say("1/5 Starting PostgreSQL and Valkey")
    settings_file = VAR_DIR / "services.env"
    with LocalServices(VAR_DIR / "services") as services:
        found = services.environment() | own
        settings_file.touch(mode=0o600)
        settings_file.write_text("".join(f"{name}={value}\n" for name, value in found.items()))
        try:
            yield {**os.environ, **found}
        finally:
            settings_file.unlink(missing_ok=True)


def _secret_key() -> str:
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def _manage(environment: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, BASE_DIR / "manage.py", *words], env=environment, cwd=BASE_DIR, check=True)  # noqa: S603


def _prepare(environment: dict[str, str], port: str) -> None:
    """Migrate, then load, train and score whatever is not there yet."""
    say("2/5 Making the tables")
    _manage(environment, "migrate", "--verbosity", "0")
    _manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
    students = os.environ.get("DEMO_STUDENTS", "")
    _manage(environment, "load_demo", "--port", port, *(["--students", students] if students else []))


def _serve(environment: dict[str, str], port: str) -> int:
    """Run web, workers and beat until told to stop."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    honcho = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "honcho", "--procfile", BASE_DIR / "Procfile", "--env", os.devnull, "start"],
        env={**environment, "PATH": path, "PORT": port, "PORTAL_URL": f"http://127.0.0.1:{port}", **QUIET},
        cwd=BASE_DIR,
        preexec_fn=die_with_parent,
        start_new_session=True,
    )

    def stop(signum: int, frame: object) -> None:
        honcho.send_signal(signal.SIGTERM)

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    is_ready = _is_ready(port, honcho)
    if honcho.poll() is None:
        _welcome(is_ready=is_ready)
    honcho.wait()
    return 0 if honcho.returncode in (0, -signal.SIGTERM, 130, 143) else 1


def _is_ready(port: str, honcho: subprocess.Popen[bytes]) -> bool:
    """Wait while the servers start; False if they ended, or take longer than anybody waits."""
    began = time.monotonic()
    next_word = began + WORD_EVERY_SECONDS
    while (now := time.monotonic()) < began + LONGEST_SECONDS and honcho.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=30):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        if now >= next_word:
            say(f"    The servers are still starting ({now - began:.0f} s).")
            next_word = now + WORD_EVERY_SECONDS
    return False


def _welcome(*, is_ready: bool = True) -> None:
    told = json.loads((VAR_DIR / "demo.json").read_text(encoding="utf-8"))
    state = "is ready" if is_ready else "runs but is not ready yet; try its address in a while"
    say(f"\n  Dropout Portal {state}: {told['url']}\n")
    for user in told["users"].values():
        say(f"    {user['login']:<34} {user['password']:<18} {user['role']}")
    say("\n  Ctrl-C stops everything. The data stays in var/ until `make clean`.\n")


if __name__ == "__main__":
    sys.exit(main())
