"""What an uploaded file holds, whatever its name says."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from students.importing import containers, zip_members
from students.importing.file_errors import FileRefused
from tests.students.importing.hostile_files import ANA, BEN, students
from tests.students.importing.hostile_zips import CORPUS, zipped


def opened(content: bytes, folder: Path, filename: str = "students.csv") -> containers.Container:
    path = folder / "stored"
    path.write_bytes(content)
    return containers.opened(path, filename)


def test_a_csv_is_one_member_under_its_own_name(tmp_path: Path) -> None:
    content = students(ANA)

    container = opened(content, tmp_path)

    (member,) = container.members
    assert (container.kind, member.name, member.kind, member.size) == ("csv", "students.csv", "csv", len(content))
    with member.open() as file:
        assert file.read() == content


def test_a_zip_has_a_member_for_each_file_of_records(tmp_path: Path) -> None:
    content = zipped({"e/students.csv": students(ANA), "e/grades.json": b'[{"id": 1}]', "e/README.md": b"Hello"})

    container = opened(content, tmp_path, "export.zip")

    assert container.kind == "zip"
    assert [(member.name, member.kind) for member in container.members] == [
        ("students.csv", "csv"),
        ("grades.json", "json"),
    ]
    assert container.notes == ('"README.md" in the zip holds no records, so it was not read.',)
    with container.members[0].open() as file:
        assert file.read() == students(ANA)


@pytest.mark.parametrize(
    ("content", "filename", "kind"),
    [
        (b'[{"id": 1}]', "students.csv", "json"),
        (b"\xef\xbb\xbf [\n {", "students.txt", "json"),
        (b'{"students": []}', "students.json", "json"),
        (b"[Student ID],Name\n1,Ana\n", "students.csv", "csv"),
        (b"student_id\n1\n", "students.json", "csv"),
    ],
)
def test_json_is_known_by_its_content(content: bytes, filename: str, kind: str, tmp_path: Path) -> None:
    container = opened(content, tmp_path, filename)

    assert container.kind == kind
    assert container.members[0].kind == kind


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("../../etc/students.csv", "students.csv"),
        ("C:\\exports\\students.csv", "students.csv"),
        ("stu\ndents\0.csv", "students.csv"),
        ("\u202estudents.csv", "students.csv"),
        ("..", "file"),
        ("", "file"),
        ("x" * 400 + ".csv", "x" * 140 + ".csv"),
    ],
)
def test_a_name_names_nothing_but_the_file(filename: str, name: str, tmp_path: Path) -> None:
    container = opened(students(ANA), tmp_path, filename)

    assert container.filename == container.members[0].name == name


def test_a_refusal_names_the_file_in_the_zip(tmp_path: Path) -> None:
    content = zipped({"students.csv": students(ANA), "grades.csv": b"%PDF-1.7"})

    with pytest.raises(FileRefused) as refusal:
        opened(content, tmp_path, "export.zip")

    assert str(refusal.value) == "grades.csv: This is a PDF, not CSV. Ask the source system for a CSV export."
    assert refusal.value.errors[0].file == "grades.csv"


def test_a_zip_is_never_unpacked_to_disk(tmp_path: Path) -> None:
    container = opened(zipped({"students.csv": students(ANA, BEN)}), tmp_path, "export.zip")

    with container.members[0].open() as file:
        first = file.read(10)

    assert first == students()[:10]
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


def test_no_more_is_read_of_a_member_than_the_zip_declares(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(zipped({"students.csv": students(ANA)}))
    archive = zipfile.ZipFile(path)
    lying = zip_members._Unpacked(archive, io.BytesIO(b"x" * 1000), name="students.csv", most_bytes=100)

    with pytest.raises(FileRefused) as refusal, io.BufferedReader(lying) as file:
        file.read()

    assert refusal.value.errors[0].problem == "cut_off"


def test_a_large_zip_that_packs_as_exports_do_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "RATIO_COUNTS_FROM", 1000)
    rows = students(*(f"s{number},Ana,Silva,2010-03-01,north,9" for number in range(3000)))

    container = opened(zipped({"students.csv": rows}), tmp_path, "export.zip")

    assert container.members[0].size == len(rows)


def test_a_zip_above_the_limit_says_how_large_it_would_become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MAX_UNPACKED_BYTES", 2 * 1024**2)
    content = zipped({"students.csv": b"a" * 3 * 1024**2})

    with pytest.raises(FileRefused) as refusal:
        opened(content, tmp_path, "export.zip")

    assert str(refusal.value) == "This zip would unpack to 3 MB. The limit is 2 MB. Split it into several zips."


@pytest.mark.parametrize("cut", range(1, 300, 7))
def test_a_zip_cut_anywhere_is_refused(cut: int, tmp_path: Path) -> None:
    whole = CORPUS["zip of an export"].content
    assert isinstance(whole, bytes)

    with pytest.raises(FileRefused) as refusal:
        opened(whole[:-cut], tmp_path, "export.zip")

    assert refusal.value.errors[0].problem == "cut_off"
