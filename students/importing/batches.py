"""What every reader of a format yields: rows of one kind of record as text, and the faults found while reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import polars as pl

from students.importing.cohort_schema import CohortSchema

# One row per bad cell, or per bad line (column ""), or per bad column (line null). `problem` is a key of
# file_errors.SENTENCES. Rows with a fault are left out; everything else goes on.
FAULTS = pl.Schema(
    {
        "file": pl.String(),
        "line": pl.Int64(),
        "column": pl.String(),
        "value": pl.String(),
        "problem": pl.String(),
        "allowed": pl.String(),
    }
)


def no_faults() -> pl.DataFrame:
    """Return an empty table of faults."""
    return pl.DataFrame(schema=FAULTS)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some thousand rows of one kind of record.

    Attributes
    ----------
    kind : str
        A name of record_kinds.kinds().
    rows : DataFrame
        Columns of the kind as text (missing is null; columns the file lacks may be left out), or already of their
        type; and ``file`` (str, the member of the zip or the file's name) and ``line`` (int64, as a text editor
        counts, the header is line 1). Lines need not ascend.
    faults : DataFrame with the columns of FAULTS
        What was wrong with lines of this stretch that are not in `rows`.
    n_bytes : int
        How much of the input was read for this batch; all batches together make the size of the file.
    headers : mapping of column to str
        What the file calls a column, for the sentences; a column that is not here has its own name there.
    date_formats : mapping of column to str
        The form of dates that a person chose or the reader found out, as dates.is_format takes it.
    """

    kind: str
    rows: pl.DataFrame
    faults: pl.DataFrame = field(default_factory=no_faults)
    n_bytes: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    date_formats: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Report:
    """What a reader tells about a file beside its rows; filled while it is read.

    Attributes
    ----------
    encodings, delimiters : dict of file to str
    unused : dict of file to list of str
        Columns that were not read because nothing needs them.
    withheld : dict of file to list of str
        Columns that look like national ids, medical notes or passwords: never read, never stored.
    removed : dict of kind to list of str
        Ids of records that the file says are no longer true (OneRoster: status "tobedeleted").
    notes : list of str
        Whole sentences for the admin: what was assumed.
    """

    encodings: dict[str, str] = field(default_factory=dict)
    delimiters: dict[str, str] = field(default_factory=dict)
    unused: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a reader is told.

    Attributes
    ----------
    today : date
        The day at the institution.
    is_complete : bool or None
        Whether the file holds every record; None leaves it to the file (its manifest) or to the format's custom.
    schema : CohortSchema or None
        For flat cohorts.
    mapping : mapping or None
        For files that follow no format: ``kind``, ``columns`` ({field: header}) and ``date_format``.
    """

    today: date
    is_complete: bool | None = None
    schema: CohortSchema | None = None
    mapping: Mapping[str, Any] | None = None


class Reader(Protocol):
    """A file of one format, opened.

    `complete` names the kinds of which the file holds every record: what is missing is no longer true.
    """

    format: str
    complete: frozenset[str]
    report: Report

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows; schools, terms, school days and students come before facts about them.

        :raises FileRefused: if the file cannot be read at all
        """
        ...
