"""Zips as they should not be; the other half of the hostile files."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from pathlib import Path

from tests.students.importing.hostile_files import (
    ANA,
    BEN,
    CELLS,
    DAYS,
    ENCODINGS,
    HEADER,
    LINES,
    STUDENTS,
    WHOLE_FILE,
    Hostile,
    attendance,
    students,
)

GOOD = students(ANA, BEN)
ABSENT = attendance("s1,2024-09-02,absent")


def zipped(members: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]], *, method: int = 8) -> bytes:
    """Return a zip of these members."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that stands twice
        with zipfile.ZipFile(content, "w", method) as archive:
            for name, data in members.items() if isinstance(members, dict) else members:
                archive.writestr(name, data)
    return content.getvalue()


def refused(content: bytes, problem: str, filename: str = "export.zip") -> Hostile:
    """Return a zip that is refused."""
    return Hostile(filename, content, refused=problem)


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("students.csv", "w") as member:
        member.write(GOOD)
        for _megabyte in range(120):
            member.write(b"a" * 1024**2)


def _link() -> bytes:
    link = zipfile.ZipInfo("students.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped([(link, b"/etc/passwd")])


def _patched(zip_bytes: bytes, *, at_listing: int, at_header: int, form: str, value: int) -> bytes:
    """Return a zip of one member with a field changed, in the listing and before the member itself."""
    changed = bytearray(zip_bytes)
    struct.pack_into(form, changed, changed.index(b"PK\x01\x02") + at_listing, value)
    struct.pack_into(form, changed, changed.index(b"PK\x03\x04") + at_header, value)
    return bytes(changed)


def _sized(n_bytes: int) -> bytes:
    return _patched(zipped({"students.csv": GOOD}), at_listing=24, at_header=22, form="<L", value=n_bytes)


def _damaged() -> bytes:
    content = bytearray(zipped({"students.csv": GOOD}, method=zipfile.ZIP_STORED))
    content[content.index(b"Silva")] ^= 1
    return bytes(content)


def _with_long_listing() -> bytes:
    content = bytearray(zipped({"students.csv": GOOD}))
    struct.pack_into("<L", content, content.rindex(b"PK\x05\x06") + 12, 3_000_000_000)
    return bytes(content)


ZIPS = {
    "zip of an export": Hostile("export.zip", zipped({"students.csv": GOOD, "attendance.csv": ABSENT}), n_rows=3),
    "zip named csv": Hostile("students.csv", zipped({"students.csv": GOOD}), n_rows=2),
    "zip with a folder": Hostile("export.zip", zipped({"export/": b"", "export/students.csv": GOOD}), n_rows=2),
    "zip made on a Mac": Hostile(
        "export.zip",
        zipped({"e/students.csv": GOOD, "__MACOSX/e/._students.csv": b"\0\5", "e/.DS_Store": b"\0\0\0\1Bud1"}),
        n_rows=2,
    ),
    "zip made on old Windows": Hostile("export.zip", zipped({"e\\students.csv": GOOD}), n_rows=2),
    "zip with an empty file": Hostile("export.zip", zipped({"students.csv": GOOD, "grades.csv": b""}), n_rows=2),
    "zip with a letter beside": Hostile("export.zip", zipped({"students.csv": GOOD, "README.txt": b"Hi"}), n_rows=2),
    "workbook renamed": refused(
        zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "excel", "students.csv"
    ),
    "letter renamed": refused(zipped({"word/document.xml": b"<x/>"}), "zip_without_records", "students.csv"),
    "workbook in a zip": refused(zipped({"students.xlsx": zipped({"xl/workbook.xml": b"<x/>"})}), "excel"),
    "web page in a zip": refused(zipped({"students.csv": b"<html>"}), "web_page"),
    "zip in a zip": refused(zipped({"students.csv": zipped({"students.csv": GOOD})}), "zip_nested"),
    "gzip in a zip": refused(zipped({"students.csv.gz": b"\x1f\x8b\x08"}), "zip_nested"),
    "zip bomb": Hostile("export.zip", _bomb, refused="zip_ratio"),
    "zip that would fill the disk": refused(_sized(0xFFFFFFF0), "zip_ratio"),
    "zip with a size too small": refused(_sized(len(STUDENTS) + 1), "cut_off"),
    "zip with a size too large": refused(_sized(len(GOOD) + 1000), "cut_off"),
    "zip with names that climb": refused(zipped({"../../etc/cron.d/students.csv": GOOD}), "zip_name"),
    "zip with names from the root": refused(zipped({"/etc/students.csv": GOOD}), "zip_name"),
    "zip with the name of a drive": refused(zipped({"C:\\students.csv": GOOD}), "zip_name"),
    "zip with a line break in a name": refused(zipped({"stu\ndents.csv": GOOD}), "zip_name"),
    "zip with a link": refused(_link(), "zip_link"),
    "zip with a password": refused(
        _patched(zipped({"students.csv": GOOD}), at_listing=8, at_header=6, form="<H", value=1), "zip_encrypted"
    ),
    "zip packed by another method": refused(zipped({"students.csv": GOOD}, method=zipfile.ZIP_LZMA), "zip_method"),
    "zip with a name twice": refused(zipped([("students.csv", GOOD), ("students.csv", GOOD)]), "zip_same_name"),
    "zip with a name twice in capitals": refused(zipped({"students.csv": GOOD, "Students.CSV": GOOD}), "zip_same_name"),
    "zip with two folders": refused(zipped({"a/students.csv": GOOD, "b/attendance.csv": ABSENT}), "zip_folders"),
    "zip with 10,000 files": refused(
        zipped({f"students{n}.csv": b"a\n" for n in range(10_000)}, method=0), "zip_too_many"
    ),
    "zip with a listing without end": refused(_with_long_listing(), "zip_too_many"),
    "zip of nothing": refused(zipped({}), "zip_without_records"),
    "zip of letters": refused(zipped({"README.md": b"Hi"}), "zip_without_records"),
    "zip that is cut off": refused(zipped({"students.csv": GOOD, "attendance.csv": ABSENT})[:-40], "cut_off"),
    "zip with damage": refused(_damaged(), "cut_off"),
    "zip with a bad file beside a good one": refused(
        zipped({"students.csv": GOOD, "grades.csv": b"1,2\n"}), "no_header"
    ),
}

CORPUS: dict[str, Hostile] = {**WHOLE_FILE, **HEADER, **LINES, **ENCODINGS, **DAYS, **CELLS, **ZIPS}
