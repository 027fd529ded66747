"""A file that follows no format: what its columns may be, and its rows once a person has said what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from students.importing import dates, headers
from students.importing.batches import Batch, Options, Report
from students.importing.column_guesses import MappingSuggestion, Rows, proposed
from students.importing.containers import Container
from students.importing.csv_blocks import CsvFile, csv_files
from students.importing.file_errors import CellError, FileRefused
from students.importing.kind_files import ROWS_LOOKED_AT, KindFile, check_stored, withheld_headers
from students.importing.record_kinds import Kind, kinds

ROWS_SHOWN = 10
ATTRIBUTE, PROTECTED = "attribute", "protected"

__all__ = ["MappedReader", "NeedsMapping", "MappingSuggestion", "checked", "proposed"]


class NeedsMapping(Exception):
    """A person must say what the columns of this file are.

    Attributes
    ----------
    shape : str
        The hash by which the next file of this source is known again.
    header : list of str
    sample : list of list of str
        The first ten rows, as long as the header. Cells of withheld columns are empty.
    withheld : list of str
        Columns that cannot be chosen because they are never stored.
    proposal : MappingSuggestion
    """

    def __init__(
        self, *, shape: str, header: Sequence[str], sample: Rows, withheld: Sequence[str], proposal: MappingSuggestion
    ) -> None:
        super().__init__("The columns of this file must be named by hand.")
        self.shape = shape
        self.header = list(header)
        self.sample = [["" if cell is None else cell for cell in row] for row in sample[:ROWS_SHOWN]]
        self.withheld = list(withheld)
        self.proposal = proposal


def needs_mapping(csv: CsvFile, *, shape: str) -> NeedsMapping:
    """Return the question what the columns of a file are, with a proposal from its names and its first rows."""
    withheld = withheld_headers(csv)
    sample = [
        ["" if name in withheld else cell for name, cell in zip(csv.header, row, strict=True)]
        for row in csv.sample(ROWS_LOOKED_AT)
    ]
    proposal = proposed(csv.header, sample, withheld=withheld)
    return NeedsMapping(shape=shape, header=csv.header, sample=sample, withheld=withheld, proposal=proposal)


def checked(mapping: Mapping[str, Any], header: Sequence[str]) -> list[str]:
    """Return what is wrong with a mapping, as whole sentences; nothing if a file can be read by it.

    Parameters
    ----------
    mapping : mapping
        ``kind``, ``columns`` ({column or "attribute:NAME" or "protected:NAME": header}) and ``date_format``.
    header : sequence of str
        The file's columns.
    """
    kind = kinds().get(str(mapping.get("kind", "")))
    if kind is None:
        return ["Say what the rows of this file are: one of " + ", ".join(kinds()) + "."]
    columns = mapping.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        return ["Say for at least one column what it is."]
    problems = [*_unknown_targets(kind, columns), *_wrong_headers(columns, header)]
    for name in headers.missing_columns(kind, columns):
        problems.append(f'No column is named for "{name}" ({kind.field(name).words or name}). Every row needs it.')
    date_format = str(mapping.get("date_format", ""))
    if date_format and not dates.is_format(date_format):
        problems.append(f'"{date_format}" is no form of dates. Use %Y-%m-%d, %m/%d/%Y or %d/%m/%Y.')
    return problems


def _unknown_targets(kind: Kind, columns: Mapping[str, str]) -> Iterator[str]:
    takes_facts = "student_id" in kind.columns
    for target in columns:
        sort, colon, name = target.partition(":")
        is_fact = bool(colon) and sort in (ATTRIBUTE, PROTECTED) and bool(headers.snake_case(name))
        if is_fact and not takes_facts:
            yield f'"{target}" says something of a student, but these rows are {kind.words}.'
        elif not is_fact and target not in kind.columns:
            yield f'"{target}" is not a column of {kind.words}.'


def _wrong_headers(columns: Mapping[str, str], header: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for chosen in columns.values():
        if chosen not in header:
            yield f'The file has no column "{chosen}".'
        elif chosen in seen:
            yield f'Column "{chosen}" is chosen more than once. Keep one.'
        seen.add(chosen)


class MappedReader:
    """Reads a file by what a person said of its columns.

    Parameters
    ----------
    container : Container
    options : Options
        With the mapping.
    csvs : mapping of name to CsvFile, optional
        The files whose headers were read already.

    Raises
    ------
    FileRefused
        If a column is not there that the mapping names.
    """

    format = "mapped"

    def __init__(self, container: Container, options: Options, *, csvs: Mapping[str, CsvFile] | None = None) -> None:
        if options.mapping is None:
            raise ValueError("A mapped file is read by a mapping; none was given.")
        self.options = options
        self.report = Report(notes=list(container.notes))
        self._file = _mapped_file(container, options.mapping, csvs or csv_files(container.members))
        self.complete = self._file.kinds if options.is_complete else frozenset()

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows."""
        yield from self._file.batches(report=self.report, options=self.options)


def _mapped_file(container: Container, mapping: Mapping[str, Any], csvs: Mapping[str, CsvFile]) -> KindFile:
    chosen: dict[str, str] = {str(target): str(header) for target, header in mapping["columns"].items()}
    if not csvs:
        raise FileRefused([CellError(None, "", container.filename, "no_known_file", "CSV")])
    # In a zip it is the file that holds most of the columns that were named.
    name = max(csvs, key=lambda name: len(set(chosen.values()) & set(csvs[name].header)))
    csv = csvs[name]
    absent = [header for header in chosen.values() if header not in csv.header]
    if absent:
        raise FileRefused([CellError(None, header, name, "needed_column", "") for header in absent])
    withheld = withheld_headers(csv)
    kind = kinds()[mapping["kind"]]
    check_stored(name, chosen, kind.required, withheld)
    read = {target: header for target, header in chosen.items() if header not in withheld}
    return KindFile(
        name=name,
        csv=csv,
        kind=kind,
        columns={target: header for target, header in read.items() if ":" not in target},
        attributes=_facts(read, ATTRIBUTE),
        protected=_facts(read, PROTECTED),
        withheld=withheld,
        date_format=str(mapping.get("date_format", "")),
    )


def _facts(columns: Mapping[str, str], sort: str) -> dict[str, str]:
    """Return header by name, the names written as those of any other file are."""
    return {
        headers.snake_case(target.partition(":")[2]): header
        for target, header in columns.items()
        if target.startswith(f"{sort}:")
    }
