"""The page of formats names whatever can be read."""

from __future__ import annotations

import re
from pathlib import Path

from students.importing.edfi_paths import PATHS
from students.importing.oneroster_bundle import FILES_READ
from students.importing.record_kinds import kinds

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`\n]+)`", PAGE))


def test_every_column_of_our_own_files_is_named() -> None:
    columns = {column for kind in kinds().values() for column in kind.columns}

    assert columns <= QUOTED, sorted(columns - QUOTED)


def test_every_file_of_oneroster_and_every_resource_of_edfi_that_is_read_is_named() -> None:
    names = {f"{name}.csv" for name in FILES_READ} | set(PATHS)

    assert names <= QUOTED, sorted(names - QUOTED)
