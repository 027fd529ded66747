"""Let DVC keep a folder of frozen datasets: `dvc add` for the files, dvc.yaml to train from them again.

DVC is a program of its own, called where it is installed; nothing else of the portal needs it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from django.conf import settings

LONGEST_SECONDS = 3600


class DvcMissing(Exception):
    """DVC is not installed."""


class DvcFailed(Exception):
    """DVC ended with an error; the sentence holds its own words."""


def track(folder: Path, files: Sequence[Path], *, institution_slug: str, digest: str) -> None:
    """Add files to the folder's DVC repository, made if there is none, and write the stage that trains again.

    :raises DvcMissing: if there is no dvc program
    :raises DvcFailed: if it refuses
    """
    program = _program()
    if _run(program, ["root"], folder, check=False).returncode:
        _run(program, ["init", "--no-scm", "--quiet"], folder)
        # It would tell its makers of every call, and ask whether there is a newer version.
        for name in ("core.analytics", "core.check_update"):
            _run(program, ["config", name, "false"], folder)
    _run(program, ["add", "--quiet", *[str(path.relative_to(folder)) for path in files]], folder)
    (folder / "dvc.yaml").write_text(stages(institution_slug=institution_slug, digest=digest), encoding="utf-8")


def stages(*, institution_slug: str, digest: str) -> str:
    """Return dvc.yaml: one stage that trains from a dataset and its configuration and keeps the figures."""
    train = (
        f"${{python}} ${{portal}}/manage.py train_model --institution {shlex.quote(institution_slug)} "
        f"--dataset {digest} --from . --json > metrics.json"
    )
    described = {
        # Where the portal is on this machine; change it on another.
        "vars": [{"python": sys.executable, "portal": str(settings.BASE_DIR)}],
        "stages": {
            "train": {
                "cmd": train,
                "deps": [f"datasets/{digest}.parquet", f"datasets/{digest}.yaml"],
                "metrics": [{"metrics.json": {"cache": False}}],
            }
        },
    }
    return yaml.safe_dump(described, sort_keys=False, width=1000)


def _program() -> str:
    beside = Path(sys.executable).with_name("dvc")
    found = str(beside) if beside.is_file() else shutil.which("dvc")
    if not found:
        raise DvcMissing('DVC is not installed. Install the portal with its extra: pip install "dropout-portal[dvc]".')
    return found


def _run(
    program: str, arguments: Sequence[str], folder: Path, *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    # Secrets of the portal are of no use to it; DVC's own settings and those of its remotes are.
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    environment = {
        name: value for name, value in os.environ.items() if name in kept or name.startswith(("DVC_", "AWS_"))
    }
    done = subprocess.run(  # noqa: S603
        [program, *arguments],
        cwd=folder,
        env=environment | {"DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    if check and done.returncode:
        raise DvcFailed(f"dvc {arguments[0]} failed: {' '.join(done.stderr.split())}")
    return done
