"""The columnar copy of the records: one Parquet file a month and kind, rewritten where a month went stale.

Features look at every row of an institution. Out of PostgreSQL each row becomes a Python object; a Parquet file is
read as it lies there. The tables stay the truth: whoever writes to them marks the months, and a reader rewrites what is
marked before reading. Every version of a fact is in the copy, as in the table.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts import private_files, scope
from accounts.models import Institution
from students.import_sql import statements
from students.models import AttendanceRecord, ColumnarPartition, DisciplineIncident, GradeRecord
from students.models.people import Fact
from students.records import arrow_rows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

logger = logging.getLogger(__name__)

# A file that no row names was left by work that was rolled back or killed; younger ones may be on their way.
ORPHANED_AFTER_SECONDS = 24 * 3600
MOST_ROUNDS = 3
# Large enough that work on whole columns pays, small enough that a part hardly counts in memory.
PART_ROWS = 500_000
# Rows lie by student, and so many are read or left out together: who reads of some students reads little beside.
GROUP_ROWS = 16_384
_ORDER = {b"rows_by": b"student_id"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of record with a columnar copy: its table, the day that decides its month, the columns features need."""

    model: type[Fact]
    happened: str
    columns: tuple[str, ...]


# The order in which rows of several kinds are locked, by everybody, so that nobody waits in a circle.
KINDS = {
    "attendance": Kind(
        model=AttendanceRecord,
        happened="held_on",
        columns=("student_id", "held_on", "category", "excused", "n_sessions", "n_excused", "known_on", "replaced_on"),
    ),
    "grades": Kind(
        model=GradeRecord,
        happened="awarded_on",
        columns=("student_id", "awarded_on", "term", "value", "scale_max")
        + ("credits_attempted", "credits_earned", "core", "known_on", "replaced_on"),
    ),
    "discipline": Kind(
        model=DisciplineIncident,
        happened="happened_on",
        columns=("student_id", "happened_on", "days_removed", "known_on", "replaced_on"),
    ),
}


def mark_stale(institution: Institution, months: Mapping[str, Iterable[dt.date]]) -> None:
    """Say, in the transaction that writes records, in which months of which kinds of record they lie.

    Any day of a month names it. Kinds without a columnar copy are passed over.
    """
    touched = [
        ColumnarPartition(institution=institution, kind=kind, month=month)
        for kind in KINDS
        for month in sorted({dt.date(day.year, day.month, 1) for day in months.get(kind, ())})
    ]
    ColumnarPartition.objects.bulk_create(
        touched,
        update_conflicts=True,
        unique_fields=["institution", "kind", "month"],
        update_fields=["is_stale"],
    )


def mark_all(institution: Institution, *, kinds: Iterable[str] = tuple(KINDS)) -> None:
    """Mark every month that has records or had some: for tables that were filled by other ways than an upload."""
    for name in kinds:
        ColumnarPartition.objects.filter(kind=name).update(is_stale=True)
        month = TruncMonth(KINDS[name].happened, output_field=models.DateField())
        days = KINDS[name].model.every_version.values_list(month, flat=True)
        mark_stale(institution, {name: days.distinct()})


def refresh(institution: Institution, *, kinds: Iterable[str] = tuple(KINDS)) -> int:
    """Rewrite every stale month of some kinds; return how many files were written.

    Each month is a transaction of its own, unless the caller holds one open. Whoever marks a month that is being
    rewritten waits for that and marks it afterwards: a mark is never lost.

    :raises RuntimeError: if the copy does not get to hold as many rows as the tables
    """
    kinds, n_written = tuple(kinds), 0
    for _round in range(MOST_ROUNDS):
        with scope.entered(scope.of_institution(institution)):
            stale = [key for kind in kinds for key in _stale(kind)]
        n_written += sum(_rewrite(institution, key) for key in stale)
        with scope.entered(scope.of_institution(institution)):
            wrong = [kind for kind in kinds if not _holds_every_row(kind)]
            for kind in wrong:
                # Somebody wrote to the table without marking: better slow once than wrong.
                logger.warning("the columnar copy of %s differs from the table and is made anew", kind)
                mark_all(institution, kinds=[kind])
        if not wrong:
            _sweep(institution)
            return n_written
    raise RuntimeError(f"The columnar copy of {', '.join(wrong)} does not hold as many rows as the tables.")


def paths(kind: str) -> list[Path]:
    """Return the files of a kind for the institution in scope, all of them fresh and there."""
    institution = Institution.objects.get(pk=scope.current().institution_id)
    refresh(institution, kinds=[kind])
    useless = [part.pk for part in _files(kind) if not _is_usable(_path(part.stored_as), _schema(KINDS[kind]))]
    if useless:
        logger.warning("%d files of the columnar copy of %s are lost or old and are made anew", len(useless), kind)
        ColumnarPartition.objects.filter(pk__in=useless).update(is_stale=True)
        refresh(institution, kinds=[kind])
    return [_path(part.stored_as) for part in _files(kind)]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The copy of a kind as it lay there at one moment: the bytes of its files, a fraction of what they hold.

    `first` and `stop`, if not None, bound the keys of the students of whom it tells, `stop` excluded.
    """

    kind: str
    files: list[bytes]
    first: int | None = None
    stop: int | None = None

    @property
    def n_rows(self) -> int:
        """Return how many rows are read to tell of these students, some of others among them."""
        return sum(file.metadata.row_group(group).num_rows for file, group in self._groups())

    def of_students(self, first: int | None, stop: int | None) -> Copy:
        """Return the same of the students with keys from `first` to before `stop` only."""
        return replace(self, first=first, stop=stop)

    def frames(self, *, n_rows: int = PART_ROWS) -> Iterator[pd.DataFrame]:
        """Yield the rows, month after month, as frames of about so many; dates are datetime64[s], texts categorical.

        Each is decoded while the one before it is worked on.
        """
        parts = self._parts(n_rows)
        with ThreadPoolExecutor(max_workers=1) as ahead:
            decoded = ahead.submit(next, parts, None)
            while (frame := decoded.result()) is not None:
                decoded = ahead.submit(next, parts, None)
                yield frame

    def _parts(self, n_rows: int) -> Iterator[pd.DataFrame]:
        held: list[pa.Table] = []
        for table in self.tables():
            held.append(table)
            if sum(table.num_rows for table in held) >= n_rows:
                yield self._frame(held)
                held = []
        if held:
            yield self._frame(held)

    def frame(self) -> pd.DataFrame:
        """Return every row as one frame."""
        return self._frame(list(self.tables()))

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows as they lie there, month after month, some thousands at a time; student_id is one column."""
        for file, group in self._groups():
            table = file.read_row_group(group, columns=columns, use_threads=False)
            yield table if self.first is None and self.stop is None else self._cut(table)

    def _cut(self, table: pa.Table) -> pa.Table:
        """Return the rows of the students asked for, one after the other, in the order of the table."""
        import numpy as np  # no worker loads it before it has work

        keys = table.column("student_id").to_numpy()
        asked = np.ones(len(keys), dtype=np.bool_)
        if self.first is not None:
            asked &= keys >= self.first
        if self.stop is not None:
            asked &= keys < self.stop
        return table if asked.all() else table.filter(asked)

    def _groups(self) -> Iterator[tuple[pq.ParquetFile, int]]:
        """Yield what holds rows of these students: files, and which of their groups of rows."""
        for file in self._opened():
            keys = file.schema_arrow.get_field_index("student_id")
            for group in range(file.metadata.num_row_groups):
                of_group = file.metadata.row_group(group).column(keys).statistics
                before = self.first is not None and of_group.max < self.first
                after = self.stop is not None and of_group.min >= self.stop
                if not before and not after:
                    yield file, group

    def _opened(self) -> Iterator[pq.ParquetFile]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [field.name for field in _schema(KINDS[self.kind]) if pa.types.is_string(field.type)]
        return (pq.ParquetFile(pa.BufferReader(file), read_dictionary=texts) for file in self.files)

    def _frame(self, tables: list[pa.Table]) -> pd.DataFrame:
        import pyarrow as pa

        def as_frames(kind: pa.DataType) -> pa.DataType:
            if pa.types.is_date32(kind):
                return pa.timestamp("s")
            return pa.dictionary(pa.int32(), kind) if pa.types.is_string(kind) else kind

        wanted = pa.schema([(field.name, as_frames(field.type)) for field in _schema(KINDS[self.kind])])
        held = pa.concat_tables([table.cast(wanted) for table in tables] or [wanted.empty_table()])
        return held.to_pandas(split_blocks=True, self_destruct=True)


def taken(kind: str) -> Copy:
    """Return the copy of a kind for the institution in scope, fresh; decoding it needs neither scope nor files.

    :raises ScopeMissing: in a scope of some schools only, for a file holds those of all
    """
    if scope.current().school_ids is not None:
        raise scope.ScopeMissing("The columnar copy holds every school. Read the tables for a scope of some.")
    for attempt in range(MOST_ROUNDS):
        try:
            files = [path.read_bytes() for path in paths(kind)]
        except FileNotFoundError:
            # Another worker put a newer file in its place between our looking and our reading.
            if attempt + 1 == MOST_ROUNDS:
                raise
        else:
            break
    return Copy(kind=kind, files=files)


def read(kind: str) -> pd.DataFrame:
    """Return every row of a kind for the institution in scope; dates are datetime64[s], texts categorical.

    :raises ScopeMissing: in a scope of some schools only, for a file holds those of all
    """
    return taken(kind).frame()


def _stale(kind: str) -> list[int]:
    return list(
        ColumnarPartition.objects.filter(kind=kind, is_stale=True).order_by("month").values_list("pk", flat=True)
    )


def _files(kind: str) -> list[ColumnarPartition]:
    return list(ColumnarPartition.objects.filter(kind=kind).exclude(stored_as="").order_by("month"))


def _is_usable(path: Path, schema: pa.Schema) -> bool:
    """Tell whether a file is there and has the columns that this version of the portal reads, by student."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored = pq.read_schema(path)
    except (FileNotFoundError, pa.ArrowInvalid):
        return False
    return bool(stored.equals(schema)) and _ORDER.items() <= (stored.metadata or {}).items()


def _holds_every_row(kind: str) -> bool:
    """Compare counts, in one statement, so that rows and marks are seen as one transaction left them.

    A month that went stale since it was looked for says nothing of the others; it is the next reader's.
    """
    ((holds,),) = statements.fetch(
        "SELECT coalesce(sum(n_rows), 0) = {counted}() "
        "OR coalesce(bool_or(is_stale), false) FROM {copy} WHERE institution_id = %(institution)s AND kind = %(kind)s",
        {"institution": scope.current().institution_id, "kind": kind},
        counted=statements.name(f"{KINDS[kind].model._meta.db_table}_counted"),
        copy=statements.name(ColumnarPartition._meta.db_table),
    )
    return bool(holds)


def _rewrite(institution: Institution, key: int) -> bool:
    """Write one month anew and switch its row to the new file; False if somebody else just did."""
    with scope.entered(scope.of_institution(institution)):
        part = ColumnarPartition.objects.select_for_update().filter(pk=key, is_stale=True).first()
        if part is None:
            return False
        before = part.stored_as
        part.stored_as, part.content_sha256, part.n_rows = _written(part, f"columnar/{institution.slug}/{part.kind}")
        part.is_stale, part.written_at = False, timezone.now()
        part.save(update_fields=["stored_as", "content_sha256", "n_rows", "is_stale", "written_at"])
        if before and before != part.stored_as:
            transaction.on_commit(partial(_remove, institution, before))
    return True


def _written(part: ColumnarPartition, folder: str) -> tuple[str, str, int]:
    """Write the rows of a month; return where, the hash of the bytes and how many; a month without rows has no file."""
    import pyarrow.parquet as pq

    kind = KINDS[part.kind]
    private_files.make_folder(_path(folder))
    handle, temporary = tempfile.mkstemp(dir=_path(folder), suffix=".part")
    os.close(handle)
    try:
        n_rows = 0
        described = _schema(kind).with_metadata(_ORDER)
        with pq.ParquetWriter(temporary, described, compression="zstd") as writer:
            for table in _portions(kind, part):
                writer.write_table(table, row_group_size=GROUP_ROWS)
                n_rows += table.num_rows
        if not n_rows:
            return "", "", 0
        with Path(temporary).open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        stored_as = f"{folder}/{part.month:%Y-%m}-{digest}.parquet"
        Path(temporary).replace(_path(stored_as))
    finally:
        Path(temporary).unlink(missing_ok=True)
    return stored_as, digest, n_rows


def _portions(kind: Kind, part: ColumnarPartition) -> Iterable[pa.Table]:
    """Yield the rows of a month as tables of some megabytes."""
    rows = statements.fragment(
        "SELECT {columns} FROM {table} WHERE institution_id = %(institution)s "
        "AND {happened} >= %(month)s AND {happened} < %(after)s ORDER BY student_id, id",
        columns=statements.each("{n}", kind.columns),
        table=statements.name(kind.model._meta.db_table),
        happened=statements.name(kind.happened),
    )
    after = (part.month + dt.timedelta(days=32)).replace(day=1)
    given = {"institution": part.institution_id, "month": part.month, "after": after}
    return arrow_rows.portions(rows, given, _schema(kind))


def _schema(kind: Kind) -> pa.Schema:
    return arrow_rows.schema(kind.model, kind.columns)


def _remove(institution: Institution, stored_as: str) -> None:
    """Remove a file that was replaced, unless the same rows came back meanwhile."""
    with scope.entered(scope.of_institution(institution)):
        if not ColumnarPartition.objects.filter(stored_as=stored_as).exists():
            _path(stored_as).unlink(missing_ok=True)


def _sweep(institution: Institution) -> None:
    """Remove files that no row names any more: they may hold what was erased."""
    folder = _path(f"columnar/{institution.slug}")
    with scope.entered(scope.of_institution(institution)):
        named = {_path(stored_as) for stored_as in ColumnarPartition.objects.values_list("stored_as", flat=True)}
    for path in folder.glob("*/*"):
        if path not in named and time.time() - path.stat().st_mtime > ORPHANED_AFTER_SECONDS:
            path.unlink(missing_ok=True)


def _path(stored_as: str) -> Path:
    return Path(default_storage.path(stored_as))
