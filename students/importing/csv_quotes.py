"""Pair the quotation marks of a CSV, so that one that is never closed costs its own line and not the rest of the file.

Marks come in pairs. The first of a pair must follow a separator, a line break or another mark (a doubled one); the
second must precede one. Where that fails, the line of the first is set aside and pairing begins anew below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_NEWLINE = ord("\n")
_QUOTE = ord('"')
# With fewer columns, a note of several lines may well hold as many separators in each as a record does.
_FEWEST_COLUMNS_TO_TELL = 3
_FEWEST_COLUMNS_TO_TELL_BY_ENDS = 5

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The quotation marks of a text.

    Attributes
    ----------
    kept : ndarray, int64
        Marks that pair, in order.
    breaks : ndarray, int64
        Line breaks that end a record.
    broken : ndarray, int64
        Where the records begin whose marks do not pair.
    """

    kept: Positions
    breaks: Positions
    broken: Positions


def outside(positions: Positions, quotes: Positions) -> Positions:
    """Return the positions with an even number of quotation marks before them."""
    if not len(quotes) or not len(positions):
        return positions
    chosen: Positions = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return chosen


def found(
    body: npt.NDArray[np.uint8],
    *,
    newlines: Positions,
    separators: Positions,
    n_columns: int,
    delimiter: int,
    longest_open: int,
) -> Marks:
    """Return how the quotation marks of a text pair.

    Parameters
    ----------
    body : ndarray of shape (n_bytes,), uint8
        A text that begins at the beginning of a record.
    newlines, separators : ndarray, int64
        Where the line breaks and the separators are, inside quotation marks or not.
    n_columns : int
        How many values a record should have.
    delimiter : int
        The separator.
    longest_open : int
        How many bytes from the end of the text a record with an open mark may begin; 0 where the file ends.

    Returns
    -------
    Marks
        A record that is still open at the end of the text has no line break in `breaks`.
    """
    quotes = np.flatnonzero(body == _QUOTE)
    none = np.zeros(0, dtype=np.int64)
    if not len(quotes):
        return Marks(kept=quotes, breaks=newlines, broken=none)
    unpaired = _unpaired(body, quotes, delimiter)
    # Nearly every file has no value of several lines. A mark open at the end stands in the last, unfinished line.
    in_lines = not unpaired[::2].any() and len(outside(newlines, quotes)) == len(newlines)
    n_open = len(body) - _line_start(newlines, int(quotes[-1])) if len(quotes) % 2 else 0
    if in_lines and n_open <= longest_open:
        return Marks(kept=quotes, breaks=newlines, broken=none)
    unpaired |= _swallowing(quotes, newlines, separators, n_columns=n_columns)
    walk = _Walk(quotes, newlines, unpaired, n_bytes=len(body), longest_open=longest_open)
    walk.whole()
    starts, ends = np.array(walk.starts, dtype=np.int64), np.array(walk.ends, dtype=np.int64)
    kept = quotes[~_within(quotes, starts, ends)]
    breaks = outside(newlines[~_within(newlines, starts, ends)], kept)
    return Marks(kept=kept, breaks=breaks, broken=starts)


def _unpaired(body: npt.NDArray[np.uint8], quotes: Positions, delimiter: int) -> Mask:
    """Return for each mark but the last whether it and its successor cannot be a pair."""
    last = len(body) - 1
    before = np.where(quotes[:-1] > 0, body[quotes[:-1] - 1], _NEWLINE)
    after = np.where(quotes[1:] < last, body[np.minimum(quotes[1:] + 1, last)], _NEWLINE)
    return ~(_is_edge(before, delimiter) & _is_edge(after, delimiter))


def _is_edge(byte: npt.NDArray[np.uint8], delimiter: int) -> Mask:
    edge: Mask = (byte == delimiter) | (byte == _NEWLINE) | (byte == _QUOTE)
    return edge


def _swallowing(quotes: Positions, newlines: Positions, separators: Positions, *, n_columns: int) -> Mask:
    """Return for each mark but the last whether the text up to its successor looks like records, not like a value.

    A value may have several lines, but hardly ones with as many separators as a record. Otherwise two marks that were
    each left open would swallow every student between them without a word.
    """
    if n_columns < _FEWEST_COLUMNS_TO_TELL or not len(newlines):
        return np.zeros(len(quotes) - 1, dtype=np.bool_)
    bounds = np.concatenate(([-1], newlines, [np.iinfo(np.int64).max]))
    like_record = np.diff(np.searchsorted(separators, bounds)) == n_columns - 1
    has_mark = np.diff(np.searchsorted(quotes, bounds)) > 0
    n_like_above = np.concatenate(([0], np.cumsum(like_record & ~has_mark)))
    line_of = np.searchsorted(newlines, quotes)
    first, last = line_of[:-1], line_of[1:]
    swallowed: Mask = (last > first) & (n_like_above[last] > n_like_above[np.minimum(first + 1, last)])
    if n_columns >= _FEWEST_COLUMNS_TO_TELL_BY_ENDS:
        swallowed |= (last > first) & like_record[first] & like_record[last]
    return swallowed


def _line_start(newlines: Positions, position: int) -> int:
    index = int(np.searchsorted(newlines, position))
    return int(newlines[index - 1]) + 1 if index else 0


def _within(positions: Positions, starts: Positions, ends: Positions) -> Mask:
    """Return which positions lie in one of the ranges, which are in order and apart; an end is not in its range."""
    if not len(starts):
        return np.zeros(len(positions), dtype=np.bool_)
    at = np.searchsorted(starts, positions, side="right") - 1
    mask: Mask = (at >= 0) & (positions < ends[np.maximum(at, 0)])
    return mask


class _Walk:
    """From one record with unpaired marks to the next; as many steps as there are such records."""

    def __init__(
        self, quotes: Positions, newlines: Positions, unpaired: Mask, *, n_bytes: int, longest_open: int
    ) -> None:
        self._quotes = quotes
        self._newlines = newlines
        bad = np.flatnonzero(unpaired)
        self._bad = (bad[bad % 2 == 0], bad[bad % 2 == 1])
        self._n_bytes = n_bytes
        self._longest_open = longest_open
        self.starts: list[int] = []
        self.ends: list[int] = []

    def whole(self) -> None:
        """Walk through the text."""
        at = 0
        while at < len(self._quotes):
            candidates = self._bad[at % 2]
            next_bad = int(np.searchsorted(candidates, at))
            is_open = (len(self._quotes) - at) % 2 == 1
            if next_bad < len(candidates):
                at = self._set_aside(at, int(candidates[next_bad]))
            elif is_open and self._n_bytes - self._record_start(at, len(self._quotes) - 1) > self._longest_open:
                at = self._set_aside(at, len(self._quotes) - 1)
            else:
                return

    def _set_aside(self, at: int, broken: int) -> int:
        """Note the record of a mark as broken and return the first mark below it; `at` is a mark that pairs."""
        start = self._record_start(at, broken)
        below = int(np.searchsorted(self._newlines, self._quotes[broken]))
        end = int(self._newlines[below]) if below < len(self._newlines) else self._n_bytes
        self.starts.append(start)
        self.ends.append(end)
        return int(np.searchsorted(self._quotes, end))

    def _record_start(self, at: int, mark: int) -> int:
        """Return where the record of a mark begins: behind the last line break outside of the pairs from `at` on."""
        floor = self.ends[-1] if self.ends else -1
        position = int(self._quotes[mark])
        while True:
            index = int(np.searchsorted(self._newlines, position)) - 1
            if index < 0 or self._newlines[index] <= floor:
                return floor + 1
            n_before = int(np.searchsorted(self._quotes, self._newlines[index])) - at
            if n_before <= 0 or n_before % 2 == 0:
                return int(self._newlines[index]) + 1
            position = int(self._quotes[at + n_before - 1])
