"""Every hostile file is read, or refused in a sentence that helps; none of them harms the reader."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

import pytest

from students.importing import containers
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import SENTENCES, CellError, FileRefused
from tests.students.importing.hostile_files import Hostile
from tests.students.importing.hostile_zips import CORPUS

MOST_GROWTH_KB = 200_000


def rows_and_problems(path: Path, filename: str) -> tuple[int, set[str]]:
    n_rows, problems = 0, set()
    for member in containers.opened(path, filename).members:
        if member.kind == "csv":
            for block in CsvFile(member).blocks():
                n_rows += block.rows.height
                problems |= set(block.faults["problem"])
    return n_rows, problems


CAN_BE_READ = {name: one for name, one in CORPUS.items() if not one.refused}
CANNOT = {name: one for name, one in CORPUS.items() if one.refused}


@pytest.mark.parametrize("hostile", CAN_BE_READ.values(), ids=CAN_BE_READ.keys())
def test_good_rows_of_a_hostile_file_are_read_and_bad_lines_told(hostile: Hostile, tmp_path: Path) -> None:
    path = hostile.written(tmp_path)

    n_rows, problems = rows_and_problems(path, hostile.filename)

    assert (n_rows, problems) == (hostile.n_rows, set(hostile.faults))
    assert all(CellError(3, "", "1", problem, "6").sentence() for problem in problems)


@pytest.mark.parametrize("hostile", CANNOT.values(), ids=CANNOT.keys())
def test_a_hostile_file_that_cannot_be_read_is_refused_with_a_sentence(hostile: Hostile, tmp_path: Path) -> None:
    path = hostile.written(tmp_path)

    with pytest.raises(FileRefused) as refusal:
        rows_and_problems(path, hostile.filename)

    assert {error.problem for error in refusal.value.errors} == {hostile.refused}
    assert "%(" not in str(refusal.value)
    assert "None" not in str(refusal.value)


def test_the_corpus_holds_more_than_a_hundred_files() -> None:
    assert len(CORPUS) > 100
    assert {one.refused for one in CANNOT.values()} <= SENTENCES.keys()


@pytest.mark.parametrize("name", ["line of 500 MB", "lone quotation mark above 12 MB", "zip bomb"])
def test_memory_stays_flat_however_large_the_file(name: str, tmp_path: Path) -> None:
    path = CORPUS[name].written(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with contextlib.suppress(FileRefused):
        rows_and_problems(path, CORPUS[name].filename)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KB
