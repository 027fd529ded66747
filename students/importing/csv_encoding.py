"""Turn the bytes of a text file, in whatever encoding, into UTF-8 with one kind of line end, a piece at a time."""

from __future__ import annotations

import codecs

from students.importing.file_errors import file_refused

# UTF-32's mark begins with that of UTF-16, so it is asked for first.
_MARKS = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\xef\xbb\xbf": "utf-8",
}
_UTF8_MARK = b"\xef\xbb\xbf"
# Every byte as Windows-1252 reads it; the five that it leaves open stay control characters, as in Latin-1.
_WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_ODD_BYTES = "portal-windows-bytes"
_CTRL_Z = b"\x1a"
_LONGEST_UTF8 = 4
# Half of the bytes of Latin text in UTF-16 are zero, all at odd or all at even places. Names below may be in another
# script, but a header hardly is.
_ZERO_SHARE = 0.3
_HEADER_LOOKED_AT = 60


def _windows_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return codecs.charmap_decode(error.object[error.start : error.end], "strict", _WINDOWS)[0], error.end


codecs.register_error(_ODD_BYTES, _windows_bytes)


def sniffed(head: bytes) -> tuple[str, int]:
    """Return the encoding that a file's first bytes show, and how many of them are its mark.

    Parameters
    ----------
    head : bytes
        The beginning of the file; some hundred bytes are enough.

    Returns
    -------
    encoding : str
        "utf-8" unless it is UTF-16 or UTF-32; whether it really is UTF-8 shows only on the way.
    n_bytes : int
        Length of the byte order mark.
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    start = head[: len(head) // 2 * 2][:_HEADER_LOOKED_AT]
    half = len(start) // 2
    if half:
        low, high = start[::2].count(0) / half, start[1::2].count(0) / half
        if high > _ZERO_SHARE and low < _ZERO_SHARE / 10:
            return "utf-16-le", 0
        if low > _ZERO_SHARE and high < _ZERO_SHARE / 10:
            return "utf-16-be", 0
    return "utf-8", 0


class Decoder:
    r"""Decode a file piece by piece into UTF-8 with "\n" line ends and without byte order marks.

    What is not UTF-8 is read as Windows-1252: a whole piece at once where nothing in it is UTF-8, else byte by byte,
    so that two exports pasted together both keep their accents.
    """

    def __init__(self, encoding: str, *, file: str) -> None:
        self._encoding = encoding
        self._file = file
        self._wide = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        self._held = b""
        self._n_lines = 0
        self._utf8_seen = False
        self._windows_from_line: int | None = None

    @property
    def encoding(self) -> str:
        """Return how the bytes were read so far."""
        if self._windows_from_line and not self._utf8_seen:
            return "cp1252"
        return self._encoding

    @property
    def mixed_from_line(self) -> int | None:
        """Return the first line that is not UTF-8, in a file that elsewhere is."""
        return self._windows_from_line if self._utf8_seen else None

    def decoded(self, data: bytes, *, is_last: bool) -> bytes:
        """Return the next piece as UTF-8; some bytes may be held back for the piece after it.

        Parameters
        ----------
        data : bytes
            What follows the piece before, from after the mark on.
        is_last : bool
            Whether the file ends here.

        Raises
        ------
        FileRefused
            If a file in UTF-16 or UTF-32 is cut or damaged.
        """
        wide = self._wide
        text = self._utf8(data, is_last=is_last) if wide is None else self._from_wide(wide, data, is_last=is_last)
        if b"\r" in text:
            if text.endswith(b"\r") and not is_last:
                self._held = b"\r" + self._held
                text = text[:-1]
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if _UTF8_MARK in text:
            text = text.replace(_UTF8_MARK, b"")
        self._n_lines += text.count(b"\n")
        # Old exports end in Ctrl-Z.
        return text.rstrip(_CTRL_Z) if is_last else text

    def _from_wide(self, wide: codecs.IncrementalDecoder, data: bytes, *, is_last: bool) -> bytes:
        held, self._held = self._held, b""
        try:
            return held + wide.decode(data, final=is_last).encode("utf-8")
        except UnicodeError:
            raise file_refused("broken_utf16", file=self._file) from None

    def _utf8(self, data: bytes, *, is_last: bool) -> bytes:
        data = self._held + data
        n_whole = len(data) if is_last else _whole_characters(data)
        data, self._held = data[:n_whole], data[n_whole:]
        if data.isascii():
            return data
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            if is_last and self._utf8_seen and error.reason == "unexpected end of data":
                # The file is cut within a letter; the rest of the letter says nothing about the encoding.
                return data[: error.start]
            return self._not_utf8(data, first=error.start)
        self._utf8_seen = True
        return data

    def _not_utf8(self, data: bytes, *, first: int) -> bytes:
        before = data[:first].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._windows_from_line is None:
            self._windows_from_line = self._n_lines + before.count(b"\n") + 1
        if data.decode("utf-8", "ignore").isascii():
            return codecs.charmap_decode(data, "strict", _WINDOWS)[0].encode("utf-8")
        self._utf8_seen = True
        return data.decode("utf-8", _ODD_BYTES).encode("utf-8")


def _whole_characters(data: bytes) -> int:
    """Return the length of `data` without a UTF-8 character that ends beyond it."""
    for back in range(1, min(_LONGEST_UTF8, len(data) + 1)):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
    return len(data)
