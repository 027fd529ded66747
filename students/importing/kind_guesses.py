"""What kind of record a file is where its columns fit several: by its name, else by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from students.importing import cells, code_lists
from students.importing.csv_blocks import CsvFile
from students.importing.headers import HeaderMatch, plain
from students.importing.record_kinds import Field, kinds

ROWS_LOOKED_AT = 1000
MOST = 0.5
# Shorter ones are codes, which say nothing about what they are codes of.
SHORTEST_WORD = 5
_OF_INCIDENTS = frozenset({"action", "days_removed"})
_CALLED_INCIDENTS = frozenset({"incidentcode", "offense", "offence", "behavior", "behaviour", "incident"})
# Parts of the words that schools use for what happened; after the behaviours of the Ed-Fi data standard.
_INCIDENTS = (
    *("fight", "assault", "batter", "bully", "harass", "threat", "intimid", "weapon", "firearm", "knife", "gun"),
    *("drug", "alcohol", "tobacco", "vap", "smok", "theft", "steal", "stole", "vandal", "arson", "trespass"),
    *("disrupt", "insubord", "defian", "disobed", "disrespect", "profan", "language", "obscen", "cheat", "plagiar"),
    *("truan", "skip", "cut class", "phone", "dress code", "horseplay", "gang", "sexual", "violen", "misconduct"),
)


def chosen(name: str, csv: CsvFile, fits: list[HeaderMatch]) -> HeaderMatch | None:
    """Return the fit that a file is, or None where a person has to say.

    Parameters
    ----------
    name : str
        Of the file: "Attendance codes 2026" says what it is.
    csv : CsvFile
    fits : list of HeaderMatch
        Kinds that its columns fit about equally well, the best first.
    """
    rows = csv.sample_frame(ROWS_LOOKED_AT)
    one = _fitting(name, rows, fits)
    if one is None or one.kind.name != "discipline" or _is_named(name, one) or _is_told(one, rows):
        return one
    return None


def _fitting(name: str, rows: pl.DataFrame, fits: list[HeaderMatch]) -> HeaderMatch | None:
    rivals = [one for one in fits if _reads_the_same(one, fits[0])]
    if len(rivals) == 1:
        return fits[0] if len(fits) == 1 or fits[0].score > fits[1].score else None
    if len(named := [one for one in rivals if _is_named(name, one)]) == 1:
        return named[0]
    known = [(share, one) for one in rivals if (share := _known_share(rows, one)) is not None]
    if known and max(share for share, _one in known) >= MOST:
        return max(known, key=lambda pair: pair[0])[1]
    # Whose words are of no list at all takes any word; a column of codes may be anything.
    open_ones = [one for one in rivals if _known_share(rows, one) is None]
    is_clear = all(share == 0 for share, _one in known)
    return open_ones[0] if len(open_ones) == 1 and is_clear and _are_words(rows, open_ones[0]) else None


def _is_told(one: HeaderMatch, rows: pl.DataFrame) -> bool:
    """Tell whether a file is of incidents by a column of theirs, a header or its words; a "type" may be of anything."""
    if not _OF_INCIDENTS.isdisjoint(one.columns) or plain(one.columns["code"]) in _CALLED_INCIDENTS:
        return True
    texts = cells.trimmed(rows[one.columns["code"]]).drop_nulls().str.to_lowercase()
    return float(texts.str.contains("|".join(_INCIDENTS)).mean() or 0) >= MOST  # type: ignore[arg-type]


def _reads_the_same(one: HeaderMatch, best: HeaderMatch) -> bool:
    """Tell whether two kinds take the same columns for what every row needs, so that only what stands there tells."""
    needed = {best.columns[name] for name in best.kind.required if name in best.columns}
    return needed <= set(one.columns.values())


def _is_named(name: str, one: HeaderMatch) -> bool:
    words = {plain(word) for word in re.split(r"[\W_]+", name)}
    return not words.isdisjoint({plain(one.kind.name), *(plain(other) for other in one.kind.also_called)})


def _telling(one: HeaderMatch) -> list[Field]:
    needed = [field for field in one.kind.fields if field.required and field.name in one.columns]
    return [field for field in needed if field.type in ("word", "text") and field.name != "student_id"]


def _known_share(rows: pl.DataFrame, one: HeaderMatch) -> float | None:
    """Return the share of cells that hold a word of the kind's lists; None where it has no list."""
    fields = [field for field in _telling(one) if field.type == "word"]
    if not fields:
        return None
    shares = []
    for field in fields:
        texts = cells.plain_words(cells.trimmed(rows[one.columns[field.name]])).drop_nulls()
        shares.append(float(texts.is_in(_words(one, field)).sum()) / max(len(texts), 1))
    return min(shares)


def _words(one: HeaderMatch, field: Field) -> list[str]:
    words: Iterable[str] = (*field.allowed, *(alias for alias, _word in field.aliases))
    if one.kind is kinds()["attendance"]:
        words = (*words, *code_lists.lists(code_lists.ATTENDANCE)["common"])
    return [word.replace("_", " ") for word in words]


def _are_words(rows: pl.DataFrame, one: HeaderMatch) -> bool:
    texts = [cells.trimmed(rows[one.columns[field.name]]).drop_nulls() for field in _telling(one)]
    return all(float((text.str.len_chars() >= SHORTEST_WORD).mean() or 0) >= MOST for text in texts)  # type: ignore[arg-type]
