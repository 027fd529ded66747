"""Tell by its first bytes what a file is, whatever its name says."""

from __future__ import annotations

import re

from students.importing.file_errors import file_refused

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
SPLIT_ZIP = b"PK\x07\x08"
HEAD_BYTES = 64 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVES = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
# "BZh" and a digit could begin a CSV; with the mark of the first block it cannot.
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<table")
# A header may begin with a bracket ("[Student ID]"), but then no quotation mark, brace or bracket follows.
_JSON = re.compile(rb"\s*(\[\s*[\[{\"\]]|\{\s*[\"}])")
_UTF8_MARK = b"\xef\xbb\xbf"


def is_zip(head: bytes) -> bool:
    """Return whether a file begins as a zip does."""
    return head.startswith((ZIP, EMPTY_ZIP, SPLIT_ZIP))


def is_json(head: bytes, name: str) -> bool:
    """Return whether a file is JSON: by its first marks, fewer of which are asked of one that is called .json."""
    text = head.removeprefix(_UTF8_MARK)
    if name.lower().endswith(".json") and text.lstrip()[:1] in (b"[", b"{"):
        return True
    return _JSON.match(text) is not None


def check_signature(head: bytes, *, file: str = "", archive_problem: str = "other_archive") -> None:
    """Refuse the formats that are most often taken for a CSV, each by its own sentence.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.
    file : str
        What the file is called in the refusal.
    archive_problem : str
        The sentence for compressed files other than zips.

    Raises
    ------
    FileRefused
        If the file is a workbook, an archive, a PDF or a web page.
    """
    if head.startswith(_OLE):
        raise file_refused("excel", file=file)
    for mark, name in _ARCHIVES.items():
        if head.startswith(mark):
            raise file_refused(archive_problem, value=name, file=file)
    if _BZIP2.match(head):
        raise file_refused(archive_problem, value="bzip2", file=file)
    if head.startswith(b"%PDF-"):
        raise file_refused("pdf", file=file)
    start = head[:1000].removeprefix(_UTF8_MARK).lstrip().lower()
    if start.startswith(_WEB_PAGE):
        raise file_refused("web_page", file=file)
