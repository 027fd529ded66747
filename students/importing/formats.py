"""Which format an uploaded file has, found out from its content, and the reader for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from students.importing.batches import Options, Reader
from students.importing.cohort_schema import CohortSchema
from students.importing.containers import Container
from students.importing.csv_blocks import CsvFile, csv_files
from students.importing.file_shapes import shape_of
from students.importing.headers import kind_named
from students.importing.mapping import NeedsMapping
from students.importing.portal_format import Plan, planned

# Below it a file has columns of a schema by chance: most of what it holds is something else.
_LEAST_KNOWN_SHARE = 0.5

__all__ = ["NeedsMapping", "Recognised", "reader_for", "recognise"]


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a file is.

    Attributes
    ----------
    format : str
        "portal", "oneroster", "edfi", "cohort" or "mapped".
    schema_name : str or None
        For cohorts, the key among the schemas.
    mapping : mapping or None
        For mapped files.
    shape : str
        The hash by which the next file of the same source is known; see file_shapes.
    csvs : mapping of name to CsvFile
        What was opened to find that out, for the reader to go on with; it opens what is not here.
    plan : Plan or None
        For files of our own format: which of them is which kind, where that was found out already.
    """

    format: str
    schema_name: str | None = None
    mapping: Mapping[str, Any] | None = None
    shape: str = ""
    csvs: Mapping[str, CsvFile] = field(default_factory=dict, repr=False)
    plan: Plan | None = field(default=None, repr=False)


def recognise(
    container: Container, *, schemas: Mapping[str, CohortSchema], mappings: Mapping[str, Mapping[str, Any]]
) -> Recognised:
    """Return the format of a file.

    Parameters
    ----------
    container : Container
    schemas : mapping of name to CohortSchema
        The flat cohorts that are known.
    mappings : mapping of shape to mapping
        What was said of earlier files; it goes before everything else.

    Raises
    ------
    NeedsMapping
        If a person must say what the columns are.
    FileRefused
        If it holds nothing that can be read, or a known kind of file lacks columns.
    """
    csvs = csv_files(container.members)
    others = _others(container)
    shape = shape_of(csvs, others=others)
    if shape in mappings:
        return Recognised(format="mapped", mapping=mappings[shape], shape=shape, csvs=csvs)
    if is_oneroster(csvs):
        return Recognised(format="oneroster", shape=shape)
    # A stray JSON file beside our own CSV files does not make them an export of Ed-Fi.
    if is_edfi(csvs) or (others and not any(map(kind_named, csvs))):
        return Recognised(format="edfi", shape=shape)
    schema_name = _schema_of(csvs, schemas)
    if schema_name is not None:
        return Recognised(format="cohort", schema_name=schema_name, shape=shape, csvs=csvs)
    plan = planned(container.members, asks=True, csvs=csvs)
    return Recognised(format="portal", shape=shape, csvs=csvs, plan=plan)


def named(container: Container, *, format: str, schema_name: str | None = None) -> Recognised:
    """Return what a file is whose format was named by its sender.

    :raises FileRefused: if it holds what cannot be read
    """
    csvs = csv_files(container.members)
    shape = shape_of(csvs, others=_others(container))
    return Recognised(format=format, schema_name=schema_name, shape=shape, csvs=csvs)


def _others(container: Container) -> tuple[str, ...]:
    return tuple(member.name for member in container.members if member.kind != "csv")


def is_oneroster(csvs: Mapping[str, CsvFile]) -> bool:
    """Return whether files are a OneRoster bundle, by its manifest or by its two files of people and schools."""
    headers = {name.casefold(): {header.strip().casefold() for header in csv.header} for name, csv in csvs.items()}
    if "propertyname" in headers.get("manifest.csv", set()):
        return True
    return all("sourcedid" in headers.get(name, set()) for name in ("users.csv", "orgs.csv"))


def is_edfi(csvs: Mapping[str, CsvFile]) -> bool:
    """Return whether one of the files names students as Ed-Fi does."""
    return any(
        header.rpartition(".")[2].rpartition("_")[2].strip().casefold() == "studentuniqueid"
        for csv in csvs.values()
        for header in csv.header
    )


def _schema_of(csvs: Mapping[str, CsvFile], schemas: Mapping[str, CohortSchema]) -> str | None:
    """Return the schema whose needed columns are all in the one file, and that knows most of its columns."""
    if len(csvs) != 1:
        return None
    (name, csv), *_rest = csvs.items()
    header = set(csv.header)
    fits = []
    for schema_name, schema in schemas.items():
        needed = {column.header for column in schema.columns if column.required and column.kind != "ignored"}
        known = len(header & set(schema.headers))
        if needed <= header and known >= _LEAST_KNOWN_SHARE * len(header):
            # Two files of one survey have the same columns; then the name of the file decides.
            fits.append((known, len(_words(schema_name) & _words(name)), schema_name))
    return max(fits)[2] if fits else None


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+|\d+", name.casefold()))


def reader_for(recognised: Recognised, container: Container, options: Options) -> Reader:
    """Return the reader of a format. For a cohort the options carry its schema.

    :raises FileRefused: if the file lacks something that the format needs
    """
    # Imported here: an upload needs one of them, and each brings its own libraries.
    if recognised.format == "oneroster":
        from students.importing.oneroster import OneRosterReader

        return OneRosterReader(container, options)
    if recognised.format == "edfi":
        from students.importing.edfi import EdFiReader

        return EdFiReader(container, options)
    if recognised.format == "cohort":
        from students.importing.cohort_format import CohortReader

        return CohortReader(container, options, csvs=recognised.csvs)
    if recognised.format == "mapped":
        from students.importing.mapping import MappedReader

        mapped = replace(options, mapping=options.mapping or recognised.mapping)
        return MappedReader(container, mapped, csvs=recognised.csvs)
    from students.importing.portal_format import PortalReader

    plan = recognised.plan or planned(container.members, asks=False, csvs=recognised.csvs)
    return PortalReader(container, options, plan=plan)
