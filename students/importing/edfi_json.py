"""Stream the records of a JSON file in portions, whatever its size; refuse what is cut, too deep or far too long.

A file is cut between its records by array operations on its bytes, and each portion is read by Python's own parser.
The streaming parser ijson was tried: its C part crashes the process on a number of more than 4,300 digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NoReturn

import numpy as np
import numpy.typing as npt

from students.importing.containers import Member
from students.importing.file_errors import FileRefused, file_refused

Layout = Literal["array", "lines", "object"]
# How many brackets are open around a record.
_DEPTH_AROUND = {"lines": 0, "array": 1, "object": 2}
_PORTION_BYTES = 4 * 2**20
_LARGEST_RECORD = 4 * 2**20
_DEEPEST = 32
_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 64 * 1024
_FIRST_KEY = re.compile(rb'\{\s*"([^"\\]{1,100})"\s*:\s*\[')

_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1
_COUNTS = _STEPS != 0
_COUNTS[ord(",")] = True

Positions = npt.NDArray[np.int64]


def layout_of(member: Member, *, names: frozenset[str]) -> Layout:
    """Return how the records of a file lie: "array" [{}, …], "lines" {} {} …, or "object" {"students": [{}, …], …}.

    Parameters
    ----------
    names : frozenset of str
        Resources in lower case; an object whose first key is one of them holds a list per resource.
    """
    with member.open() as stream:
        head = stream.read(_HEAD_BYTES).removeprefix(_BOM).lstrip()
    if head.startswith(b"["):
        return "array"
    first_key = _FIRST_KEY.match(head)
    is_object = first_key is not None and first_key[1].decode("utf-8", "replace").lower() in names
    return "object" if is_object else "lines"


def records(member: Member, layout: Layout, *, key: str = "") -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Yield the records of a file in portions of some megabytes, each with the bytes read for it.

    Numbers stay the text that they are in the file. What is no record is an empty one, so that the others keep their
    position.

    Parameters
    ----------
    key : str
        Which list of an "object" is read.

    Raises
    ------
    FileRefused
        If the text is no JSON, ends in the middle, nests too deep or has a record that is far too long.
    """
    for portion in _portions(member, layout):
        if portion.key == key and portion.text.strip():
            yield _loaded(portion.text, member.name), portion.n_bytes


def resources_of(member: Member) -> list[str]:
    """Return the keys of an object of lists, in their order, each once."""
    return list(dict.fromkeys(portion.key for portion in _portions(member, "object")))


@dataclass(frozen=True)
class _Portion:
    """Some records, parted by commas, and the key of the list they are in."""

    key: str
    text: bytes
    n_bytes: int


@dataclass(frozen=True)
class _Marks:
    """Brackets and commas outside of quotation marks, the depth behind each, and the quotation marks themselves."""

    places: Positions
    signs: npt.NDArray[np.uint8]
    depths: Positions
    quotes: Positions

    def at(self, sign: str, depth: int) -> Positions:
        """Return where a sign stands that leads to a depth."""
        found: Positions = self.places[(self.signs == ord(sign)) & (self.depths == depth)]
        return found


def _marks(text: bytes, *, depth: int) -> _Marks:
    signs = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    if b"\\" in text:
        # A quotation mark behind an odd number of backslashes belongs to the text.
        others = np.where(signs != ord("\\"), np.arange(len(signs)), -1)
        last_other = np.maximum.accumulate(others)[np.maximum(quotes - 1, 0)]
        quotes = quotes[((quotes - 1 - last_other) % 2 == 0) | (quotes == 0)]
    places = np.flatnonzero(_COUNTS[signs])
    places = places[np.searchsorted(quotes, places) % 2 == 0]
    kept = signs[places]
    return _Marks(places, kept, depth + np.cumsum(_STEPS[kept], dtype=np.int64), quotes)


class _Cutter:
    """Cuts a text between its records, wherever the pieces end in which it is read."""

    def __init__(self, layout: Layout, *, name: str) -> None:
        self._layout = layout
        self._around = _DEPTH_AROUND[layout]
        self._name = name
        self._key = ""
        self._depth = 0
        self._depth_at_end = 0
        self._is_in_list = False
        self._rest = b""

    def portions(self, piece: bytes) -> Iterator[_Portion]:
        """Yield the whole records of what was read so far."""
        text = self._rest + piece
        marks = _marks(text, depth=self._depth)
        if len(marks.depths) and marks.depths.max() > _DEEPEST:
            raise file_refused("json_too_deep", allowed=str(_DEEPEST), file=self._name)
        self._depth_at_end = int(marks.depths[-1]) if len(marks.depths) else self._depth
        n_bytes = len(piece)
        for portion in self._lines(text, marks) if self._layout == "lines" else self._lists(text, marks):
            yield _Portion(portion.key, portion.text, n_bytes)
            n_bytes = 0
        if len(self._rest) > _LARGEST_RECORD:
            allowed = f"{_LARGEST_RECORD // 2**20} MiB"
            raise file_refused("json_record_too_long", allowed=allowed, file=self._name)

    def check_end(self) -> None:
        """Check that the text ends where a record does.

        :raises FileRefused: if it does not
        """
        rest = self._rest.strip()
        if self._is_in_list or self._depth_at_end > 0 or (self._layout == "lines" and rest):
            raise file_refused("json_cut", file=self._name)
        if self._layout == "array" and rest:
            raise file_refused("json_broken", file=self._name)

    def _lines(self, text: bytes, marks: _Marks) -> Iterator[_Portion]:
        ends = [0, *(marks.at("}", 0) + 1).tolist()]
        self._rest = text[ends[-1] :]
        pieces = [text[begin:end] for begin, end in zip(ends, ends[1:], strict=False)]
        if pieces:
            yield _Portion("", b",".join(pieces), 0)

    def _lists(self, text: bytes, marks: _Marks) -> Iterator[_Portion]:
        begins, ends = marks.at("[", self._around), marks.at("]", self._around - 1)
        at = 0
        for place in np.sort(np.concatenate([begins, ends])).tolist():
            if self._is_in_list:
                yield _Portion(self._key, text[at:place], 0)
            elif self._layout == "object":
                self._key = _key_before(text, place, marks.quotes)
                yield _Portion(self._key, b"", 0)
            self._is_in_list = not self._is_in_list
            at = place + 1
        commas = marks.at(",", self._around)
        if self._is_in_list and len(commas) and commas[-1] >= at:
            yield _Portion(self._key, text[at : commas[-1]], 0)
            at = int(commas[-1]) + 1
        if at:
            self._depth = self._around if self._is_in_list else self._around - 1
            self._rest = text[at:]
        else:
            self._rest = text


def _key_before(text: bytes, place: int, quotes: Positions) -> str:
    before = quotes[: np.searchsorted(quotes, place)][-2:].tolist()
    return text[before[0] + 1 : before[1]].decode("utf-8", "replace") if len(before) == 2 else ""


def _portions(member: Member, layout: Layout) -> Iterator[_Portion]:
    cutter = _Cutter(layout, name=member.name)
    with member.open() as stream:
        for piece in _pieces(stream):
            yield from cutter.portions(piece)
    cutter.check_end()


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    piece = stream.read(_PORTION_BYTES).removeprefix(_BOM)
    while piece:
        yield piece
        piece = stream.read(_PORTION_BYTES)


def _loaded(text: bytes, name: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(b"[" + text + b"]", parse_int=str, parse_float=str, parse_constant=_no_number)
    except ValueError:
        raise _broken(name) from None
    return [record if isinstance(record, dict) else {} for record in found]


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _broken(name: str) -> FileRefused:
    return file_refused("json_broken", file=name)
