"""Which code and libraries made a model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata

from django.conf import settings

LIBRARIES = ("lightgbm", "scikit-learn", "numpy", "pandas", "scipy", "pyarrow")


def commit() -> str:
    """Return the commit of the code: CODE_VERSION where the image sets it, else git's, else "unknown"."""
    if given := os.environ.get("CODE_VERSION"):
        return given
    git = shutil.which("git")
    if git is None:
        return "unknown"
    asked = [git, "-c", f"safe.directory={settings.BASE_DIR}", "-C", str(settings.BASE_DIR), "describe", "--always"]
    told = subprocess.run([*asked, "--dirty", "--abbrev=40"], capture_output=True, text=True, check=False)  # noqa: S603
    return told.stdout.strip()[:64] or "unknown"


def libraries() -> dict[str, str]:
    """Return the versions of what a model's numbers depend on."""
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in LIBRARIES}}
