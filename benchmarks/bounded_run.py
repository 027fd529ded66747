"""One run of a benchmark in a process of its own: what it printed, what CPU it took, or why there is nothing."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dropout_portal.local_services import die_with_parent

# Interrupted, a benchmark stops its servers and removes what it wrote.
SECONDS_TO_TIDY_UP = 20


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run printed, with its seconds; or why it did not measure."""

    said: Any = None
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    failure: str = ""


def run(module: str, arguments: str, *, checkout: Path, data: Path, seconds: float) -> Run:
    """Run a benchmark of a checkout with this Python; never longer than the seconds given and those to tidy up.

    CPU is that of all processes that it started and waited for, the servers included.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments.split()]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(checkout), "DROPOUT_DATA": str(data)}
    before, since = _cpu_of_children(), time.monotonic()
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as complained:
        process = subprocess.Popen(
            command,
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=complained,
            # A group of its own, so that the whole of it can be stopped; and it dies with this process.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            _stop(process)
            return Run(failure=f"not done after {seconds:g} s")
        except BaseException:
            _stop(process)
            raise
        if process.returncode:
            return Run(failure=_complaint(complained) or f"ended with {process.returncode}")
        return _measured(printed, cpu=_cpu_of_children() - before, wall=time.monotonic() - since)


def _measured(printed: IO[str], *, cpu: float, wall: float) -> Run:
    line = _last_line(printed)
    try:
        said = json.loads(line)
    except ValueError:
        return Run(failure=f"printed no JSON but {line[:80]!r}")
    return Run(said=said, cpu_seconds=round(cpu, 1), wall_seconds=round(wall, 1))


def _stop(process: subprocess.Popen[bytes]) -> None:
    for asked, seconds in ((signal.SIGINT, SECONDS_TO_TIDY_UP), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, asked)
            process.wait(timeout=seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _complaint(file: IO[str]) -> str:
    """Return the last error that was told, and not that a process of the benchmark's own ended with it."""
    file.seek(0)
    told = [line.strip() for line in file if line.strip() and not line.startswith((" ", "subprocess.Called"))]
    errors = [line for line in told if re.match(r"[\w.]+(Error|Exception|Exist|Stop)\w*:", line)]
    return (errors or told or [""])[-1][:200]


def _last_line(file: IO[str]) -> str:
    file.seek(0)
    lines = [line for line in file.read().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
