"""A flat cohort by its schema, one row per student, as batches of typed facts: the same rules however large it is."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import polars as pl

from students.importing import cohort_checks, privacy
from students.importing.batches import Batch, Options, Report, no_faults
from students.importing.cohort_checks import Faults, TypedColumn
from students.importing.cohort_frames import cohort_frames
from students.importing.cohort_schema import CohortSchema, Column
from students.importing.containers import Container, Member
from students.importing.csv_blocks import Block, CsvFile
from students.importing.csv_dialect import DELIMITERS
from students.importing.file_errors import CellError, FileRefused, file_refused
from students.importing.kind_files import ROWS_LOOKED_AT, check_stored

# Pandera and pandas hold a cell in several forms at once, so fewer rows are taken than the file is read by.
_BLOCK_BYTES = 2 * 1024**2
_KINDS = ("students", "enrolments", "attendance", "grades", "attributes", "protected", "outcomes")
_LONGEST_VALUE_KEPT = 200
# Each guess compares one name with all that are absent; a file with none of the right names needs no hundreds.
_MOST_GUESSES = 20


class CohortReader:
    """Reads a flat cohort.

    Parameters
    ----------
    container : Container
        Of one CSV file.
    options : Options
        With the schema.
    csvs : mapping of name to CsvFile, optional
        The files whose headers were read already.

    Raises
    ------
    FileRefused
        If the header does not fit the schema.
    """

    format = "cohort"

    def __init__(self, container: Container, options: Options, *, csvs: Mapping[str, CsvFile] | None = None) -> None:
        if options.schema is None:
            raise ValueError("A cohort is read by its schema; none was given.")
        members = [member for member in container.members if member.kind == "csv"]
        if len(members) != 1:
            raise file_refused("not_one_file", value=str(len(members)))
        self.schema: CohortSchema = options.schema
        self.report = Report(notes=list(container.notes))
        self.complete = frozenset({"students", "enrolments"}) if options.is_complete else frozenset()
        self._csv = self._opened(members[0], csvs or {})
        self._check_header()
        self._seen = _SeenIds()
        self._schools: set[str] = set()
        self._n_students = 0

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self._csv.member.name

    def _opened(self, member: Member, csvs: Mapping[str, CsvFile]) -> CsvFile:
        # The separator that the schema asks for counts if it leads to names the schema knows.
        read = csvs.get(member.name)
        if self.schema.separator is not None and (read is None or read.delimiter != self.schema.separator):
            # Under another separator the whole first line is one name, which may be too long to be one.
            with contextlib.suppress(FileRefused):
                csv = CsvFile(member, delimiter=self.schema.separator)
                if not set(csv.header).isdisjoint(self.schema.headers):
                    return csv
        return read or CsvFile(member)

    def _check_header(self) -> None:
        header, wanted = self._csv.header, self.schema.separator
        known = set(self.schema.headers)
        if not known & set(header):
            got, expected = (", ".join(f'"{name}"' for name in names[:5]) for names in (header, self.schema.headers))
            raise file_refused("no_known_header", value=got, allowed=expected)
        if wanted is not None and self._csv.delimiter != wanted:
            delimiter = DELIMITERS.get(self._csv.delimiter, self._csv.delimiter)
            raise file_refused("wrong_delimiter", value=delimiter, allowed=DELIMITERS[wanted])
        errors = _column_errors(header, self.schema)
        if errors:
            raise FileRefused(errors)

    def batches(self) -> Iterator[Batch]:
        """Yield the facts of every block of lines, students first.

        :raises FileRefused: if the file holds no student at all, or the schema needs a column that is never stored
        """
        withheld = self._withheld()
        n_lines = 0
        for block in self._csv.blocks(_BLOCK_BYTES):
            n_lines += block.rows.height + block.faults.height
            yield from self._of_block(block, withheld)
        if not n_lines:
            raise file_refused("no_rows")
        self.report.encodings[self.name] = self._csv.encoding
        self.report.notes += self._csv.notes

    def _withheld(self) -> set[str]:
        """Return the headers that are never read, and tell of every column that is left out."""
        self.report.encodings[self.name] = self._csv.encoding
        self.report.delimiters[self.name] = self._csv.delimiter
        read = {column.header for column in self.schema.columns if column.kind != "ignored"}
        needed = [column.header for column in self.schema.columns if column.required and column.kind != "ignored"]
        found = privacy.withheld_columns(self._csv.header, self._csv.sample(ROWS_LOOKED_AT))
        check_stored(self.name, dict(zip(needed, needed, strict=True)), needed, found)
        if found:
            self.report.withheld[self.name] = list(found)
        unused = [header for header in self._csv.header if header not in read and header not in found]
        if unused:
            self.report.unused[self.name] = unused
        return set(found)

    def _of_block(self, block: Block, withheld: set[str]) -> Iterator[Batch]:
        names = [name for name in self._csv.header if name not in withheld]
        raw = pd.DataFrame({name: block.rows[name].fill_null("").to_pandas() for name in names}, dtype="str")
        typed = cohort_checks.typed_columns(raw, self.schema)
        repeated = self._repeated(typed, block.rows["line"])
        found = cohort_checks.cell_faults(typed)
        told = pl.concat([block.faults, repeated, self._table(found, typed, raw, block.rows["line"])])
        told = told.sort("line", maintain_order=True)
        typed = self._with_ids(typed, block)
        is_good = ~block.rows["line"].is_in(told["line"].implode())
        frames = cohort_frames([_only(one, is_good.to_numpy()) for one in typed], self.schema)
        lines = pl.DataFrame(
            {"student_id": _texts(frames["students"]["student_id"]), "line": block.rows["line"].filter(is_good)}
        )
        yield Batch(kind="schools", rows=self._schools_of(frames["schools"], lines), faults=told, n_bytes=block.n_bytes)
        for kind in _KINDS:
            rows = self._rows(frames[kind], lines)
            if rows.height:
                yield Batch(kind=kind, rows=rows, headers=self._headers(kind))

    def _with_ids(self, typed: list[TypedColumn], block: Block) -> list[TypedColumn]:
        """Return the columns with one of ids: by the place of the line, if the file has none.

        Bad lines are counted, so that a student keeps their number when these are mended.
        """
        if any(one.column.kind == "identifier" for one in typed):
            return typed
        bad = block.faults.filter(pl.col("problem") != "header_again")["line"]
        students = pl.concat([block.rows["line"], bad.drop_nulls()]).unique().sort()
        places = students.search_sorted(block.rows["line"]) + self._n_students + 1
        self._n_students += len(students)
        prefix = self.schema.identifier.prefix if self.schema.identifier else ""
        ids = pd.Series([f"{prefix}-{place:05d}" for place in places.to_list()], dtype="str")
        return [TypedColumn(Column(header="line", name="line", kind="identifier", type="text"), ids, ids), *typed]

    def _schools_of(self, frame: pd.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the schools that no earlier block had."""
        rows = pl.DataFrame({name: _texts(frame[name]) for name in ("school_id", "name")})
        rows = rows.filter(~pl.col("school_id").is_in(list(self._schools)))
        self._schools.update(rows["school_id"].to_list())
        first_line = lines["line"][0] if lines.height else 2
        return rows.with_columns(pl.lit(first_line, dtype=pl.Int64).alias("line"), pl.lit(self.name).alias("file"))

    def _rows(self, frame: pd.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        rows = pl.from_pandas(frame)
        rows = rows.with_columns(pl.col(column).cast(pl.Date) for column in rows.columns if column.endswith("_on"))
        rows = rows.with_columns(pl.lit(self.name).alias("file"))
        return rows.join(lines, on="student_id", how="left", maintain_order="left")

    def _headers(self, kind: str) -> dict[str, str]:
        """Return what the file calls the columns of students; other kinds are made of several."""
        if kind not in ("students", "enrolments"):
            return {}
        names = {"identifier": "student_id", "school": "school_id"}
        columns = self.schema.columns_of("identifier", "given_name", "family_name", "birth_on", "school", "grade_level")
        return {names.get(column.kind, column.kind): column.header for column in columns}

    def _repeated(self, typed: list[TypedColumn], lines: pl.Series) -> pl.DataFrame:
        """Return the students that stand in an earlier line of the file."""
        one = next((one for one in typed if one.column.kind == "identifier"), None)
        if one is None:
            return no_faults()
        again = self._seen.again(_texts(one.text), lines)
        return again.select(
            pl.lit(self.name).alias("file"),
            "line",
            pl.lit(one.column.header).alias("column"),
            pl.col("value").str.slice(0, _LONGEST_VALUE_KEPT),
            pl.lit("duplicate_identifier").alias("problem"),
            pl.col("first_line").cast(pl.String).alias("allowed"),
        )

    def _table(
        self, faults: list[Faults], typed: list[TypedColumn], raw: pd.DataFrame, lines: pl.Series
    ) -> pl.DataFrame:
        """Return bad cells as rows of FAULTS, in the order of the columns."""
        parts = []
        for fault in sorted(faults, key=lambda fault: list(raw.columns).index(typed[fault.place].column.header)):
            column = typed[fault.place].column
            values = _texts(raw[column.header].iloc[fault.rows].str.strip())
            allowed = pl.lit(cohort_checks.what_is_allowed(fault.problem, column))
            if fault.problem == "decimal_comma":
                allowed = pl.col("value").str.replace(",", ".", literal=True)
            cells = pl.DataFrame({"line": lines.gather(fault.rows), "value": values})
            parts.append(
                cells.select(
                    pl.lit(self.name).alias("file"),
                    "line",
                    pl.lit(column.header).alias("column"),
                    pl.col("value").str.slice(0, _LONGEST_VALUE_KEPT),
                    pl.lit(fault.problem).alias("problem"),
                    allowed.alias("allowed"),
                )
            )
        return pl.concat([no_faults(), *parts])


def _column_errors(header: tuple[str, ...], schema: CohortSchema) -> list[CellError]:
    """Return the columns that are missing and those that the schema does not know, with a guess at misspellings."""
    absent = {column.header: column for column in schema.columns if column.header not in header}
    errors: list[CellError] = []
    for name in (name for name in header if name not in schema.headers):
        may_guess = len(errors) < _MOST_GUESSES
        near = difflib.get_close_matches(name[:200], absent, n=1, cutoff=0.8) if may_guess else []
        if near:
            # A misspelt column is one fault: it is not reported again as missing.
            absent.pop(near[0])
        problem = "misspelt_column" if near else "unknown_column"
        errors.append(CellError(None, name[:200], "", problem, near[0] if near else ""))
    errors += [
        CellError(None, column.header, "", "missing_column", "")
        for column in absent.values()
        if column.required and column.kind != "ignored"
    ]
    return errors


class _SeenIds:
    """The students that were read, as hashes of their ids (16 bytes each): a file may hold millions."""

    def __init__(self) -> None:
        self._seen = pl.DataFrame(schema={"hash": pl.UInt64, "first_line": pl.Int64})

    def again(self, ids: pl.Series, lines: pl.Series) -> pl.DataFrame:
        """Return ``value``, ``line`` and ``first_line`` of ids that stand in an earlier line; remember the others."""
        rows = pl.DataFrame({"value": ids, "line": lines, "hash": ids.hash()}).drop_nulls("value")
        new = rows.select("hash", pl.col("line").alias("first_line"))
        self._seen = pl.concat([self._seen, new]).unique("hash", keep="first", maintain_order=True)
        found = rows.join(self._seen, on="hash", how="left", maintain_order="left")
        return found.filter(pl.col("line") != pl.col("first_line"))


def _texts(series: pd.Series) -> pl.Series:
    return pl.from_pandas(series.reset_index(drop=True)).cast(pl.String)


def _only(one: TypedColumn, good: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> TypedColumn:
    values, text = one.values[good].reset_index(drop=True), one.text[good].reset_index(drop=True)
    return TypedColumn(one.column, values, text)
