"""Look into a zip without trusting it: what it holds is listed, measured and streamed, never unpacked to disk."""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO

from students.importing.file_errors import file_refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_MEMBERS = 500
MAX_UNPACKED_BYTES = 16 * 1024**3
# Deflate packs at most 1032 to 1. Exports of attendance come to 10 or 30; a small file of blanks may come to more.
MAX_RATIO = 120
RATIO_COUNTS_FROM = 64 * 1024**2
# A listing of MAX_MEMBERS long names fits; one of a million members would fill the memory before it is counted.
_MAX_LISTING_BYTES = 4 * 1024**2

_END = b"PK\x05\x06"
_END_BYTES = 22
_END_64 = b"PK\x06\x06"
_END_64_BYTES = 56
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 65_535
_ENCRYPTED = 0x1 | 0x40
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What macOS and Windows put beside the files of a folder.
_LITTER = re.compile(r"(^|/)(__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError)


def listed(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of a zip that hold something, once none of them can do harm.

    Parameters
    ----------
    path : Path
        The zip.

    Returns
    -------
    list of ZipInfo
        In the order of the zip, without folders and without what macOS and Windows add.

    Raises
    ------
    FileRefused
        If the zip is cut off, too large, locked, or names files outside of itself.
    """
    if _listing_bytes(path) > _MAX_LISTING_BYTES:
        raise file_refused("zip_too_many", allowed=str(MAX_MEMBERS))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (*_DAMAGE, NotImplementedError):
        raise file_refused("cut_off") from None
    if any(member.header_offset < 0 for member in members):
        raise file_refused("cut_off")
    _check_names(members)
    _check_documents({_path_of(member).lower() for member in members})
    members = [member for member in members if not member.is_dir() and not _LITTER.search(_path_of(member))]
    if len(members) > MAX_MEMBERS:
        raise file_refused("zip_too_many", allowed=str(MAX_MEMBERS))
    _check_folders(members)
    _check_sizes(members, packed_bytes=path.stat().st_size)
    for member in members:
        _check_member(member)
    return members


def base_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member without its folder."""
    return PurePosixPath(_path_of(member)).name


def streamed(path: Path, member: zipfile.ZipInfo) -> BinaryIO:
    """Open a member for reading; damage that shows on the way is a refusal.

    :raises FileRefused: if the zip is cut off, here or while reading
    """
    name = base_name(member)
    with contextlib.ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(path))
            # Opened by its entry, not its name: two members may share one.
            source = archive.open(member)
        except (*_DAMAGE, NotImplementedError, RuntimeError):
            raise file_refused("cut_off", file=name) from None
        # From here on the reader closes it.
        opened.pop_all()
    return io.BufferedReader(_Unpacked(archive, source, name=name, most_bytes=member.file_size))


class _Unpacked(io.RawIOBase):
    """The bytes of a member, counted, with damage turned into a refusal."""

    def __init__(self, archive: zipfile.ZipFile, source: IO[bytes], *, name: str, most_bytes: int) -> None:
        self._archive = archive
        self._source = source
        self._name = name
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._source.read(len(view))
        except _DAMAGE:
            raise file_refused("cut_off", file=self._name) from None
        self._left -= len(data)
        # The declared size was measured against the limits, so no byte beyond it is taken, and none may lack.
        if self._left < 0 or (not data and self._left):
            raise file_refused("cut_off", file=self._name)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        self._archive.close()
        super().close()


def _path_of(member: zipfile.ZipInfo) -> str:
    # Older Windows tools write backslashes, against the standard.
    return member.filename.replace("\\", "/")


def _listing_bytes(path: Path) -> int:
    """Return the size of the list of members at the end of a zip, found as Python's zipfile finds it."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _LONGEST_COMMENT - _END_BYTES - _LOCATOR_BYTES - _END_64_BYTES))
        tail = file.read()
    end = len(tail) - _END_BYTES
    if not (tail[end:].startswith(_END) and tail.endswith(b"\0\0")):
        end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise file_refused("cut_off")
    listing: int = struct.unpack_from("<L", tail, end + 12)[0]
    wide = end - _LOCATOR_BYTES - _END_64_BYTES
    if wide >= 0 and tail.startswith(_END_64, wide):
        listing = max(struct.unpack_from("<Q", tail, wide + 40)[0], 0 if listing == 0xFFFFFFFF else listing)
    return listing


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        name = _path_of(member)
        outside = name.startswith("/") or ".." in PurePosixPath(name).parts or _DRIVE.match(name)
        if outside or _CONTROL.search(member.orig_filename) or not name.strip("/ ."):
            raise file_refused("zip_name", value=_CONTROL.sub("?", member.orig_filename))


def _check_documents(names: set[str]) -> None:
    """Refuse what is a zip inside but no zip to whoever saved it: workbooks and letters."""
    if "content.xml" in names or any(name.startswith(("xl/", "index/document.iwa")) for name in names):
        raise file_refused("excel")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise file_refused("zip_without_records")


def _check_folders(members: list[zipfile.ZipInfo]) -> None:
    folders = list(dict.fromkeys(str(PurePosixPath(_path_of(member)).parent) for member in members))
    too_deep = any("/" in folder for folder in folders)
    if len(folders) > 1 or too_deep:
        raise file_refused("zip_folders", value=", ".join(f'"{folder}"' for folder in folders[:3]))
    seen: set[str] = set()
    for member in members:
        # Two names that differ by capitals only would be one file on most machines.
        if base_name(member).casefold() in seen:
            raise file_refused("zip_same_name", file=base_name(member))
        seen.add(base_name(member).casefold())


def _check_sizes(members: list[zipfile.ZipInfo], *, packed_bytes: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise file_refused("zip_too_big", value=_words(unpacked), allowed=_words(MAX_UNPACKED_BYTES))
    # Measured against the zip as well as its own claims, which may be as false as the sizes.
    packed = min(packed_bytes, sum(member.compress_size for member in members))
    if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed:
        raise file_refused("zip_ratio", value=_words(unpacked))


def _check_member(member: zipfile.ZipInfo) -> None:
    name = base_name(member)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise file_refused("zip_link", file=name)
    if member.flag_bits & _ENCRYPTED:
        raise file_refused("zip_encrypted", file=name)
    # Other methods unpack a few bytes to hundreds of megabytes in one step, or are not known to Python.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise file_refused("zip_method", file=name)


def _words(n_bytes: int) -> str:
    return f"{n_bytes / 1024**3:,.1f} GB" if n_bytes >= 1024**3 else f"{n_bytes / 1024**2:,.0f} MB"
