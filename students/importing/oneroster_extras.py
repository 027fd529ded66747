"""Files of our own format beside those of OneRoster: attendance and discipline, for which OneRoster has none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import polars as pl

from students.importing import headers
from students.importing.batch_ledger import BatchLedger
from students.importing.batches import Batch, Options, Report
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import FileRefused
from students.importing.kind_files import KindFile, kind_file
from students.importing.oneroster_bundle import Bundle
from students.importing.oneroster_schools import Schools
from students.importing.portal_format import ORDER, missing_errors

_CALENDAR = frozenset({"schools", "terms", "school_days"})


class Extras:
    """The files of our own format in a bundle.

    Students and schools may be named by their ``identifier`` there, because that is the number people know.

    Attributes
    ----------
    kinds : frozenset of str
        What they hold.
    whole : frozenset of str
        Of which of these they hold every record: the manifest says ``file.attendance`` = ``bulk``.
    """

    def __init__(self, bundle: Bundle, *, options: Options, ledger: BatchLedger, report: Report) -> None:
        self._options = options
        self._ledger = ledger
        self._report = report
        self._files: list[KindFile] = []
        whole: set[str] = set()
        for member in bundle.extras:
            kind = headers.kind_named(member.name)
            if kind is None or member.kind != "csv":
                report.notes.append(f'"{member.name}" is no file of OneRoster nor of this portal, so it was not read.')
            elif (mode := bundle.mode_of_extra(kind.name)) != "absent":
                csv = CsvFile(member)
                fit = headers.fit(csv.header, kind)
                if fit.missing:
                    raise FileRefused(list(missing_errors(member.name, csv, fit)))
                self._files.append(kind_file(member.name, csv, fit))
                whole |= self._files[-1].kinds if mode == "bulk" else set()
        self._files.sort(key=lambda file: (ORDER.index(file.kind.name), file.name))
        self.kinds = frozenset(kind for file in self._files for kind in file.kinds)
        self.has_facts = any(file.kind.name not in _CALENDAR for file in self._files)
        # What became of a student is not undone by silence.
        self.whole = frozenset(whole - {"outcomes"})

    def calendar(self) -> Iterator[Batch]:
        """Yield schools, terms and school days."""
        for file in self._files:
            if file.kind.name in _CALENDAR:
                yield from self._read(file)

    def facts(self, *, numbers: pl.DataFrame, schools: Schools) -> Iterator[Batch]:
        """Yield everything else, students first, with identifiers replaced by the numbers of OneRoster.

        Parameters
        ----------
        numbers : DataFrame
            As Students.identifiers.
        schools : Schools
        """
        students = _numbers(numbers, "student_id")
        schools_by_identifier = schools.identifiers.rename({"school": "school_id"})
        for file in self._files:
            for batch in self._read(file) if file.kind.name not in _CALENDAR else ():
                rows = _renumbered(batch.rows, "student_id", students)
                rows = _renumbered(rows, "school_id", schools_by_identifier)
                yield dataclasses.replace(batch, rows=rows)

    def _read(self, file: KindFile) -> Iterator[Batch]:
        for batch in file.batches(report=self._report, options=self._options):
            self._ledger.told(batch.n_bytes)
            yield batch


def _numbers(named: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return ``identifier`` and the number of whom an identifier means, where it means one and is no number itself."""
    sure = named.select("identifier", name).drop_nulls().unique("identifier", keep="none")
    return sure.join(named.select(name), left_on="identifier", right_on=name, how="anti")


def _renumbered(rows: pl.DataFrame, column: str, numbers: pl.DataFrame) -> pl.DataFrame:
    if column not in rows.columns or numbers.is_empty():
        return rows
    number = numbers.select(pl.col("identifier").alias(column), pl.col(column).alias("number"))
    trimmed = rows.with_columns(pl.col(column).str.strip_chars())
    joined = trimmed.join(number, on=column, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("number", column).alias(column)).drop("number")
