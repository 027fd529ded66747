"""Whether a student is here: what the status column of a roster means, in the words that systems use for it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from students.importing import cells
from students.importing.questions import HERE, NOT_YET, STATUS, STATUS_MEANINGS, Answers, Question
from students.importing.unexplained import Unexplained

LEFT = "left"
# Taken at their word; everything else is asked.
_PLAIN = {
    **dict.fromkeys(("active", "enrolled", "current", "currently enrolled", "attending", "here", "open"), HERE),
    **dict.fromkeys(("graduated", "graduate"), "left_graduated"),
    **dict.fromkeys(("transferred", "transferred out"), "left_transferred"),
    **dict.fromkeys(("dropped out", "dropout"), "left_dropped_out"),
    **dict.fromkeys(("deceased", "died"), "left_died"),
}
# What a status probably means by a part of it, the first that fits; a person decides.
_PARTS = (
    ("not attending", "left_other"),
    ("no show", NOT_YET),
    ("noshow", NOT_YET),
    ("pre", NOT_YET),
    ("future", NOT_YET),
    ("pending", NOT_YET),
    ("applied", NOT_YET),
    ("drop", "left_dropped_out"),
    ("grad", "left_graduated"),
    ("complet", "left_graduated"),
    ("transfer", "left_transferred"),
    ("deceas", "left_died"),
    ("withdr", "left_other"),
    ("inactive", "left_other"),
    ("exit", "left_other"),
    ("left", "left_other"),
    ("expel", "left_dropped_out"),
    ("activ", HERE),
    ("enrol", HERE),
    ("return", HERE),
)


class Statuses:
    """The status column of one file: read where it is known, gathered into a question where it is not."""

    def __init__(self) -> None:
        self._unexplained = Unexplained()
        self.n_not_yet = 0

    def applied(self, rows: pl.DataFrame, answers: Answers) -> pl.DataFrame:
        """Return the rows of students or enrolments that are here or have left; ``status`` is then "left" or missing.

        Parameters
        ----------
        rows : DataFrame of text, with ``status``
        answers : mapping
        """
        known = answers.get(STATUS, {})
        texts = cells.trimmed(rows["status"])
        found = texts.drop_nulls().unique(maintain_order=True).to_list()
        meant = {text: known.get(text) or _PLAIN.get(" ".join(text.lower().split()), "") for text in found}
        unknown = [text for text, meaning in meant.items() if not meaning]
        if unknown:
            self._unexplained.note(rows, texts, unknown)
        meaning = texts.replace_strict(meant, default=None, return_dtype=pl.String)
        is_not_yet = (meaning == NOT_YET).fill_null(value=False)
        self.n_not_yet += int(is_not_yet.sum())
        reasons = {name: reason for name, reason in STATUS_MEANINGS.items() if reason}
        reason = meaning.replace_strict(reasons, default=None, return_dtype=pl.String)
        rows = rows.with_columns(pl.when(reason.is_not_null()).then(pl.lit(LEFT)).alias("status"))
        if "exit_reason" in rows.columns:
            told = pl.coalesce(pl.col("exit_reason").str.strip_chars().replace("", None), reason)
            rows = rows.with_columns(told.alias("exit_reason"))
        else:
            rows = rows.with_columns(reason.alias("exit_reason"))
        return rows.filter(~is_not_yet)

    def questions(self) -> Iterator[Question]:
        """Yield the question what the unknown statuses mean."""
        listed = self._unexplained.values()
        if not listed:
            return
        proposal = {seen["value"]: meaning for seen in listed if (meaning := _probably(seen["value"]))}
        yield Question(name=STATUS, values=listed, proposal=proposal)


def _probably(status: str) -> str:
    plain = status.lower()
    return next((meaning for part, meaning in _PARTS if part in plain), "")
