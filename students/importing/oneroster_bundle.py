"""The files of a OneRoster bundle: what the manifest says of each, and their rows with only the columns that count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Report
from students.importing.containers import Container, Member
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import file_refused

ALWAYS = ("sourcedId", "status", "dateLastModified")
# What is read of each file; the first ones, up to the bar, must be there.
_COLUMNS = {
    "orgs": "name type | identifier parentSourcedId",
    "academicSessions": "title type startDate endDate | parentSourcedId schoolYear",
    "users": "| role orgSourcedIds grades givenName familyName preferredGivenName preferredFamilyName identifier",
    "roles": "userSourcedId role orgSourcedId | roleType beginDate endDate",
    "demographics": "| userSourcedId birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity",
    "enrollments": "schoolSourcedId userSourcedId role | classSourcedId beginDate endDate",
    "courses": "title | subjectCodes",
    "classes": "title schoolSourcedId | courseSourcedId termSourcedIds subjectCodes",
    "lineItems": "classSourcedId | gradingPeriodSourcedId academicSessionSourcedId resultValueMax",
    "results": "lineItemSourcedId studentSourcedId scoreStatus scoreDate | score textScore",
}
# Files of the two versions that hold nothing the portal keeps; they are not files of our own format either.
_NOT_READ = (
    *("manifest", "categories", "classResources", "courseResources", "resources", "userProfiles", "userResources"),
    *("lineItemLearningObjectiveIds", "lineItemScoreScales", "resultLearningObjectiveIds", "resultScoreScales"),
    "scoreScales",
)
FILES_READ = tuple(_COLUMNS)
_NAMES = MappingProxyType({name.lower(): name for name in (*_COLUMNS, *_NOT_READ)})
_MODES = ("absent", "bulk", "delta")
_VERSIONS = ("1.0", "1.1", "1.2")
_SECRET = frozenset({"password"})
_NO_LONGER = ["tobedeleted", "inactive"]
_STATUSES = ["active", *_NO_LONGER]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of one file.

    Attributes
    ----------
    file : str
        The name of the member.
    rows : DataFrame
        The columns that are read (String, trimmed, empty is null; those that the file lacks are null) and ``line``.
    gone : DataFrame
        The same of records that are no longer true.
    """

    file: str
    rows: pl.DataFrame
    gone: pl.DataFrame


class Bundle:
    """A OneRoster bundle, opened; the manifest is read at once.

    Attributes
    ----------
    version : str
        As the manifest says; "1.1" without one.
    """

    def __init__(self, container: Container, *, report: Report, ledger: BatchLedger) -> None:
        self._report = report
        self._ledger = ledger
        self._read: set[str] = set()
        self._members: dict[str, Member] = {}
        self.extras: list[Member] = []
        for member in container.members:
            name = _NAMES.get(_stem(member.name))
            if name is None:
                self.extras.append(member)
            else:
                self._members.setdefault(name, member)
        self.version = "1.1"
        self._modes = self._manifest()
        self._check_that_promised_files_are_there()

    def mode(self, name: str) -> str:
        """Return "bulk", "delta" or "absent"."""
        return self._modes.get(
            name.lower(), "bulk" if self._is_without_manifest and name in self._members else "absent"
        )

    def mode_of_extra(self, kind: str) -> str:
        """Return how complete a file of our own format beside the OneRoster files is; "delta" unless it is said."""
        return self._modes.get(kind.lower(), "delta")

    def is_there(self, name: str) -> bool:
        """Return whether a file is to be read."""
        return self.mode(name) != "absent"

    def is_whole(self, *names: str) -> bool:
        """Return whether all of these files hold every record."""
        return all(self.mode(name) == "bulk" for name in names)

    def file(self, name: str) -> str:
        """Return what the zip calls a file."""
        return self._members[name].name if name in self._members else f"{name}.csv"

    def has_column(self, name: str, column: str) -> bool:
        """Return whether a file has a column, in any case of letters."""
        return column in self._headers(name, CsvFile(self._members[name]))

    def parts(self, name: str) -> Iterator[Part]:
        """Yield a file block by block; nothing if it is absent.

        :raises FileRefused: if a column is missing that the file cannot do without
        """
        if not self.is_there(name):
            return
        member, is_first = self._members[name], name not in self._read
        csv = CsvFile(member)
        headers = self._headers(name, csv)
        self._check_needed(name, headers)
        if is_first:
            self._read.add(name)
            self._tell_of_columns(name, csv, headers)
        for block in csv.blocks():
            rows = _chosen(block.rows, _columns(name), headers)
            if is_first:
                self._ledger.note(n_bytes=block.n_bytes, faults=block.faults)
            yield self._by_status(rows, file=member.name, is_first=is_first)
        self._report.encodings[member.name] = csv.encoding
        self._report.notes += [note for note in csv.notes if note not in self._report.notes]

    def table(self, name: str) -> Part:
        """Return a small file as a whole."""
        parts = list(self.parts(name))
        empty = pl.DataFrame(schema={**dict.fromkeys(_columns(name), pl.String()), "line": pl.Int64()})
        return Part(
            file=self.file(name),
            rows=pl.concat([empty, *(part.rows for part in parts)]),
            gone=pl.concat([empty, *(part.gone for part in parts)]),
        )

    @property
    def _is_without_manifest(self) -> bool:
        return "manifest" not in self._members

    def _manifest(self) -> dict[str, str]:
        if self._is_without_manifest:
            self._report.notes.append(
                "The zip holds no manifest.csv, so every file was read as a full OneRoster 1.1 file."
            )
            return {}
        modes = {}
        member = self._members["manifest"]
        csv = CsvFile(member)
        self._report.encodings[member.name] = csv.encoding
        headers = {header.lower().strip(): header for header in csv.header}
        if not {"propertyname", "value"} <= headers.keys():
            raise file_refused("needed_column", column="propertyName", value=member.name)
        for block in csv.blocks():
            self._ledger.note(n_bytes=block.n_bytes, faults=block.faults)
            for line, key, value in block.rows.select("line", headers["propertyname"], headers["value"]).iter_rows():
                name, word = (key or "").strip().rstrip("*").lower(), (value or "").strip()
                if name == "oneroster.version" and word:
                    self._take_version(word)
                if name.startswith("file."):
                    modes[name.removeprefix("file.")] = _mode(word, line=line, key=key, file=member.name)
        return modes

    def _take_version(self, word: str) -> None:
        self.version = word
        if not word.startswith(_VERSIONS):
            self._report.notes.append(
                f"manifest.csv says OneRoster {word}; the files were read as 1.1 and 1.2 name them."
            )

    def _check_that_promised_files_are_there(self) -> None:
        for name in _COLUMNS:
            if self.is_there(name) and name not in self._members:
                raise file_refused("oneroster_file_missing", value=f"{name}.csv", allowed=self.mode(name))
            if not self.is_there(name) and name in self._members:
                self._report.notes.append(f"manifest.csv calls {name}.csv absent, so that file was not read.")
        if not any(self.is_there(name) for name in _COLUMNS):
            raise file_refused("oneroster_nothing_there", allowed="orgs.csv, users.csv, enrollments.csv")

    def _headers(self, name: str, csv: CsvFile) -> dict[str, str]:
        """Return what the file calls each column that is read; the case of letters does not matter."""
        there = {header.strip().lower(): header for header in csv.header}
        return {column: there[column.lower()] for column in _columns(name) if column.lower() in there}

    def _check_needed(self, name: str, headers: dict[str, str]) -> None:
        needed = _COLUMNS[name].partition("|")[0].split()
        if name != "demographics":
            needed = ["sourcedId", *needed]
        for column in needed:
            if column not in headers:
                raise file_refused("needed_column", column=column, value=self.file(name))

    def _tell_of_columns(self, name: str, csv: CsvFile, headers: dict[str, str]) -> None:
        file, read = self.file(name), set(headers.values())
        self._report.delimiters[file] = csv.delimiter
        others = [header for header in csv.header if header not in read]
        if withheld := [header for header in others if header.strip().lower() in _SECRET]:
            self._report.withheld[file] = withheld
        if unused := [header for header in others if header.strip().lower() not in _SECRET]:
            self._report.unused[file] = unused
        if respelt := [f'"{header}"' for column, header in headers.items() if header.strip() != column]:
            self._report.notes.append(
                f"{file} writes {', '.join(respelt)} in other capitals than OneRoster; it was read."
            )

    def _by_status(self, rows: pl.DataFrame, *, file: str, is_first: bool) -> Part:
        status = pl.col("status").str.to_lowercase().fill_null("active")
        unknown = rows.filter(~status.is_in(_STATUSES))
        if is_first and len(unknown):
            allowed = "active, tobedeleted"
            self._ledger.note(
                faults=faults_of(
                    unknown, file=file, column="status", value="status", problem="not_allowed", allowed=allowed
                )
            )
        return Part(
            file=file,
            rows=rows.filter(status == "active"),
            gone=rows.filter(status.is_in(_NO_LONGER)),
        )


def who(column: str) -> pl.Expr:
    """Return a number of 8 bytes in place of a user's id, for tables that are as long as there are students.

    Ids are often 36 letters. Among a million of them two share a number in one file of 40 million.
    """
    return pl.col(column).hash().alias("who")


def _stem(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.stem.lower() if path.suffix.lower() == ".csv" else path.name.lower()


def _columns(name: str) -> tuple[str, ...]:
    return (*ALWAYS, *_COLUMNS[name].replace("|", " ").split())


def _mode(word: str, *, line: int, key: str, file: str) -> str:
    if word.lower() not in _MODES:
        raise file_refused("oneroster_mode", line=line, column=key, value=word, allowed=file)
    return word.lower()


def _chosen(rows: pl.DataFrame, columns: tuple[str, ...], headers: dict[str, str]) -> pl.DataFrame:
    """Return the columns that are read, trimmed; whatever else a file holds (passwords, addresses) stays behind."""
    trimmed = [pl.col(headers[column]).str.strip_chars().alias(column) for column in columns if column in headers]
    lacking = [pl.lit(None, dtype=pl.String()).alias(column) for column in columns if column not in headers]
    texts = rows.select(*trimmed, *lacking, pl.col("line").cast(pl.Int64()))
    return texts.select(
        *(pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in columns), "line"
    )
