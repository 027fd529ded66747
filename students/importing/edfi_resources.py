"""The resources of an Ed-Fi export: where each lies, as JSON or CSV, and its records as flat text columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import polars as pl

from students.importing import edfi_json
from students.importing.batch_ledger import BatchLedger
from students.importing.batches import Report
from students.importing.containers import Container, Member
from students.importing.csv_blocks import CsvFile
from students.importing.edfi_paths import PATHS, SECRET, value_at
from students.importing.file_errors import file_refused

# Between the entries of a list within one record: no text holds it.
SEPARATOR = "\x1f"
_NAMES = MappingProxyType({name.lower(): name for name in PATHS})
# Some exports part the steps of a path by underscores; the names of Ed-Fi have none but at their beginning.
_INNER_UNDERSCORE = re.compile(r"(?<=\w)_+")
_INDEX = re.compile(r"[.:\[]\d+\]?(?=[.:]|$)")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A file, or a list within a file, that holds one resource."""

    member: Member
    layout: Literal["csv"] | edfi_json.Layout
    key: str = ""


class Resources:
    """The resources of an upload.

    Attributes
    ----------
    names : frozenset of str
        Those the portal reads and the upload holds.
    """

    def __init__(self, container: Container, *, report: Report, ledger: BatchLedger) -> None:
        self._report = report
        self._ledger = ledger
        self._places: dict[str, list[_Place]] = {}
        for member in container.members:
            self._place(member)
        self.names = frozenset(self._places)
        if not self.names:
            raise file_refused("edfi_nothing_there", value=container.filename)

    def parts(self, name: str) -> Iterator[pl.DataFrame]:
        """Yield the records of a resource, some thousand at a time.

        Returns
        -------
        iterator of DataFrame
            One column per path of edfi_paths.PATHS (String, trimmed, empty is null; entries of a list are joined by
            SEPARATOR), ``file`` (String) and ``line`` (int64: the line of a CSV, the position in a JSON list).
        """
        for place in self._places.get(name, []):
            read = self._of_csv if place.layout == "csv" else self._of_json
            yield from read(name, place)

    def table(self, name: str) -> pl.DataFrame:
        """Return a small resource as a whole."""
        return pl.concat([_empty(name), *self.parts(name)])

    def file(self, name: str) -> str:
        """Return the file that holds a resource."""
        return self._places[name][0].member.name

    def _place(self, member: Member) -> None:
        name = _NAMES.get(_stem(member.name))
        if member.kind == "csv":
            if name is None:
                self._not_read(member.name)
            else:
                self._add(name, _Place(member=member, layout="csv"))
            return
        layout = edfi_json.layout_of(member, names=frozenset(_NAMES))
        if layout == "object":
            for key in edfi_json.resources_of(member):
                if key.lower() in _NAMES:
                    self._add(_NAMES[key.lower()], _Place(member=member, layout="object", key=key))
                else:
                    self._not_read(key)
        elif name is None:
            self._not_read(member.name)
        else:
            self._add(name, _Place(member=member, layout=layout))

    def _add(self, name: str, place: _Place) -> None:
        self._places.setdefault(name, []).append(place)

    def _not_read(self, name: str) -> None:
        self._report.notes.append(f"{name} is no resource of Ed-Fi that is read, so it was left out.")

    def _of_json(self, name: str, place: _Place) -> Iterator[pl.DataFrame]:
        first = 1
        layout: edfi_json.Layout = "lines" if place.layout == "csv" else place.layout
        for portion, n_bytes in edfi_json.records(place.member, layout, key=place.key):
            if first == 1:
                self._tell(place.member.name, portion[0].keys())
            columns = {column: _texts(portion, path) for column, path in PATHS[name].items()}
            frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String()))
            lines = pl.int_range(first, first + len(portion), dtype=pl.Int64(), eager=True).alias("line")
            first += len(portion)
            # A file of several resources is read once for each of them; its size is counted when all is read.
            self._ledger.note(n_bytes=n_bytes if place.layout != "object" else 0)
            yield _tidy(frame.with_columns(lines), place.member.name)

    def _of_csv(self, name: str, place: _Place) -> Iterator[pl.DataFrame]:
        csv = CsvFile(place.member)
        self._report.delimiters[place.member.name] = csv.delimiter
        headers = _headers(csv.header, PATHS[name])
        used = {header for found in headers.values() for header in found}
        self._tell(place.member.name, [header for header in csv.header if header not in used])
        for block in csv.blocks():
            self._ledger.note(n_bytes=block.n_bytes, faults=block.faults)
            columns = [
                pl.concat_str(*found, separator=SEPARATOR, ignore_nulls=True).alias(column)
                if (found := headers[column])
                else pl.lit(None, dtype=pl.String()).alias(column)
                for column in PATHS[name]
            ]
            yield _tidy(block.rows.select(*columns, "line"), place.member.name)
        self._report.encodings[place.member.name] = csv.encoding
        self._report.notes += [note for note in csv.notes if note not in self._report.notes]

    def _tell(self, file: str, others: Any) -> None:
        if secret := [name for name in others if _last(name).lower() in SECRET]:
            self._report.withheld[file] = sorted({*self._report.withheld.get(file, []), *secret})


def _empty(name: str) -> pl.DataFrame:
    texts = dict.fromkeys((*PATHS[name], "file"), pl.String())
    return pl.DataFrame(schema={**texts, "line": pl.Int64()}).select(*PATHS[name], "line", "file")


def _tidy(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    names = [name for name in frame.columns if name != "line"]
    trimmed = frame.with_columns(pl.col(names).str.strip_chars())
    cleared = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names]
    return trimmed.select(*cleared, pl.col("line").cast(pl.Int64()), pl.lit(file, dtype=pl.String()).alias("file"))


def _stem(name: str) -> str:
    return name.rpartition("/")[2].lower().partition(".")[0]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _headers(header: Sequence[str], paths: Mapping[str, str]) -> dict[str, list[str]]:
    """Return which headers hold each path: in full, with numbered entries of lists, or only its last part."""
    plain = [(_INDEX.sub("", _INNER_UNDERSCORE.sub(".", name.strip())).lower(), name) for name in header]
    lasts = [_last(path).lower() for path in paths.values()]
    found = {}
    for column, path in paths.items():
        exact = [name for flat, name in plain if flat == path.lower()]
        short = _last(path).lower()
        alone = [name for flat, name in plain if flat == short] if lasts.count(short) == 1 else []
        found[column] = exact or alone
    return found


def _texts(portion: list[dict[str, Any]], path: str) -> list[str | None]:
    steps = path.split(".")
    if len(steps) == 1:
        return [_text(record.get(path)) for record in portion]
    last = steps[-1]
    # Some exports leave the references out and write what is in them.
    return [_text(value_at(record, steps)) or _text(record.get(last)) for record in portion]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.replace(SEPARATOR, " ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return SEPARATOR.join(text for entry in value if not isinstance(entry, list) and (text := _text(entry))) or None
    return None
