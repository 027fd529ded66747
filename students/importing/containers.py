"""Open an uploaded file, whatever it is: one CSV, one JSON file or a zip of them, as streams of bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from students.importing import file_signatures, zip_members
from students.importing.file_errors import file_refused

_LONGEST_NAME = 150
# Files beside the records that exports often bring; they are named to the admin, not read.
_BESIDE = re.compile(
    r"\.(md|pdf|docx?|rtf|html?|xml|xsd|ya?ml|log|sql|png|jpe?g|gif|svg)$|^(read.?me|licen[cs]e|changelog)",
    re.IGNORECASE,
)
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".ods", ".numbers")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of records.

    Attributes
    ----------
    name : str
        Its name without folders.
    size : int
        Bytes, unpacked.
    kind : str
        "csv" for delimited text, "json".
    """

    name: str
    size: int
    kind: Literal["csv", "json"]
    opens: Callable[[], BinaryIO]

    def open(self) -> BinaryIO:
        """Open the bytes from their beginning; close it after use.

        :raises FileRefused: if the zip is cut off, here or while reading
        """
        return self.opens()


@dataclass(frozen=True, kw_only=True)
class Container:
    """An uploaded file and the files of records in it.

    Attributes
    ----------
    path : Path
        Where it is stored.
    filename : str
        What the admin called it, without folders.
    kind : str
        "csv" or "json" for one file, "zip" for many.
    members : tuple of Member
        At least one, in the order of the zip.
    notes : tuple of str
        Sentences on files in the zip that are not read.
    """

    path: Path
    filename: str
    kind: Literal["csv", "zip", "json"]
    members: tuple[Member, ...]
    notes: tuple[str, ...] = ()


def opened(path: Path, filename: str) -> Container:
    """Return what an uploaded file holds. It is known by its content; its name may be wrong.

    Parameters
    ----------
    path : Path
        Where the file is stored.
    filename : str
        What the admin called it.

    Raises
    ------
    FileRefused
        If it is empty, no file of records, or a zip that could do harm.
    """
    name = _plain_name(filename)
    size = path.stat().st_size
    if not size:
        raise file_refused("empty")
    with path.open("rb") as file:
        head = file.read(file_signatures.HEAD_BYTES)
    if file_signatures.is_zip(head):
        return _opened_zip(path, name)
    file_signatures.check_signature(head)

    kind: Literal["csv", "json"] = "json" if file_signatures.is_json(head, name) else "csv"
    member = Member(name=name, size=size, kind=kind, opens=partial(_stored, path))
    return Container(path=path, filename=name, kind=kind, members=(member,))


def _stored(path: Path) -> BinaryIO:
    return path.open("rb")


def _plain_name(filename: str) -> str:
    r"""Return a name that names nothing but itself: no folders, no control characters ("..\a.csv" is "a.csv")."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    name = "".join(character for character in name if character.isprintable()).strip()
    stem, dot, suffix = name.rpartition(".")
    if len(name) > _LONGEST_NAME:
        name = stem[: _LONGEST_NAME - 10] + dot + suffix[:9] if dot else name[:_LONGEST_NAME]
    return name if name.strip(".") else "file"


def _opened_zip(path: Path, name: str) -> Container:
    members: list[Member] = []
    notes: list[str] = []
    for info in zip_members.listed(path):
        inner = zip_members.base_name(info)
        if _BESIDE.search(inner):
            notes.append(f'"{inner}" in the zip holds no records, so it was not read.')
        elif not info.file_size:
            notes.append(f'"{inner}" in the zip is empty, so it was treated as if it were not there.')
        else:
            members.append(_zip_member(path, info))
    if not members:
        raise file_refused("zip_without_records")
    return Container(path=path, filename=name, kind="zip", members=tuple(members), notes=tuple(notes))


def _zip_member(path: Path, info: zipfile.ZipInfo) -> Member:
    name = zip_members.base_name(info)
    with zip_members.streamed(path, info) as file:
        head = file.read(file_signatures.HEAD_BYTES)
    if file_signatures.is_zip(head):
        raise file_refused("excel" if name.lower().endswith(_WORKBOOKS) else "zip_nested", file=name)
    file_signatures.check_signature(head, file=name, archive_problem="zip_nested")
    return Member(
        name=name,
        size=info.file_size,
        kind="json" if file_signatures.is_json(head, name) else "csv",
        opens=partial(zip_members.streamed, path, info),
    )
