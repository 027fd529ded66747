"""One CSV file whose rows are all of one kind of record: which column is which, and its rows batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from students.importing import cells, dates, headers, privacy
from students.importing.batches import Batch, Options, Report
from students.importing.csv_blocks import Block, CsvFile
from students.importing.file_errors import CellError, FileRefused
from students.importing.plausibility import earliest_day, latest_day
from students.importing.record_kinds import Kind

ROWS_LOOKED_AT = 1000
# One row per student and name, whatever it is a name of.
_LONG = ("attributes", "protected")
# What a line of a roster says of the enrolment.
_OF_ENROLMENT = ("school_id", "grade_level", "entered_on", "exited_on", "exit_reason", "status", "known_on")


@dataclass(frozen=True, kw_only=True)
class KindFile:
    """A CSV file of one kind of record.

    Attributes
    ----------
    name : str
        The member of the zip, or the file.
    csv : CsvFile
    kind : Kind
    columns : mapping of column to header
    attributes, protected : mapping of name to header
        Columns that become a row each of those two kinds.
    withheld : tuple of str
        Headers of columns that are never read.
    date_format : str
        A form as dates.is_format takes it, that a person chose; "" finds out.
    """

    name: str
    csv: CsvFile
    kind: Kind
    columns: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    protected: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    date_format: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of record the file brings."""
        found = {self.kind.name}
        if self._is_roster:
            found.add("enrolments")
        return frozenset(
            found | ({"attributes"} if self.attributes else set()) | ({"protected"} if self.protected else set())
        )

    @property
    def _is_roster(self) -> bool:
        return self.kind.name == "students" and "school_id" in self.columns

    @property
    def unused(self) -> list[str]:
        """Return the headers that nothing needs."""
        used = {*self.columns.values(), *self.attributes.values(), *self.protected.values(), *self.withheld}
        return [header for header in self.csv.header if header not in used]

    def batches(self, *, report: Report, options: Options) -> Iterator[Batch]:
        """Yield the rows; every block of the file makes one batch, or one per kind where its lines hold several."""
        self._tell(report)
        formats = self._date_formats(report, today=options.today)
        for block in self.csv.blocks():
            rows = self._rows(block, today=options.today)
            if self.kind.name in _LONG:
                rows = self._without_withheld(rows, report)
            yield Batch(
                kind=self.kind.name,
                rows=rows,
                faults=block.faults,
                n_bytes=block.n_bytes,
                headers=self.columns,
                date_formats=formats,
            )
            if block.rows.height:
                yield from self._split_off(block, formats, today=options.today)
        # Only now is it known whether all of the file was of one encoding.
        report.encodings[self.name] = self.csv.encoding
        report.notes += self.csv.notes

    def _tell(self, report: Report) -> None:
        report.encodings[self.name] = self.csv.encoding
        report.delimiters[self.name] = self.csv.delimiter
        if self.unused:
            report.unused[self.name] = self.unused
        if self.withheld:
            report.withheld[self.name] = list(self.withheld)

    def _rows(self, block: Block, *, today: date) -> pl.DataFrame:
        named = [pl.col(header).alias(column) for column, header in self.columns.items()]
        rows = block.rows.select(*named, *self._place())
        if self.kind.name == "outcomes" and "outcome_id" in self.columns and "source_id" not in self.columns:
            rows = rows.with_columns(pl.col("outcome_id").alias("source_id"))
        if self.kind.name in _LONG:
            rows = rows.with_columns(self._known_on(rows, today=today))
        return rows

    def _without_withheld(self, rows: pl.DataFrame, report: Report) -> pl.DataFrame:
        """Return the rows whose name may be stored: what no column may be called, no row may be either."""
        names = cells.trimmed(rows["name"]).drop_nulls().unique(maintain_order=True).to_list()
        withheld = list(privacy.withheld_columns(tuple(names), []))
        if not withheld:
            return rows
        told = report.withheld.setdefault(self.name, [])
        told += [name for name in withheld if name not in told]
        return rows.filter(~pl.col("name").str.strip_chars().is_in(withheld).fill_null(value=False))

    def _place(self) -> tuple[pl.Expr, pl.Expr]:
        return pl.lit(self.name, dtype=pl.String).alias("file"), pl.col("line").cast(pl.Int64)

    def _known_on(self, rows: pl.DataFrame, *, today: date) -> pl.Series:
        """Return the day that attributes became known; they have no day of their own, so without one it is today."""
        if "known_on" not in rows.columns:
            return pl.Series("known_on", [today], dtype=pl.Date).new_from_index(0, rows.height)
        return cells.trimmed(rows["known_on"]).fill_null(today.isoformat())

    def _split_off(self, block: Block, formats: Mapping[str, str], *, today: date) -> Iterator[Batch]:
        if self._is_roster:
            columns = [column for column in ("student_id", *_OF_ENROLMENT) if column in self.columns]
            named = [pl.col(self.columns[column]).alias(column) for column in columns]
            rows = block.rows.select(*named, *self._place())
            # A student without a school has no enrolment; that is no mistake in a list of students.
            rows = rows.filter(cells.trimmed(rows["school_id"]).is_not_null())
            yield Batch(kind="enrolments", rows=rows, headers=self.columns, date_formats=formats)
        for kind, named_columns in zip(_LONG, (self.attributes, self.protected), strict=True):
            for name, header in named_columns.items():
                yield self._long(block, kind, name, header, formats=formats, today=today)

    def _long(
        self, block: Block, kind: str, name: str, header: str, *, formats: Mapping[str, str], today: date
    ) -> Batch:
        known = [pl.col(self.columns["known_on"]).alias("known_on")] if "known_on" in self.columns else []
        rows = block.rows.select(
            pl.col(self.columns["student_id"]).alias("student_id"),
            pl.lit(name, dtype=pl.String).alias("name"),
            pl.col(header).alias("value"),
            *known,
            *self._place(),
        )
        # A line without the student's number is told once, with the other cells of its line.
        given = cells.trimmed(rows["value"]).is_not_null() & cells.trimmed(rows["student_id"]).is_not_null()
        rows = rows.filter(given)
        rows = rows.with_columns(self._known_on(rows, today=today))
        return Batch(kind=kind, rows=rows, headers={**self.columns, "value": header}, date_formats=formats)

    def _date_formats(self, report: Report, *, today: date) -> dict[str, str]:
        """Return the form of dates where the file's first rows leave it open: told by a person, or by a later row."""
        columns = [column for column in self.columns if self.kind.field(column).type == "date"]
        if self.date_format:
            return dict.fromkeys(columns, self.date_format)
        sample = self.csv.sample_frame(ROWS_LOOKED_AT)
        shown = {column: self._shown(sample, column, today=today) for column in columns}
        n_given = {column: len(cells.trimmed(sample[self.columns[column]]).drop_nulls()) for column in columns}
        # A few odd cells among other days decide nothing, here or in a later row.
        told = {column: found for column, found in shown.items() if not found.is_beside(n_given[column])}
        doubtful = [column for column, found in told.items() if found.n_open]
        if not doubtful or any(found.order for found in told.values()):
            return {}
        for block in self.csv.blocks():
            orders = {self._shown(block.rows, column, today=today).order for column in doubtful} - {None}
            if len(orders) == 1:
                order = next(order for order in orders if order)
                report.notes.append(f"Dates in {self.name} were read as {dates.ORDER_WORDS[order]}.")
                return dict.fromkeys(doubtful, dates.FORMAT_OF[order])
        return {}

    def _shown(self, rows: pl.DataFrame, column: str, *, today: date) -> dates.Evidence:
        texts = cells.trimmed(rows[self.columns[column]]).drop_nulls()
        latest = latest_day(self.kind.name, today=today)
        return dates.evidence(
            texts.filter(dates.iso_days(texts).is_null()), earliest=earliest_day(column), latest=latest
        )


def kind_file(name: str, csv: CsvFile, one: headers.HeaderMatch) -> KindFile:
    """Return a file whose headers fit a kind: withheld columns are taken out, protected ones of students set apart.

    :raises FileRefused: if the rows need a column that is never stored
    """
    withheld = withheld_headers(csv)
    check_stored(name, one.columns, one.kind.required, withheld)
    columns = {column: header for column, header in one.columns.items() if header not in withheld}
    protected: dict[str, str] = {}
    if one.kind.name == "students":
        others = [header for header in csv.header if header not in {*columns.values(), *withheld}]
        protected = {headers.snake_case(header): header for header in others if headers.is_protected(header)}
    return KindFile(name=name, csv=csv, kind=one.kind, columns=columns, protected=protected, withheld=withheld)


def check_stored(name: str, columns: Mapping[str, str], needed: Collection[str], withheld: Collection[str]) -> None:
    """Refuse a file whose rows need a column that is never stored.

    :raises FileRefused: if one of the needed columns is withheld
    """
    lost = [columns[column] for column in needed if columns.get(column) in withheld]
    if lost:
        raise FileRefused([CellError(None, header, name, "needed_column_withheld", "") for header in lost])


def withheld_headers(csv: CsvFile) -> tuple[str, ...]:
    """Return the headers of columns that are never read: national ids, medical notes, passwords."""
    return tuple(privacy.withheld_columns(csv.header, csv.sample(ROWS_LOOKED_AT)))
