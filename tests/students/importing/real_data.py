"""Where the real data sets lie, or a skip with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
COHORTS = REPOSITORY / "configs" / "cohorts"


def real_file(name: str) -> Path:
    """Return a file of the real data sets; skip the test where it is absent."""
    folder = Path(os.environ.get("DROPOUT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"real data: {name} is not in DROPOUT_DATA")
    return folder / name
