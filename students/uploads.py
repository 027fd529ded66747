"""Receive files: store them under their content hash, and queue what is to be done with them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from students.importing.cohort_schema import CohortSchema
from students.models import Upload

IMPORT_TASK = "students.import_upload"


class TooLarge(Exception):
    """The file is larger than the portal takes."""


def stored_path(upload: Upload) -> Path:
    """Return where the bytes of an upload lie."""
    return Path(default_storage.path(upload.stored_as))


@transaction.atomic
def receive(  # noqa: PLR0913
    *,
    institution: Institution,
    filename: str,
    chunks: Iterable[bytes],
    schema_yaml: str,
    by: User | None,
    now: dt.datetime,
    wakes: bool = True,
) -> tuple[Upload, bool]:
    """Keep a file and queue its import; the same file with the same schema is the same upload. Says whether it is new.

    :raises TooLarge: if the file exceeds the limit of the portal
    :raises SchemaRefused: if the schema is not one
    """
    CohortSchema.from_yaml(schema_yaml)
    content = _read(chunks)
    digest = hashlib.sha256(content).hexdigest()
    key = hashlib.sha256(digest.encode() + schema_yaml.encode()).hexdigest()
    job, is_new = queue.enqueue(
        institution=institution, task=IMPORT_TASK, idempotency_key=key, by=by, now=now, wakes=wakes
    )
    if not is_new:
        return Upload.objects.get(job=job), False
    stored_as = f"uploads/{institution.slug}/{digest}"
    if not default_storage.exists(stored_as):
        stored_as = default_storage.save(stored_as, ContentFile(content))
    upload = Upload.objects.create(
        institution=institution,
        job=job,
        filename=PurePosixPath(filename.replace("\\", "/")).name[:255] or "file.csv",
        content_sha256=digest,
        schema_yaml=schema_yaml,
        stored_as=stored_as,
        created_at=now,
        created_by=by,
    )
    audit_log.record(action="upload", by=by, now=now)
    return upload, True


def _read(chunks: Iterable[bytes]) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > settings.UPLOAD_MAX_BYTES:
            raise TooLarge(
                f"The file is larger than {settings.UPLOAD_MAX_BYTES // 1024**2} MB. Split it, or raise the limit."
            )
        parts.append(chunk)
    return b"".join(parts)
