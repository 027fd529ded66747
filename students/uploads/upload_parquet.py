"""An uploaded file as typed Parquet, one file per kind of record under the hash of its bytes."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from accounts import private_files, scope
from students.importing import formats, typed_records
from students.importing.batches import Options
from students.importing.cohort_schema import CohortSchema
from students.models import Upload
from students.uploads import import_settings, upload_files


@dataclass(frozen=True, kw_only=True)
class KindFile:
    """The rows of one kind that an upload held, as a file."""

    kind: str
    path: Path
    sha256: str
    n_rows: int


def write(upload: Upload, folder: Path) -> list[KindFile]:
    """Read an upload once more, as its import did, and write its good rows into a folder.

    Rows go from the file to Parquet in portions; the same upload gives the same bytes.

    :raises FileRefused: if the file can no longer be read
    """
    private_files.make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as arriving:
        with contextlib.ExitStack() as open_files:
            writers: dict[str, pq.ParquetWriter] = {}
            for typed in _typed_rows(upload):
                if typed.rows.is_empty():
                    continue
                table = typed.rows.to_arrow(compat_level=pl.CompatLevel.oldest())
                if typed.kind not in writers:
                    writer = pq.ParquetWriter(Path(arriving) / typed.kind, table.schema, compression="zstd")
                    writers[typed.kind] = open_files.enter_context(writer)
                writers[typed.kind].write_table(table)
        return [_named(Path(arriving) / kind, folder) for kind in sorted(writers)]


def _named(written: Path, folder: Path) -> KindFile:
    """Move a file to the name that its bytes give it."""
    kind, n_rows = written.name, pq.read_metadata(written).num_rows
    with written.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    path = folder / f"{kind}-{digest}.parquet"
    written.chmod(private_files.FILE_MODE)
    written.replace(path)
    return KindFile(kind=kind, path=path, sha256=digest, n_rows=n_rows)


def _typed_rows(upload: Upload) -> Iterator[typed_records.ParsedBatch]:
    """Yield the file's rows with their types; what the import found wrong is left out here too."""
    with scope.entered(scope.of_institution(upload.institution)):
        rules = import_settings.for_institution(upload.institution).severities
        cohort, source = upload.cohort, upload.source
    merged_on = upload.institution.day_of(upload.merged_at or upload.created_at)
    options = Options(
        today=merged_on,
        is_complete=upload.is_complete,
        schema=CohortSchema.from_json(cohort.schema) if cohort else None,
        mapping=source.mapping if source and upload.format == "mapped" else None,
    )
    recognised = formats.Recognised(format=upload.format, mapping=options.mapping)
    container = upload_files.opened(upload)
    reader = formats.reader_for(recognised, container, options)
    typing = typed_records.RowParser(today=merged_on, rules=rules, report=reader.report)
    for batch in reader.batches():
        yield typing.typed(batch)
