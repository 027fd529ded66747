"""Python in a process of its own: what is imported, refused or left running there cannot be seen from here."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(code, *, seconds=60, without=(), **environment):
    """Run Python code in the repository, with this environment changed as given."""
    env = {name: value for name, value in os.environ.items() if name not in without} | environment
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds, check=False
    )
