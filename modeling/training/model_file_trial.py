"""Tries the files of a new model in a process that may die of them, before anything of the portal reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

LONGEST_SECONDS = 120
# Secrets of the portal are of no use to a process that only computes.
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR", "HOME")


class ModelFailedTrial(Exception):
    """The files of a new model crash their reader, hang it, or answer differently; nothing was registered."""


def try_out(folder: Path) -> None:
    """Read the model of a folder in a throw-away process, and score the rows stored beside it.

    :raises ModelFailedTrial: if it is refused, crashes, hangs, or answers differently
    """
    command = [sys.executable, "-m", "modeling.training.trial_process", str(folder)]
    try:
        tried = subprocess.run(  # noqa: S603
            command, cwd=settings.BASE_DIR, env=bare_environment(), timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelFailedTrial(f"The new model was not read back within {LONGEST_SECONDS} seconds.") from None
    if tried.returncode:
        refused = folder / "refused.txt"
        why = refused.read_text(encoding="utf-8") if refused.exists() else f"Exit code {tried.returncode}."
        raise ModelFailedTrial(f"The new model could not be read back. {why}")


def bare_environment() -> dict[str, str]:
    """Return the environment of a process that fits or tries a model: no secrets, one thread."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }
