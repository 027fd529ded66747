"""Words of a column that its kind does not know: what became of a student, a grade in words, yes and no elsewhere.

A word that stands alone in a long column is a slip and is refused with its row. One that stands there again and again
is the school's own, and a person says once what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from students.importing import cells, code_lists
from students.importing.questions import (
    GRADE_WORDS,
    HELP,
    LEAVE_OUT,
    NO_GRADE,
    NOT_KNOWN,
    OUTCOMES,
    YES_NO,
    Answers,
    Question,
)
from students.importing.record_kinds import kinds
from students.importing.unexplained import Unexplained
from students.outcomes.outcome_codes import ExitCodes

# A word that stands so often is the school's own, and so are words that make up so much of a column.
OFTEN, MUCH = 10, 0.05
FEWEST = 2
# A column of more different words holds no codes.
MOST_DIFFERENT = 60
# What a word probably means by a part of it, the first that fits; a person decides.
_OUTCOME_PARTS = (
    ("not return", "dropped_out"),
    ("drop", "dropped_out"),
    ("expel", "dropped_out"),
    ("grad", "graduated"),
    ("diploma", "graduated"),
    ("complet", "graduated"),
    ("transfer", "transferred"),
    ("moved", "transferred"),
    ("deceas", "died"),
    ("death", "died"),
    ("promot", "continued"),
    ("retain", "continued"),
    ("enrol", "continued"),
    ("continu", "continued"),
)
_YES_NO_PARTS = (("unexcused", "no"), ("not ", "no"), ("excused", "yes"), ("authori", "yes"))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One column that is asked about.

    Attributes
    ----------
    name : str
        Of the question; columns may share it.
    kind, column : str
    known : callable
        Tells whether a word, in lower case and single spaces, is understood as it stands.
    neighbour : callable, or None
        Returns the meaning of a word that another column of the kind understands.
    parts : sequence of (part of a word, meaning)
        What is proposed.
    asks_at_once : bool
        Whether a single word is asked about: there a word is never a slip.
    is_of_codes : bool
        Whether its words are exit codes, which the institution maps; what was answered for a source goes before.
    """

    name: str
    kind: str
    column: str
    known: Callable[[str], bool]
    neighbour: Callable[[str], str | None] | None = None
    parts: Sequence[tuple[str, str]] = ()
    asks_at_once: bool = False
    is_of_codes: bool = False


def _words_of(kind: str, column: str) -> Mapping[str, str]:
    field = kinds()[kind].field(column)
    return {**{word.replace("_", " "): word for word in field.allowed}, **dict(field.aliases)}


_OUTCOME_WORDS = _words_of("outcomes", "kind")
_HELP_WORDS = _words_of("interventions", "kind")


def _is_grade(word: str) -> bool:
    plain = word.replace(" ", "").replace("\u2212", "-").replace("\u2013", "-")
    return plain in cells.LETTER_POINTS or plain in cells.UNGRADED or not any(letter.isalpha() for letter in word)


def _asked_of_outcomes(codes: ExitCodes) -> Iterator[_Asked]:
    asked = _Asked(
        name=OUTCOMES,
        kind="outcomes",
        column="kind",
        known=_OUTCOME_WORDS.__contains__,
        neighbour=lambda word: codes.kind_of(word) if codes.knows(word) else None,
        parts=_OUTCOME_PARTS,
        asks_at_once=True,
    )
    yield asked
    yield replace(asked, column="exit_code", known=codes.knows, neighbour=_OUTCOME_WORDS.get, is_of_codes=True)


ASKED = (
    _Asked(name=HELP, kind="interventions", column="kind", known=_HELP_WORDS.__contains__),
    _Asked(name=GRADE_WORDS, kind="grades", column="value", known=_is_grade),
    *(
        _Asked(name=YES_NO, kind=kind.name, column=field.name, known=cells.YES_NO.__contains__, parts=_YES_NO_PARTS)
        for kind in kinds().values()
        for field in kind.fields
        if field.type == "boolean"
    ),
)


class ColumnWords:
    """The words of one file's columns: translated where they were explained, gathered where they were not.

    Parameters
    ----------
    codes : ExitCodes
        What exit codes count as at the institution.
    """

    def __init__(self, codes: ExitCodes) -> None:
        self._asked = (*_asked_of_outcomes(codes), *ASKED)
        self._seen: dict[str, Unexplained] = {}
        self._n_filled: dict[str, int] = {}

    def applied(self, kind: str, rows: pl.DataFrame, answers: Answers) -> pl.DataFrame:
        """Return the rows with the portal's words.

        Parameters
        ----------
        kind : str
        rows : DataFrame
            As they were read; columns of text alone are looked at.
        answers : mapping
        """
        for asked in self._asked:
            if asked.kind == kind and asked.column in rows.columns and rows[asked.column].dtype == pl.String:
                rows = self._column(asked, rows, answers.get(asked.name, {}))
        return rows

    def _column(self, asked: _Asked, rows: pl.DataFrame, answers: Mapping[str, str]) -> pl.DataFrame:
        texts = cells.trimmed(rows[asked.column])
        self._n_filled[asked.name] = self._n_filled.get(asked.name, 0) + texts.len() - texts.null_count()
        own = {text: cells.plain_word(text) for text in texts.drop_nulls().unique(maintain_order=True).to_list()}
        own = {
            text: word
            for text, word in own.items()
            if not _is_known(asked, word) or (asked.is_of_codes and text in answers)
        }
        if not own:
            return rows
        meanings = {
            text: answers[text] if text in answers else (asked.neighbour(word) if asked.neighbour else None)
            for text, word in own.items()
        }
        unknown = [text for text, meaning in meanings.items() if meaning is None]
        if unknown and not _is_told_elsewhere(asked.column, rows):
            self._seen.setdefault(asked.name, Unexplained()).note(rows, texts, unknown)
        explained = {text: meaning for text, meaning in meanings.items() if meaning is not None}
        return _WRITERS[asked.name](rows, asked.column, texts, explained) if explained else rows

    def questions(self) -> Iterator[Question]:
        """Yield what the words mean that nobody has explained."""
        for name, unexplained in self._seen.items():
            asked = next(asked for asked in self._asked if asked.name == name)
            listed = unexplained.values()
            n = sum(seen["n"] for seen in listed)
            are_words = listed[0]["n"] >= OFTEN or (n >= FEWEST and n >= MUCH * self._n_filled[name])
            if asked.asks_at_once or (are_words and len(listed) <= MOST_DIFFERENT):
                proposal = _proposed(listed, asked.parts)
                if name == OUTCOMES:
                    proposal |= code_lists.proposed(code_lists.EXITS, [seen["value"] for seen in listed])
                yield Question(name=name, values=listed, proposal=proposal)


def _is_known(asked: _Asked, word: str) -> bool:
    return word in cells.MISSING_WORDS or asked.known(word)


def _is_told_elsewhere(column: str, rows: pl.DataFrame) -> bool:
    """Tell whether a code is only kept: beside every one stands what became of the student."""
    return column == "exit_code" and "kind" in rows.columns and not cells.trimmed(rows["kind"]).null_count()


def _proposed(listed: Sequence[Mapping[str, object]], parts: Sequence[tuple[str, str]]) -> dict[str, str]:
    words = [str(seen["value"]) for seen in listed]
    found = {word: next((meaning for part, meaning in parts if part in word.lower()), "") for word in words}
    return {word: meaning for word, meaning in found.items() if meaning}


def _as_outcomes(rows: pl.DataFrame, column: str, texts: pl.Series, meanings: Mapping[str, str]) -> pl.DataFrame:
    meant = texts.replace_strict(dict(meanings), default=None, return_dtype=pl.String).alias("meant")
    rows = rows.with_columns(meant).filter((pl.col("meant") != LEAVE_OUT).fill_null(value=True))
    if "kind" not in rows.columns or column == "kind":
        was = pl.col("kind") if "kind" in rows.columns else pl.lit(None, dtype=pl.String)
        kind = pl.coalesce("meant", was)
    else:
        kind = pl.coalesce(pl.col("kind").str.strip_chars().replace("", None), "meant")
    return rows.with_columns(kind.alias("kind")).drop("meant")


def _as_words(rows: pl.DataFrame, column: str, texts: pl.Series, meanings: Mapping[str, str]) -> pl.DataFrame:
    written = {text: "" if meaning == NOT_KNOWN else meaning for text, meaning in meanings.items()}
    return rows.with_columns(texts.replace(written).alias(column))


def _as_grades(rows: pl.DataFrame, column: str, texts: pl.Series, meanings: Mapping[str, str]) -> pl.DataFrame:
    """Write words as grades of 100, whatever the scale of the numbers beside them."""
    written = {text: "ng" if of_100 == NO_GRADE else f"{float(of_100):g}" for text, of_100 in meanings.items()}
    is_word = texts.is_in(list(meanings)).fill_null(value=False)
    scale = pl.col("scale_max").cast(pl.String) if "scale_max" in rows.columns else pl.lit(None, dtype=pl.String)
    return rows.with_columns(
        texts.replace(written).alias(column),
        pl.when(is_word).then(pl.lit("100")).otherwise(scale).alias("scale_max"),
    )


_WRITERS: Mapping[str, Callable[[pl.DataFrame, str, pl.Series, Mapping[str, str]], pl.DataFrame]] = {
    OUTCOMES: _as_outcomes,
    HELP: _as_words,
    YES_NO: _as_words,
    GRADE_WORDS: _as_grades,
}
