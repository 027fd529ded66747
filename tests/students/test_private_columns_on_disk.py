"""Nothing of a forbidden column lies on disk once a file was checked, in whatever order it is sent again."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import scope
from students import tasks
from students.models import Upload
from students.uploads import stored_files, uploads
from tests.students.test_import_run import ROSTER, STUDENTS, WITH_SSN, asked, brought_in, reloaded, sent, worked_on
from tests.students.uploading import send

Stage = Upload.Stage
SECRET = "123-45-6789"
BAD_ROW = "s11,Given,123-45-6789,N,9,2025-02-30\n"

pytestmark = pytest.mark.usefixtures("transactional_db", "northside")


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path, settings):
    files = tmp_path / "files"
    settings.FILES_DIR = files
    settings.STORAGES = settings.STORAGES | {
        "default": settings.STORAGES["default"]
        | {"OPTIONS": settings.STORAGES["default"]["OPTIONS"] | {"location": str(files)}}
    }


def lying_about(secret=SECRET):
    """Return the files below the folder of files in which a value can be read."""
    root = Path(default_storage.path(""))
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def original_of(upload):
    return Path(default_storage.path(f"uploads/{upload.institution.slug}/{upload.content_sha256}"))


def sent_again(institution, text=WITH_SSN):
    upload, is_new = send(
        institution, text.encode(), filename="students.csv", schema="", auto_confirm=False, wakes=False
    )
    return reloaded(upload), is_new


def test_the_same_file_sent_while_it_waits_leaves_nothing(riverside):
    first = sent(riverside, WITH_SSN)
    again, is_new = sent_again(riverside)

    assert (again, is_new, again.stage) == (first, False, Stage.REVIEW)
    assert not lying_about()


def test_the_same_file_sent_before_its_first_check_leaves_nothing_after_it(riverside):
    sent_again(riverside)
    upload, is_new = sent_again(riverside)
    worked_on(upload)

    assert not is_new
    assert not lying_about()


def test_the_same_file_sent_once_it_was_brought_in_leaves_nothing(riverside):
    brought_in(riverside, WITH_SSN)
    again, is_new = sent_again(riverside)

    assert (again.stage, is_new) == (Stage.DONE, False)
    assert not lying_about()


@pytest.mark.parametrize("ending", ["discarded", "undone"])
def test_the_same_file_sent_after_it_was_put_aside_or_taken_back_leaves_nothing(riverside, ending):
    if ending == "discarded":
        first = sent(riverside, WITH_SSN)
        with scope.entered(scope.of_institution(riverside)):
            uploads.discard(upload=first, by=None, now=timezone.now())
    else:
        asked(uploads.undo, brought_in(riverside, WITH_SSN))
    upload, is_new = sent_again(riverside)
    worked_on(upload)

    assert (is_new, upload.generation) == (True, 2)
    assert not lying_about()
    assert not sent_again(riverside)[1]
    assert not lying_about()


def test_the_rows_that_stay_out_hold_nothing_of_it(riverside):
    upload = brought_in(riverside, WITH_SSN + BAD_ROW)
    sent_again(riverside, WITH_SSN + BAD_ROW)

    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 1)
    assert Path(default_storage.path(upload.quarantine_as)).exists()
    assert not lying_about()


def test_the_command_leaves_nothing_in_two_steps_nor_when_it_is_repeated(riverside, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text(WITH_SSN + BAD_ROW, encoding="utf-8")
    with pytest.raises(CommandError, match="1 rows are wrong"):
        call_command("import_records", str(path), institution="riverside", dry_run=False)
    with pytest.raises(CommandError, match="1 rows are wrong"):
        call_command("import_records", str(path), institution="riverside")
    assert not lying_about()

    call_command("import_records", str(path), institution="riverside", confirm=True, leave_out_bad_rows=True)
    call_command("import_records", str(path), institution="riverside")
    call_command("import_records", str(path), institution="riverside", again=True, dry_run=True)

    assert not lying_about()


def test_a_file_that_another_upload_waits_with_stays_until_that_was_checked(riverside):
    first, _is_new = sent_again(riverside)
    other, is_new = send(
        riverside, WITH_SSN.encode(), filename="students.csv", schema="", auto_confirm=False, is_complete=True
    )
    worked_on(first)
    other = worked_on(other)

    assert (is_new, other.stage) == (True, Stage.REVIEW)
    assert not lying_about()


def test_what_lies_there_from_before_is_swept_and_what_a_row_names_stays(riverside):
    upload = brought_in(riverside, WITH_SSN)
    waiting = sent_again(riverside, ROSTER)[0]
    original_of(upload).write_text(WITH_SSN, encoding="utf-8")

    tasks.sweep_files()

    assert not lying_about()
    assert uploads.stored_path(upload).exists()
    assert uploads.stored_path(waiting).exists()


def test_sending_it_again_sweeps_the_original_that_lay_there_from_before(riverside):
    upload = brought_in(riverside, WITH_SSN)
    original_of(upload).write_text(WITH_SSN, encoding="utf-8")
    sent_again(riverside)

    assert not lying_about()


def test_what_was_cut_off_on_its_way_is_swept_after_a_day_and_not_before(riverside, monkeypatch):
    upload = sent(riverside, ROSTER)
    folder = uploads.stored_path(upload).parent
    left = [folder / ".arriving-1", folder / f"{upload.public_id}-left-out-1", folder.parent.parent / "arriving" / "x"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text(SECRET, encoding="utf-8")

    tasks.sweep_files()
    assert len(lying_about()) == len(left)
    monkeypatch.setattr(stored_files, "ORPHANED_AFTER_SECONDS", -1)
    tasks.sweep_files()

    assert not lying_about()


def test_files_are_their_owners_alone_and_those_from_before_become_so(riverside):
    brought_in(riverside, STUDENTS + "s1,Given,N,9,2025-08-25\ns2,Given,N,9,2025-02-30\n")
    root = Path(settings.FILES_DIR)
    assert modes(root) == {"folder": {0o700}, "file": {0o600}}

    (root / "columnar" / "old").mkdir(parents=True, mode=0o755, exist_ok=True)
    (root / "columnar" / "old" / "2025.parquet").write_bytes(b"")
    (root / "columnar" / "old" / "2025.parquet").chmod(0o644)
    tasks.sweep_files()

    assert modes(root) == {"folder": {0o700}, "file": {0o600}}


def modes(root):
    paths = [root, *root.rglob("*")]
    found = {"folder": set(), "file": set()}
    for path in paths:
        found["folder" if path.is_dir() else "file"].add(path.stat().st_mode & 0o777)
    return found


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        (f"student_id,category,when,ssn\nS1,absent,soon,{SECRET}\n", Stage.MAPPING),
        (f"ssn\n{SECRET}\n", Stage.REFUSED),
        (f"%PDF-1.7 {SECRET}", Stage.REFUSED),
        (f"student_id,held_on,category,ssn\nS1,2026-03-02,QQ,{SECRET}\n", Stage.ASKING),
    ],
    ids=["columns to name", "nothing else", "no text", "a question"],
)
def test_a_file_that_did_not_go_in_leaves_nothing(riverside, text, stage):
    upload, _is_new = send(riverside, text.encode(), filename="attendance.csv", schema="", auto_confirm=False)

    assert worked_on(upload).stage == stage
    assert not lying_about()
