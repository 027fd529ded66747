"""The checks of `make check` that need a database: migrations, deployment settings, the API's schema.

Runs outside of Django, each command in a process of its own under the settings of a real deployment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from dropout_portal.local_services import LocalServices, ServicesUnavailable, configured_elsewhere

BASE_DIR = Path(__file__).resolve().parent.parent
# In this order: the third command looks at what the second one did.
CHECKS = (
    ("every change of a model has its migration", ("makemigrations", "--check", "--dry-run")),
    ("a fresh database can be migrated", ("migrate", "--verbosity", "0")),
    ("and then nothing is left to migrate", ("migrate", "--check")),
    ("the settings of a deployment raise no warning", ("check", "--deploy", "--fail-level", "WARNING")),
    ("the OpenAPI schema is valid", ("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)),
)
# What loosens the settings has no place in a deployment.
LOOSENING = ("PORTAL_DEMO", "PORTAL_TESTING", "DEBUG")


def main() -> int:
    """Run every check, print a line for each, and return how the process should end."""
    with ExitStack() as stack:
        try:
            addresses = stack.enter_context(_fresh_database())
        except ServicesUnavailable as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        environment = _as_deployed(addresses)
        passed = [_passes(words, command, environment) for words, command in CHECKS]
    return 0 if all(passed) else 1


def _as_deployed(addresses: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in LOOSENING}
    strict = {"SECRET_KEY": secrets.token_urlsafe(64), "ALLOWED_HOSTS": "portal.example", "OMP_NUM_THREADS": "1"}
    return inherited | addresses | strict


def _passes(words: str, command: tuple[str, ...], environment: dict[str, str]) -> bool:
    done = subprocess.run(  # noqa: S603
        [sys.executable, BASE_DIR / "manage.py", *command],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    sys.stdout.write(f"{'ok    ' if passed else 'FAILED'} {words} (manage.py {command[0]})\n")
    if not passed:
        sys.stdout.write(done.stdout + done.stderr)
    sys.stdout.flush()
    return passed


@contextmanager
def _fresh_database() -> Iterator[dict[str, str]]:
    """Yield the addresses of an empty database: on a server of our own, or on the one the environment names."""
    if not configured_elsewhere():
        with LocalServices() as services:
            yield services.environment()
        return
    owner = os.environ.get("DATABASE_OWNER_URL", "")
    if not owner:
        raise ServicesUnavailable("DATABASE_URL is set, so DATABASE_OWNER_URL is needed too: the checks migrate.")
    name = f"checks_{os.getpid()}"
    with contextlib.closing(psycopg.connect(owner, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield {
                variable: urlsplit(os.environ[variable])._replace(path=f"/{name}").geturl()
                for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
            }
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


if __name__ == "__main__":
    sys.exit(main())
