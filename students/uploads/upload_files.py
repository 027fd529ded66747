"""The bytes of uploads: how they are opened, what is taken out of them at the door, and the rows that were left out."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts import private_files
from students.importing import column_removal, containers, quarantine
from students.importing.containers import Container
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import FileRefused
from students.importing.kind_files import withheld_headers
from students.models import Upload
from students.uploads import stored_files


def opened(upload: Upload) -> Container:
    """Open the file of an upload.

    :raises FileRefused: if it is none that could be read
    """
    return containers.opened(Path(default_storage.path(upload.stored_as)), upload.filename)


def strip(upload: Upload, container: Container, withheld: Mapping[str, Iterable[str]]) -> None:
    """Put a copy without some columns in the place of an upload's file; the original goes once that is committed.

    The same bytes sent again are the same upload, which keeps the hash of what was sent.

    :raises FileRefused: if nothing would be left
    """
    columns = {file: set(names) for file, names in withheld.items() if names}
    if not columns:
        return
    _replace(upload, partial(column_removal.stripped, container, columns))


def strip_refused(upload: Upload, container: Container | None) -> None:
    """Take out of a file that was refused what is never kept; of one that cannot be read nothing is kept."""
    if container is not None:
        csvs = [member for member in container.members if member.kind == "csv"]
        with contextlib.suppress(FileRefused):
            strip(upload, container, {member.name: withheld_headers(CsvFile(member)) for member in csvs})
            return
    _replace(upload, lambda arriving: arriving.write_bytes(b""))


def _replace(upload: Upload, write: Callable[[Path], object]) -> None:
    """Put what is written in the place of an upload's file; the one before goes once that is committed."""
    before = upload.stored_as
    stored_as = f"uploads/{upload.institution.slug}/{upload.public_id}-stripped"
    arriving = Path(default_storage.path(f"{stored_as}-{uuid.uuid4()}"))
    arriving.touch(mode=private_files.FILE_MODE)
    try:
        write(arriving)
    except BaseException:
        arriving.unlink()
        raise
    arriving.replace(default_storage.path(stored_as))
    upload.stored_as = stored_as
    transaction.on_commit(partial(stored_files.remove_unnamed, upload.institution, before))


def keep_left_out(
    upload: Upload,
    container: Container,
    faults: Iterable[Mapping[str, Any]],
    withheld: Mapping[str, Collection[str]],
) -> str:
    """Write the rows that stay out beside the upload, each with its line and why; return where."""
    stored_as = f"uploads/{upload.institution.slug}/{upload.public_id}-left-out"
    arriving = Path(default_storage.path(f"{stored_as}-{uuid.uuid4()}"))
    try:
        quarantine.write(container, faults, arriving, withheld=withheld)
        arriving.chmod(private_files.FILE_MODE)
        arriving.replace(default_storage.path(stored_as))
    finally:
        with contextlib.suppress(OSError):
            arriving.unlink(missing_ok=True)
    return stored_as
