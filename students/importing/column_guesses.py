"""What the columns of an unknown file probably are, by their names and by what stands in them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from students.importing import cells, dates, headers
from students.importing.plausibility import EARLIEST_BIRTH
from students.importing.record_kinds import Field, Kind, kinds

Rows = Sequence[Sequence[str | None]]

# How sure one is of a column, in 0..1, by what its header and its first cells look like. Only their order counts, and
# on which side of `_LEAST` they fall: a name goes before what stands below it, whose shape alone just suffices; words
# that one column alone takes tell as much as a name spelt alike; and the best name of all falls short of `_LEAST` where
# its cells are of another type (1.0 * 0.2), so that it is asked about and not proposed.
_OWN_NAME, _OTHER_NAME, _PART_OF_NAME, _LIKE_NAME = 1.0, 0.9, 0.7, 0.6
_BY_CELLS, _WORDS_IN_CELLS = 0.35, 0.6
_WRONG_CELLS = 0.2
_LEAST = 0.3
_MOST_CELLS = 0.8
_NEAR = 0.8
_SHORTEST_PART = 5
# Comparing spellings costs time for each pair; a file of thousands of columns is matched by exact names beyond these.
_MOST_HEADERS = 120
_NOT_PROPOSED = ("attributes", "protected")
_CODE = re.compile(r"[\w./-]{2,40}")


@dataclass(frozen=True, kw_only=True)
class MappingSuggestion:
    """What a file probably is.

    Attributes
    ----------
    kind : str
    columns : dict of column (or "protected:NAME") to header
    scores : dict of the same keys to float in 0..1
        How sure that is.
    date_format : str
        A form as dates.is_format takes it; "" where the cells leave it open or need none.
    unmatched : list of str
        Headers for which nothing is proposed.
    """

    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    date_format: str = ""
    unmatched: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return the proposal as plain JSON types."""
        return {
            "kind": self.kind,
            "columns": dict(self.columns),
            "scores": {name: round(score, 2) for name, score in self.scores.items()},
            "date_format": self.date_format,
            "unmatched": list(self.unmatched),
        }


@dataclass(frozen=True, kw_only=True)
class _ColumnProfile:
    """What the cells of a column look like: shares in 0..1 of its filled cells."""

    texts: pl.Series
    yes_no_share: float
    date_share: float = 0.0
    dated_number_share: float = 0.0
    number_share: float = 0.0
    code_share: float = 0.0

    def word_share(self, column: Field) -> float:
        words = {*column.allowed, *(alias for alias, _word in column.aliases)}
        return _share(cells.plain_words(self.texts).is_in(list(words)))


def proposed(header: Sequence[str], sample: Rows, *, withheld: Sequence[str] = ()) -> MappingSuggestion:
    """Return the kind of record that fits a file best, and which of its columns is which.

    Parameters
    ----------
    header : sequence of str
    sample : rows of the file as text, each as long as the header
    withheld : sequence of str
        Headers of columns that may not be proposed.
    """
    looks = {
        name: _look([row[place] for row in sample if place < len(row)])
        for place, name in enumerate(header)
        if name not in withheld
    }
    near = _near_names(list(looks))
    candidates = [_for_kind(kind, looks, near) for name, kind in kinds().items() if name not in _NOT_PROPOSED]
    best, scores, columns = max(candidates, key=lambda one: _weight(one[0], one[1]))
    if best.name == "students":
        for name in looks:
            if name not in columns.values() and headers.is_protected(name):
                columns[f"protected:{headers.snake_case(name)}"] = name
                scores[f"protected:{headers.snake_case(name)}"] = _OTHER_NAME
    return MappingSuggestion(
        kind=best.name,
        columns=columns,
        scores=scores,
        date_format=_date_format(best, columns, looks),
        unmatched=[name for name in header if name not in columns.values()],
    )


def _weight(kind: Kind, scores: Mapping[str, float]) -> float:
    missing = headers.missing_columns(kind, scores)
    return sum(scores.values()) + sum(scores.get(name, 0) for name in kind.required) - len(missing)


def _for_kind(
    kind: Kind, looks: Mapping[str, _ColumnProfile], near: Mapping[str, list[str]]
) -> tuple[Kind, dict[str, float], dict[str, str]]:
    pairs = sorted(
        (
            (score, -place, column.name, name)
            for place, column in enumerate(kind.fields)
            for name, look in looks.items()
            if (score := _score(kind, column, name, look, near[name])) >= _LEAST
        ),
        reverse=True,
    )
    scores: dict[str, float] = {}
    columns: dict[str, str] = {}
    for score, _place, column_name, name in pairs:
        if column_name not in columns and name not in columns.values():
            columns[column_name], scores[column_name] = name, score
    order = [column for column in kind.columns if column in columns]
    return kind, {column: scores[column] for column in order}, {column: columns[column] for column in order}


def _score(kind: Kind, column: Field, name: str, look: _ColumnProfile, near: list[str]) -> float:
    by_name = _by_name(column, headers.plain(name), near)
    if look.texts.is_empty():
        return by_name
    fits = _fits(column, look)
    if by_name:
        is_date = column.type == "date" and look.dated_number_share >= _MOST_CELLS
        return by_name if fits or is_date else by_name * _WRONG_CELLS
    if column.type == "word":
        return _WORDS_IN_CELLS if fits else 0.0
    is_own_day = column.type == "date" and (column.required or column.name == kind.happened)
    # Codes that are mostly different, in a file where nothing is called a student, are the students.
    is_id = column.name == "student_id" and look.code_share >= _MOST_CELLS and look.date_share < _MOST_CELLS
    return _BY_CELLS if fits and (is_own_day or is_id) else 0.0


def _by_name(column: Field, name: str, near: list[str]) -> float:
    own = headers.plain(column.name)
    if name == own:
        return _OWN_NAME
    if name in column.also_called:
        return _OTHER_NAME
    parts = [len(other) for other in (own, *column.also_called) if len(other) >= _SHORTEST_PART and other in name]
    if parts:
        # The more of the header it is: "pupil" is nearly all of "pupil no", and little of "pupil surname".
        return _LIKE_NAME + (_PART_OF_NAME - _LIKE_NAME) * max(parts) / len(name)
    return _LIKE_NAME if any(other == own or other in column.also_called for other in near) else 0.0


def _fits(column: Field, look: _ColumnProfile) -> bool:
    if column.type == "date":
        return look.date_share >= _MOST_CELLS
    if column.type == "number":
        return look.number_share >= _MOST_CELLS
    if column.type == "boolean":
        return look.yes_no_share >= _MOST_CELLS
    if column.type == "word":
        return look.word_share(column) >= _MOST_CELLS
    return look.date_share < _MOST_CELLS


def _look(column: Sequence[str | None]) -> _ColumnProfile:
    texts = cells.trimmed(pl.Series(column, dtype=pl.String)).drop_nulls()
    if not texts.str.contains(r"\d").any():
        return _ColumnProfile(texts=texts, yes_no_share=_share(texts.str.to_lowercase().is_in(list(cells.YES_NO))))
    parsed = dates.days_of(texts, order=None, latest=date.max).is_not_null() | dates.ambiguous(texts)
    # A school's own numbers may look like days as Excel counts them, or like 20240915.
    is_digits = texts.str.contains(r"^\d+$")
    numbers = cells.numbers(texts)
    is_code = texts.str.contains(f"^(?:{_CODE.pattern})$")
    is_different = texts.n_unique() > len(texts) / 4
    return _ColumnProfile(
        texts=texts,
        date_share=_share(parsed & ~is_digits),
        dated_number_share=_share(parsed & is_digits),
        number_share=_share(numbers),
        yes_no_share=_share(texts.str.to_lowercase().is_in(list(cells.YES_NO))),
        code_share=_share(is_code & texts.str.contains(r"\d")) if is_different else 0.0,
    )


def _share(mask: pl.Series) -> float:
    return float(mask.sum()) / len(mask) if len(mask) else 0.0


def _near_names(names: list[str]) -> dict[str, list[str]]:
    """Return the known names that each header is nearly spelt like."""
    known = {other for kind in kinds().values() for column in kind.fields for other in _names(column)}
    near: dict[str, list[str]] = dict.fromkeys(names, [])
    for name in names[:_MOST_HEADERS]:
        near[name] = difflib.get_close_matches(headers.plain(name)[:_MOST_HEADERS], known, n=4, cutoff=_NEAR)
    return near


def _names(column: Field) -> Iterator[str]:
    yield headers.plain(column.name)
    yield from column.also_called


def _date_format(kind: Kind, columns: Mapping[str, str], looks: Mapping[str, _ColumnProfile]) -> str:
    for column, name in columns.items():
        if column in kind.columns and kind.field(column).type == "date":
            texts = looks[name].texts
            others = texts.filter(dates.iso_days(texts).is_null())
            order = dates.evidence(others, earliest=EARLIEST_BIRTH, latest=date.max).order
            if order is not None:
                return dates.FORMAT_OF[order]
    return ""
