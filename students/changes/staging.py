"""The rows of one file in temporary tables, where the database can compare all of them at once.

Row-level security refuses COPY into a table, so every way into the records leads through here. Everything is gone with
the transaction. Rows that are wrong stay behind as faults; they never become a record.
"""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from django.db import DatabaseError, connection
from psycopg import sql

from accounts.models import Institution, User
from students.import_sql import statements
from students.import_sql.fact_tables import staged_columns
from students.import_sql.statements import fetch, name, run
from students.importing import plausibility
from students.importing.batches import FAULTS, Batch
from students.importing.file_errors import MAX_ERRORS_KEPT, CellError
from students.importing.record_kinds import kinds
from students.models import Cohort, Upload

if TYPE_CHECKING:
    import polars as pl

    from students.importing.typed_records import ParsedBatch

# A million students in one hash table take 90 MB; with less, each join of ten million rows goes to disk and back.
WORK_MEMORY = "256MB"
# Bounds what a slice of a batch takes as text, whatever the size of the batch.
ROWS_A_PIECE = 100_000
EXAMPLES_KEPT = 5
FINDINGS = ("staged_faults", "staged_warnings")


@dataclass(frozen=True, kw_only=True)
class Context:
    """For whom, from where and by which rules a file is brought in.

    `complete` names the kinds of which the file holds every record, `removed` the ids of records that it says are no
    longer true, `rules` what the institution chose of plausibility.RULES; `at_both` says that who is open at two
    schools in the file is at both.
    """

    institution: Institution
    upload: Upload | None
    by: User | None
    now: dt.datetime
    source: str = ""
    cohort: Cohort | None = None
    complete: frozenset[str] = frozenset()
    rules: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    at_both: bool = False

    @property
    def today(self) -> dt.date:
        """Return the day at the institution, on which everything without a day of its own became known."""
        return self.institution.day_of(self.now)

    def severity(self, rule: str) -> str:
        """Return how strict a plausibility rule is: "refuse", "warn" or "off"."""
        return plausibility.severities(self.rules)[rule]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what statements ask for by name."""
        return {
            "institution": self.institution.pk,
            "upload": self.upload.pk if self.upload else None,
            "cohort": self.cohort.pk if self.cohort else None,
            "today": self.today,
        }


class Staging:
    """Temporary tables for the rows of one file, one per kind, made when the first row of it comes.

    A context manager, within one transaction. Each table has the columns of its kind, `file` (a number) and `line`.
    """

    def __init__(self) -> None:
        # Rows of each kind that were staged, and lines of each kind that were not because they could not be read.
        self.n_staged: Counter[str] = Counter()
        self.n_unread: Counter[str] = Counter()
        self.n_repeated: Counter[str] = Counter()
        # Rows that became a part of another: periods of one day.
        self.n_combined: Counter[str] = Counter()
        self.has_nameless_faults: set[str] = set()
        # The first and last day of each kind's facts, of students their births: it meets most rules about days.
        self.reach: dict[str, tuple[dt.date, dt.date]] = {}
        self.absence_days: set[dt.date] = set()
        # Kind and column of which some row says something.
        self.told_columns: set[tuple[str, str]] = set()
        # Rows of a kind that repeat the key of another, where somebody has counted them.
        self.n_same_key: dict[str, int] = {}
        self._files: dict[str, int] = {}
        self._files_of: dict[str, set[int]] = {}
        self._headers: dict[tuple[int, str], str] = {}
        self._n_dropped = 0

    def __enter__(self) -> Staging:
        run("SET LOCAL work_mem = {size}", size=statements.literal(WORK_MEMORY))
        for table in FINDINGS:
            run(
                "CREATE TEMP TABLE {table} (n bigint GENERATED ALWAYS AS IDENTITY, kind text, file smallint,"
                ' line integer, "column" text, value text, problem text, allowed text) ON COMMIT DROP',
                table=name(table),
            )
        run("CREATE TEMP TABLE staged_unread (kind text, student_id text) ON COMMIT DROP")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After a failure of the database the transaction goes, and every temporary table with it.
        if not isinstance(error, DatabaseError):
            statements.drop_all()

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of which rows were staged, in the order in which they came."""
        return list(self._files_of)

    @property
    def n_rows(self) -> dict[str, int]:
        """Return the rows of each kind that the file holds, the unreadable ones among them."""
        return dict(self.n_staged + self.n_unread)

    def reaches_over(self, kind: str, days: dt.timedelta) -> bool:
        """Tell whether the first and the last day of a kind's rows lie at least so far apart."""
        first, last = self.reach.get(kind, (dt.date.min, dt.date.min))
        return last - first >= days

    def add(self, typed: ParsedBatch, batch: Batch | None = None) -> None:
        """Stage the rows of a batch, and keep its faults and warnings.

        With the batch as it was read, faults found later name the columns as the file does, and students whose row
        could not be read are known not to be gone.
        """
        if batch is not None:
            for column, header in batch.headers.items():
                for file in typed.rows["file"].unique().to_list():
                    self._headers[self._number(file), column] = header
        if typed.rows.height:
            self._copy_rows(typed.kind, typed.rows)
        self.add_faults(typed.kind, typed.faults, read=batch.rows if batch is not None else None)
        self._copy_findings("staged_warnings", typed.kind, typed.warnings)

    def add_faults(self, kind: str, faults: pl.DataFrame, *, read: pl.DataFrame | None = None) -> None:
        """Keep faults of a kind; `read` is the rows they were found in, for the students they are about."""
        if faults.is_empty():
            return
        self._copy_findings("staged_faults", kind, faults)
        lines = faults.select("file", "line").drop_nulls().unique()
        self.n_unread[kind] += lines.height
        if read is None or "student_id" not in read.columns:
            self.has_nameless_faults.add(kind)
            return
        about = lines.join(read.select("file", "line", "student_id"), on=["file", "line"], how="left")
        if about["student_id"].null_count():
            self.has_nameless_faults.add(kind)
        named = about.select("student_id").drop_nulls().unique()
        self._copy("staged_unread", ("kind", "student_id"), named.select(_constant("kind", kind), "student_id"))

    def n_faults(self) -> int:
        """Return how many cells, lines and columns are wrong."""
        return int(fetch("SELECT count(*) FROM staged_faults")[0][0])

    def n_bad_rows(self) -> int:
        """Return how many lines of the file are left out."""
        return int(fetch("SELECT count(*) FROM (SELECT DISTINCT file, line FROM staged_faults) f")[0][0])

    def faults(self, limit: int = MAX_ERRORS_KEPT) -> list[dict[str, Any]]:
        """Return the first faults in the order of the file, each with its sentence."""
        found = fetch(
            'SELECT file, line, "column", value, problem, allowed FROM staged_faults'
            " ORDER BY file, line NULLS FIRST, n LIMIT %(limit)s",
            {"limit": limit},
        )
        return [self._fault(row) for row in found]

    def each_fault(self) -> Iterator[dict[str, Any]]:
        """Yield every fault in the order of the file, without holding all of them."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                'SELECT file, line, "column", value, problem, allowed FROM staged_faults'
                " ORDER BY file, line NULLS FIRST, n"
            )
            for row in cursor:
                yield self._fault(row)

    def warnings(self) -> list[dict[str, Any]]:
        """Return each rule that let rows through with a warning: how many, and the first of them."""
        counts = fetch("SELECT problem, count(*) FROM staged_warnings GROUP BY problem ORDER BY problem")
        return [{"rule": rule, "n": n, "examples": self._warned(rule)} for rule, n in counts]

    def drop_rejected(self) -> set[str]:
        """Take every line with a fault out of every kind it brought rows of; return the kinds that lost rows.

        A line of a roster is a student and an enrolment: whoever mends it brings both, so neither stays alone.
        """
        n_bad = statements.make(
            "staged_bad_lines",
            "SELECT DISTINCT file, line FROM staged_faults WHERE n > %(dropped)s AND line IS NOT NULL",
            {"dropped": self._n_dropped},
        )
        if not n_bad:
            return set()
        self._n_dropped = fetch("SELECT max(n) FROM staged_faults")[0][0]
        files = {file for (file,) in fetch("SELECT DISTINCT file FROM staged_bad_lines")}
        return {kind for kind, found_in in self._files_of.items() if files & found_in and _without_bad_lines(kind)}

    def file_name(self, number: int) -> str:
        """Return the name of a file by its number in the tables."""
        return next(file for file, known in self._files.items() if known == number)

    def listed_files(self) -> sql.Composed:
        """Return number and name of every file, as rows of VALUES."""
        return sql.SQL(", ").join(
            [sql.SQL("({}::smallint, {}::text)").format(number, file) for file, number in self._files.items()]
        )

    def _warned(self, rule: str) -> list[dict[str, Any]]:
        first = fetch(
            'SELECT file, line, "column", value FROM staged_warnings WHERE problem = %(rule)s'
            " ORDER BY file, line, n LIMIT %(limit)s",
            {"rule": rule, "limit": EXAMPLES_KEPT},
        )
        return [
            {"file": self.file_name(file), "line": line, "column": self._header(file, column), "value": value}
            for file, line, column, value in first
        ]

    def _fault(self, row: tuple[Any, ...]) -> dict[str, Any]:
        number, line, column, value, problem, allowed = row
        file = self.file_name(number)
        return CellError(line, self._header(number, column), value or "", problem, allowed or "", file).as_dict()

    def _header(self, file: int, column: str) -> str:
        return self._headers.get((file, column), column)

    def _number(self, file: str) -> int:
        return self._files.setdefault(file, len(self._files))

    def _copy_rows(self, kind: str, rows: pl.DataFrame) -> None:
        columns = staged_columns(kind)
        if kind not in self._files_of:
            self._files_of[kind] = set()
            described = statements.typed_columns({**columns, "file": "smallint", "line": "integer"})
            run("CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP", table=table_of(kind), columns=described)
        self._files_of[kind] |= {self._number(file) for file in rows["file"].unique().to_list()}
        self.n_staged[kind] += rows.height
        self._note_reach(kind, rows)
        # What a batch says nothing of is not sent: a column left out is missing all the same.
        told = [column for column in columns if rows[column].null_count() < rows.height]
        self.told_columns.update((kind, column) for column in told)
        wanted = (*told, "file", "line")
        self._copy(f"staged_{kind}", wanted, self._numbered(rows).select(wanted))

    def _note_reach(self, kind: str, rows: pl.DataFrame) -> None:
        column = "birth_on" if kind == "students" else kinds()[kind].happened
        if not column or rows[column].null_count() == rows.height:
            return
        first, last = cast("dt.date", rows[column].min()), cast("dt.date", rows[column].max())
        known = self.reach.get(kind, (first, last))
        self.reach[kind] = min(first, known[0]), max(last, known[1])
        if kind == "attendance":
            self.absence_days.update(rows[column].drop_nulls().unique().to_list())

    def _copy_findings(self, table: str, kind: str, found: pl.DataFrame) -> None:
        if not found.is_empty():
            wanted = ("kind", *FAULTS.names())
            self._copy(table, wanted, self._numbered(found).select(_constant("kind", kind), *FAULTS.names()))

    def _numbered(self, frame: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        files = {file: self._number(file) for file in frame["file"].unique().to_list()}
        return frame.with_columns(pl.col("file").replace_strict(files, return_dtype=pl.Int16))

    def _copy(self, table: str, columns: Sequence[str], frame: pl.DataFrame) -> None:
        with connection.cursor() as cursor, cursor.copy(statements.copy_in(table, columns)) as copy:
            for piece in frame.iter_slices(ROWS_A_PIECE):
                written = io.BytesIO()
                # A missing value is written as nothing, an empty text in quotes: as COPY reads them.
                piece.write_csv(written, include_header=False)
                copy.write(written.getbuffer())


def table_of(kind: str) -> Any:
    """Return the name of the table in which rows of a kind are staged."""
    return name(f"staged_{kind}")


def _constant(column: str, value: str) -> pl.Expr:
    import polars as pl

    return pl.lit(value).alias(column)


def _without_bad_lines(kind: str) -> int:
    return run(
        "DELETE FROM {table} t USING staged_bad_lines b WHERE b.file = t.file AND b.line = t.line",
        table=table_of(kind),
    )
