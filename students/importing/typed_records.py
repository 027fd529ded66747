"""From rows of text to typed rows, whatever the format: every bad cell is named, and only bad rows are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from students.importing import cells, dates, placeholder_dates, row_rules
from students.importing.batches import FAULTS, Batch, Report, no_faults
from students.importing.cells import CellProblem, Cells
from students.importing.plausibility import END_COLUMNS, earliest_day, latest_readable, severities
from students.importing.record_kinds import Field, Kind, kinds
from students.records.grade_levels import LONGEST_LEVEL, short_level

_LONGEST_VALUE_KEPT = 200
# The reader splits a line of a roster into these; a line with a fault is left out of all of them.
_FROM_ROSTER = ("enrolments", "attributes", "protected")


@dataclass(frozen=True, kw_only=True)
class ParsedBatch:
    """A batch after typing.

    Attributes
    ----------
    kind : str
    rows : DataFrame
        Every column of the kind: text and word as String, number as Float64, date as Date, boolean as Boolean; and
        ``file`` (String), ``line`` (Int64). Missing is null, after defaults were filled in. Bad rows are left out.
    faults, warnings : DataFrame with the columns of FAULTS
        Why rows were left out, and what looks wrong in rows that stay.
    """

    kind: str
    rows: pl.DataFrame
    faults: pl.DataFrame
    warnings: pl.DataFrame


class RowParser:
    """The typing of one file: remembers what was found out about each column, so that all its rows are read alike.

    Parameters
    ----------
    today : date
        The day at the institution.
    rules : mapping of rule to severity
        What the institution chose; see plausibility.RULES.
    time_zone : str
        Of the institution: the day of a moment is the day there.
    report : Report or None
        Of the reader: its separators decide about decimal commas, and what was assumed is noted there.
    """

    def __init__(
        self, *, today: date, rules: Mapping[str, str], report: Report | None = None, time_zone: str = "UTC"
    ) -> None:
        self.today = today
        self.time_zone = time_zone
        self.rules = severities(rules)
        self.report = report or Report()
        self._decimal_commas: set[tuple[str, str]] = set()
        self.orders = dates.DateOrders(note=self.note)
        self._faulty_lines: dict[str, pl.Series] = {}

    def typed(self, batch: Batch) -> ParsedBatch:
        """Return the batch's rows with their types, and what is wrong with the others.

        :raises AmbiguousDates: if most days of a column can be read in two ways
        """
        kind = kinds()[batch.kind]
        raw = self._without_faulty_lines(batch)
        if raw.is_empty():
            return ParsedBatch(kind=kind.name, rows=_empty_rows(kind), faults=batch.faults, warnings=no_faults())
        column = _Columns(raw, batch, self)
        values: dict[str, pl.Series] = {}
        found: list[pl.DataFrame] = []
        for field in kind.fields:
            cells_of_field = column.cells(field)
            values[field.name] = cells_of_field.values
            found += [column.faults(field.name, bad) for bad in cells_of_field.bad]
        rows = pl.DataFrame({**values, "file": raw["file"], "line": raw["line"].cast(pl.Int64)})
        rows, bad_in_rows = row_rules.completed(rows, kind, texts=column.texts, today=self.today)
        found += [column.faults(name, bad) for name, bad in bad_in_rows]
        told: list[pl.DataFrame] = []
        for name, bad in row_rules.implausible(rows, kind, today=self.today):
            severity = self.rules[bad.problem]
            if severity != "off":
                (found if severity == "refuse" else told).append(column.faults(name, bad))
        return self._without_bad_rows(batch, _with_defaults(rows, kind), _joined(found), _joined(told))

    def _without_bad_rows(
        self, batch: Batch, rows: pl.DataFrame, faults: pl.DataFrame, told: pl.DataFrame
    ) -> ParsedBatch:
        if not faults.is_empty():
            lines = faults.select("file", "line").unique()
            rows = rows.join(lines, on=["file", "line"], how="anti", maintain_order="left")
            told = told.join(lines, on=["file", "line"], how="anti", maintain_order="left")
        if batch.kind == "students":
            self._faulty_lines = {
                str(file): of_file["line"] for (file,), of_file in faults.partition_by("file", as_dict=True).items()
            }
        faults = pl.concat([batch.faults.cast(FAULTS), faults]).sort("line", maintain_order=True)
        return ParsedBatch(kind=batch.kind, rows=rows, faults=faults, warnings=told)

    def _without_faulty_lines(self, batch: Batch) -> pl.DataFrame:
        rows = batch.rows
        if batch.kind not in _FROM_ROSTER or not self._faulty_lines:
            return rows
        for file, lines in self._faulty_lines.items():
            rows = rows.filter((pl.col("file") != file) | ~pl.col("line").is_in(lines.implode()))
        return rows

    def reads_decimal_commas(self, file: str, field: Field, texts: pl.Series) -> bool:
        """Return whether a column of a file writes 12,5 for twelve and a half; found out once."""
        place = (file, field.name)
        delimiter = self.report.delimiters.get(file, ",")
        if place not in self._decimal_commas and delimiter != "," and cells.has_decimal_commas_only(texts):
            self._decimal_commas.add(place)
        return place in self._decimal_commas

    def note(self, sentence: str) -> None:
        """Tell the admin what was assumed, once."""
        if sentence not in self.report.notes:
            self.report.notes.append(sentence)


class _Columns:
    """The columns of one batch while they are typed."""

    def __init__(self, raw: pl.DataFrame, batch: Batch, typing: RowParser) -> None:
        self.raw = raw
        self.batch = batch
        self.typing = typing
        self.file = str(raw["file"][0])
        self.texts: dict[str, pl.Series] = {}

    def header(self, name: str) -> str:
        """Return what the file calls a column."""
        return self.batch.headers.get(name, name)

    def cells(self, field: Field) -> Cells:
        """Return the values of a column and its bad cells, required ones that are missing among them."""
        dtype = cells.dtype_of(field)
        if field.name not in self.raw.columns or self.raw[field.name].dtype == pl.Null:
            values = pl.Series(field.name, [None], dtype=dtype).extend_constant(None, self.raw.height - 1)
            return self._required(field, Cells(values))
        raw = self.raw[field.name]
        if raw.dtype != pl.String:
            return self._required(field, self._typed_already(raw.cast(dtype), field))
        texts = self.texts[field.name] = cells.trimmed(raw)
        return self._required(field, self._read(field, texts))

    def _read(self, field: Field, texts: pl.Series) -> Cells:
        if field.name == "grade_level":
            texts = _short_levels(texts)
        if field.type == "text":
            return cells.text_cells(texts, field)
        if field.type == "word":
            return cells.word_cells(texts, field)
        if field.type == "boolean":
            return cells.boolean_cells(texts, field)
        if field.type == "date":
            return self._dates(field, texts)
        if (self.batch.kind, field.name) == ("grades", "value"):
            texts = row_rules.numbers_of_grades(texts)
        if field.name == "school_year":
            texts = row_rules.last_years(texts)
        decimal_comma = self.typing.reads_decimal_commas(self.file, field, texts)
        return cells.number_cells(texts, field, decimal_comma=decimal_comma)

    def _required(self, field: Field, read: Cells) -> Cells:
        if not field.required or field.default:
            return read
        missing = read.values.is_null()
        for bad in read.bad:
            missing &= ~bad.mask
        return Cells(read.values, [*read.bad, CellProblem(missing, "missing", cells.allowed_words(field))])

    def _dates(self, field: Field, texts: pl.Series) -> Cells:
        values = dates.iso_days(texts)
        no_days = placeholder_dates.placeholders(texts, values, is_birth=field.name == "birth_on")
        if not no_days.any():
            return self._days(field, texts, values)
        read = self._days(field, texts.set(no_days, None), values.set(no_days, None))
        if field.name in END_COLUMNS:
            self._note_no_ends(field)
            return read
        return Cells(read.values, [*read.bad, CellProblem(no_days, "placeholder_date")])

    def _note_no_ends(self, field: Field) -> None:
        where = f'"{self.header(field.name)}" of {self.file}'
        self.typing.note(f'Days in {where} that stand for "no end", like 9999-12-31, were read as no day at all.')

    def _days(self, field: Field, texts: pl.Series, values: pl.Series) -> Cells:
        """Return the days of a column, those that are ISO dates as they were read already."""
        rest = values.is_null() & texts.is_not_null()
        if not rest.any():
            return Cells(values)
        latest = latest_readable(self.batch.kind, field.name, today=self.typing.today)
        others = dates.local_days(texts.filter(rest), time_zone=self.typing.time_zone)
        place = dates.Place(file=self.file, column=field.name, header=self.header(field.name))
        chosen = dates.order_of(self.batch.date_formats.get(field.name, ""))
        order = chosen or self.typing.orders.settled(
            place, others, n_given=len(texts) - texts.null_count(), earliest=earliest_day(field.name), latest=latest
        )
        read = dates.days_of(others, order=order, latest=latest)
        if dates.is_serial(others):
            self.typing.note(f"Numbers in date columns of {self.file} were read as days as Excel counts them.")
        values = values.scatter(rest.arg_true(), read)
        unread = rest & values.is_null() & ~texts.str.to_lowercase().is_in(cells.MISSING_WORDS).fill_null(value=False)
        if not unread.any():
            return Cells(values)
        doubtful = (
            unread & dates.ambiguous(texts) if order is None else pl.repeat(value=False, n=len(texts), eager=True)
        )
        return Cells(values, [CellProblem(doubtful, "ambiguous_date"), CellProblem(unread & ~doubtful, "not_a_date")])

    def _typed_already(self, values: pl.Series, field: Field) -> Cells:
        """Return the cells of a column that its reader typed: what no day can be and no number may be holds for it."""
        if field.name in END_COLUMNS and (far := placeholder_dates.are_far_ends(values)).any():
            self._note_no_ends(field)
            values = values.set(far, None)
        return Cells(values, cells.out_of_bounds(values, field) if field.type == "number" else [])

    def faults(self, name: str, bad: CellProblem) -> pl.DataFrame:
        """Return the bad cells of a column as rows of FAULTS."""
        if not bad.mask.any():
            return no_faults()
        rows = self.raw.filter(bad.mask)
        allowed = bad.allowed.filter(bad.mask) if isinstance(bad.allowed, pl.Series) else pl.lit(bad.allowed)
        given = rows[name].cast(pl.String).fill_null("") if name in rows.columns else pl.lit("")
        return rows.select(
            pl.col("file").cast(pl.String),
            pl.col("line").cast(pl.Int64),
            pl.lit(self.header(name)).alias("column"),
            (given if isinstance(given, pl.Expr) else pl.lit(given)).str.slice(0, _LONGEST_VALUE_KEPT).alias("value"),
            pl.lit(bad.problem).alias("problem"),
            (allowed if isinstance(allowed, pl.Expr) else pl.lit(allowed)).fill_null("").alias("allowed"),
        )


def _short_levels(texts: pl.Series) -> pl.Series:
    """Return grade levels by their short words: "Grade 9" and "09" are the "9" of another file."""
    # A longer one is too long, and told so.
    levels = [level for level in texts.drop_nulls().unique() if len(level) <= LONGEST_LEVEL]
    shorter = {level: short for level in levels if (short := short_level(level)) != level}
    return texts.replace(shorter) if shorter else texts


def _with_defaults(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Return the rows with what an empty cell means."""
    filled = [pl.col(field.name).fill_null(pl.lit(cells.default_of(field))) for field in kind.fields if field.default]
    return rows.with_columns(filled)


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([no_faults(), *(part for part in parts if not part.is_empty())])


def _empty_rows(kind: Kind) -> pl.DataFrame:
    schema: dict[str, type[pl.DataType]] = {field.name: cells.dtype_of(field) for field in kind.fields}
    return pl.DataFrame(schema={**schema, "file": pl.String, "line": pl.Int64})
