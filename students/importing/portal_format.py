"""The portal's own CSV files: one per kind of record, alone or in a zip, under the names that other systems use too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from students.importing import headers, kind_guesses
from students.importing.batches import Batch, Options, Report
from students.importing.containers import Container, Member
from students.importing.csv_blocks import CsvFile, csv_files
from students.importing.file_errors import CellError, FileRefused
from students.importing.file_shapes import shape_of
from students.importing.headers import HeaderMatch
from students.importing.kind_files import KindFile, kind_file
from students.importing.mapping import needs_mapping
from students.importing.record_kinds import FACTS

# Who and where there is comes before the facts about them.
ORDER = ("schools", "terms", "school_days", "students", *FACTS)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The files that are read, in their order, and sentences on those that are not."""

    files: list[KindFile]
    notes: list[str] = field(default_factory=list)


def planned(members: Sequence[Member], *, asks: bool, csvs: Mapping[str, CsvFile] | None = None) -> Plan:
    """Return which file is which kind of record.

    Parameters
    ----------
    members : sequence of Member
    asks : bool
        Whether a person may be asked what the columns of a single file are, where some of its columns fit.
    csvs : mapping of name to CsvFile, optional
        Those of the files that are CSV, where their headers were read already.

    Raises
    ------
    NeedsMapping
        If it is one file whose columns fit no kind, or it `asks`.
    FileRefused
        If a file lacks a column that its rows need; all such columns of all files are named.
    """
    csvs = csvs or csv_files(members)
    files: list[KindFile] = []
    errors: list[CellError] = []
    notes = [f'"{member.name}" was not read: it is no CSV file.' for member in members if member.kind != "csv"]
    for name, csv in csvs.items():
        one = _fit(name, csv)
        if one is not None and not one.missing:
            files.append(kind_file(name, csv, one))
        elif len(csvs) == 1 and (one is None or (asks and _may_be_mapped(one, csv))):
            raise needs_mapping(csv, shape=shape_of(csvs))
        elif one is not None:
            errors += list(missing_errors(name, csv, one))
        else:
            notes.append(f'"{name}" was not read: its columns fit no kind of record. Upload it alone to name them.')
    if errors:
        raise FileRefused(errors)
    if not files:
        raise FileRefused([CellError(None, "", ", ".join(csvs), "no_known_file", ", ".join(ORDER))])
    files.sort(key=lambda file: (ORDER.index(file.kind.name), file.name))
    return Plan(files=files, notes=notes)


def _fit(name: str, csv: CsvFile) -> HeaderMatch | None:
    """Return the kind that a file is named for, whether or not its columns are there, else the one its columns fit."""
    named = headers.kind_named(name)
    if named:
        return headers.fit(csv.header, named)
    fits = headers.best_fits(csv.header)
    return kind_guesses.chosen(name, csv, fits) if fits else None


def _may_be_mapped(one: HeaderMatch, csv: CsvFile) -> bool:
    """Return whether a person could find the missing columns among those that are there."""
    return len(csv.header) - len(one.columns) >= len(one.missing)


def missing_errors(name: str, csv: CsvFile, one: HeaderMatch) -> Iterator[CellError]:
    """Yield the needed columns that a file lacks, each with the header that was probably meant."""
    others = [header for header in csv.header if header not in one.columns.values()]
    for column in one.missing:
        near = headers.nearest(one.kind.field(column), others)
        if near:
            others.remove(near)
        yield CellError(None, column, name, "needed_column_like" if near else "needed_column", near)


class PortalReader:
    """Reads the portal's own files.

    Parameters
    ----------
    container : Container
    options : Options
    plan : Plan, optional
        Which file is which kind, where that is known.

    Raises
    ------
    NeedsMapping, FileRefused
        See `planned`.
    """

    format = "portal"

    def __init__(self, container: Container, options: Options, *, plan: Plan | None = None) -> None:
        self.options = options
        self._plan = plan or planned(container.members, asks=False)
        self.report = Report(notes=[*container.notes, *self._plan.notes])
        brought = frozenset(kind for file in self._plan.files for kind in file.kinds)
        # Outcomes are added, never taken away: a file of this month's leavers is not the list of all of them.
        self.complete = brought - {"outcomes"} if options.is_complete else frozenset()

    def batches(self) -> Iterator[Batch]:
        """Yield the rows of all files: schools, terms, school days and students before facts about them."""
        for file in self._plan.files:
            yield from file.batches(report=self.report, options=self.options)
