"""Folders of records are their owner's alone, also where an older version left them open."""

from pathlib import Path

from django.conf import settings

from accounts import private_files


def mode(path):
    return path.stat().st_mode & 0o777


def test_an_open_folder_of_the_portals_files_is_closed():
    folder = Path(settings.FILES_DIR) / "left-open" / "of-old"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)

    assert mode(private_files.make_folder(folder)) == 0o700


def test_a_folder_that_somebody_chose_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o755)

    assert mode(private_files.make_folder(tmp_path)) == 0o755
    assert mode(private_files.make_folder(tmp_path / "made" / "by us")) == 0o700
