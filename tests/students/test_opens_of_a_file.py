"""A file is opened to be known, to read its header and to read its rows, and no more often than that."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from students.importing import containers, formats
from students.importing.batches import Options
from students.models import Upload
from students.uploads import uploads
from tests.students.importing.small_batches import TODAY
from tests.students.importing.small_cohort import ANA, BEN, csv_bytes, small_schema
from tests.students.importing.small_files import container_of
from tests.students.test_import_run import FOREIGN, MAPPING, asked, sent, worked_on
from tests.students.uploading import send

MOST_OPENS = 3
ATTENDANCE = "student_id,held_on,category\n" + "".join(f"s{n},2025-09-0{n % 5 + 1},absent\n" for n in range(2000))
_watched: list[tuple[Path, list[str]]] = []


def _note(event, args):
    # A hook of the interpreter cannot be taken away again, so it looks at what is watched just now.
    if event == "open" and _watched and isinstance(args[0], str) and Path(args[0]).resolve() == _watched[-1][0]:
        _watched[-1][1].append(args[0])


sys.addaudithook(_note)


@contextmanager
def opens_of(path):
    """Yield a list that gets longer with every opening of a file."""
    opened: list[str] = []
    _watched.append((Path(path).resolve(), opened))
    try:
        yield opened
    finally:
        _watched.pop()


def opens_until_the_first_batch(path, *, schemas=None, mappings=None):
    schemas = schemas or {}
    with opens_of(path) as opened:
        container = containers.opened(path, path.name)
        recognised = formats.recognise(container, schemas=schemas, mappings=mappings or {})
        schema = schemas.get(recognised.schema_name or "")
        reader = formats.reader_for(recognised, container, Options(today=TODAY, schema=schema))
        batch = next(reader.batches())
        assert batch.rows.height
        return len(opened)


@pytest.mark.parametrize("name", ["attendance.csv", "of-this-week.csv"])
def test_an_attendance_file_is_opened_three_times_before_its_first_batch(tmp_path, name):
    (tmp_path / name).write_text(ATTENDANCE)

    assert opens_until_the_first_batch(tmp_path / name) <= MOST_OPENS


def test_a_file_whose_columns_a_person_named_is_too(tmp_path):
    container = container_of(tmp_path, {"days.csv": FOREIGN})
    mappings = {formats.named(container, format="mapped").shape: MAPPING}

    assert opens_until_the_first_batch(tmp_path / "days.csv", mappings=mappings) <= MOST_OPENS


def test_a_file_of_a_schema_is_too(tmp_path):
    (tmp_path / "small.csv").write_bytes(csv_bytes(ANA, BEN))

    assert opens_until_the_first_batch(tmp_path / "small.csv", schemas={"small": small_schema()}) <= MOST_OPENS


def test_a_file_in_a_zip_is_opened_for_its_header_and_for_its_rows(tmp_path):
    container_of(tmp_path, {"attendance.csv": ATTENDANCE, "read me.txt": "Nothing."})
    path = tmp_path / "records.zip"
    with opens_of(path) as opened:
        (member,) = containers.opened(path, path.name).members
        n_to_be_known = len(opened)
        member.open().close()
    n_each_time = len(opened) - n_to_be_known

    assert opens_until_the_first_batch(path) <= n_to_be_known + 2 * n_each_time


@pytest.mark.parametrize("named", ["", "portal"])
def test_a_check_of_a_clean_file_opens_it_three_times_in_all(riverside, northside, named):
    roster = "student_id,given_name,school_id,grade_level,entered_on\ns1,Ana,N,9,2025-08-25\n"
    asked(uploads.confirm, sent(riverside, roster), skip_invalid_rows=False)
    days = "student_id,held_on,category\ns1,2025-09-01,absent\n"
    upload, _is_new = send(riverside, days.encode(), filename="days.csv", schema="", auto_confirm=False, format=named)

    with opens_of(uploads.stored_path(upload)) as opened:
        checked = worked_on(upload)

    assert (checked.stage, checked.n_rows, checked.n_bad_rows) == (Upload.Stage.REVIEW, 1, 0)
    assert len(opened) == MOST_OPENS
