"""Small files that real systems send and that went wrong: `shared/cases` beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BASE = ("schools", "terms", "school_days", "grades", "attendance", "discipline")


def case(name):
    """Return the path of a case; skip where the folder is not there."""
    folder = Path(os.environ.get("DROPOUT_CASES", REPOSITORY.parent / "shared" / "cases"))
    if not folder.is_dir():
        pytest.skip("the cases are not beside the repository, and DROPOUT_CASES does not name them")
    return folder / name
