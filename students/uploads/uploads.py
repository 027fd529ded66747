"""Receive files, and queue what is asked of them: to be checked, brought in, put aside, taken back."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from accounts import audit_log, private_files
from accounts.models import ApiClient, Institution, User
from jobs import queue
from jobs.models import Job, State
from students.changes import undo as undoing
from students.importing import questions
from students.importing.cohort_schema import CohortSchema
from students.models import Format, Source, Upload
from students.outcomes import exit_code_map
from students.uploads import stored_files

CHECK_TASK = "students.check_upload"
MERGE_TASK = "students.merge_upload"
UNDO_TASK = "students.undo_upload"
# An import begins anew after each kill and loses nothing, so it may be killed often before we call the file poison.
RETRY_POLICY = queue.RetryPolicy(most_attempts=30)

Stage = Upload.Stage
KEPT = ("shape", "withheld")
OVER = (Stage.DONE, Stage.REFUSED, Stage.DISCARDED, Stage.UNDONE)


class TooLarge(Exception):
    """The file is larger than the portal takes."""


class WrongStage(Exception):
    """The file is not where this can be done; somebody else may have been quicker."""


class AnswersRefused(Exception):
    """What was answered is no answer; `problems` are whole sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class HasBadRows(Exception):
    """Rows of the file are wrong, and nobody said that they may be left out."""


@dataclass(frozen=True, kw_only=True)
class UploadOptions:
    """What the sender of a file asks for beside its check.

    `format` and `is_complete` are found out where nothing is said. `auto_confirm` brings the file in without
    another look where the thresholds allow. `again` checks the same bytes anew, once the earlier upload is over.
    `answers` says what codes and units mean, before anybody asks; see students.importing.questions.
    """

    format: str = ""
    schema_yaml: str = ""
    is_complete: bool | None = None
    auto_confirm: bool = False
    skip_invalid_rows: bool = False
    again: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)


NONE = UploadOptions()


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """Bytes that came, not yet placed: where they wait, their SHA-256 and their size."""

    path: Path
    digest: str
    size: int


def stored_path(upload: Upload) -> Path:
    """Return where the bytes of an upload lie."""
    return Path(default_storage.path(upload.stored_as))


@transaction.atomic
def receive(
    *,
    institution: Institution,
    filename: str,
    chunks: Iterable[bytes],
    options: UploadOptions = NONE,
    by: User | ApiClient | None,
    now: dt.datetime,
    wakes: bool = True,
) -> tuple[Upload, bool]:
    """Keep a file and queue its check, and say whether it is new: the same file asked for alike is the same upload.

    Sent again, what failed on our side is queued once more: it may succeed now, and what was wrong is said again.

    :raises TooLarge: if the file exceeds the limit of the portal
    :raises SchemaRefused: if the schema is not one
    :raises AnswersRefused: if the answers are none to any question
    """
    _check_answers(options.answers)
    if options.schema_yaml:
        CohortSchema.from_yaml(options.schema_yaml)
    with _arriving(institution, chunks) as arrived:
        upload, is_new = _received(
            arrived, institution=institution, filename=filename, options=options, by=by, now=now, wakes=wakes
        )
    if not is_new and upload.current_job.state == State.FAILED:
        retry(upload=upload, by=by, now=now, wakes=wakes)
    return upload, is_new


def _received(
    arrived: Arrived,
    *,
    institution: Institution,
    filename: str,
    options: UploadOptions,
    by: User | ApiClient | None,
    now: dt.datetime,
    wakes: bool,
) -> tuple[Upload, bool]:
    digest = arrived.digest
    stored_as = stored_files.original_name(institution, digest)
    # Held until the commit: nobody removes what is placed here before the row that names it can be seen.
    stored_files.hold_original(stored_as)
    same_bytes = Upload.objects.filter(content_sha256=digest).order_by("-generation", "-pk")
    alike = same_bytes.filter(schema_yaml=options.schema_yaml)
    if options.format:
        alike = alike.filter(format__in=("", options.format))
    if options.is_complete is not None:
        alike = alike.filter(is_complete=options.is_complete)
    earlier = alike.first()
    if earlier and not (earlier.stage in (Stage.DISCARDED, Stage.UNDONE) or (options.again and earlier.stage in OVER)):
        # What was sent is not placed again: columns that are never kept were taken out of what lies there.
        stored_files.remove_unnamed(institution, stored_as)
        return earlier, False
    newest = same_bytes.first()
    generation = newest.generation + 1 if newest else 1
    asked = f"{digest} {generation} {options.format} {options.is_complete} {options.schema_yaml}"
    user = by if isinstance(by, User) else None
    job, is_new = _job(institution, CHECK_TASK, asked, by=user, now=now, wakes=wakes)
    if not is_new:
        return Upload.objects.get(job=job), False
    kept = ("format", "schema_yaml", "is_complete", "auto_confirm", "skip_invalid_rows", "answers")
    upload = Upload.objects.create(
        **{name: getattr(options, name) for name in kept},
        institution=institution,
        job=job,
        generation=generation,
        filename=PurePosixPath(filename.replace("\\", "/")).name[:255] or "file.csv",
        content_sha256=digest,
        size_bytes=arrived.size,
        stored_as=stored_as,
        created_at=now,
        created_by=user,
    )
    arrived.path.replace(default_storage.path(stored_as))
    audit_log.record(action="upload", by=by, now=now)
    return upload, True


@transaction.atomic
def confirm(
    *, upload: Upload, skip_invalid_rows: bool, by: User | ApiClient | None, now: dt.datetime, wakes: bool = True
) -> Upload:
    """Queue the merge of a file that was checked.

    :raises WrongStage: if it does not wait for a word
    :raises HasBadRows: if rows are wrong and may not be left out
    """
    if upload.n_bad_rows and not skip_invalid_rows:
        raise HasBadRows(f"{upload.n_bad_rows:,} rows are wrong. Leave them out, or mend the file.")
    user = by if isinstance(by, User) else None
    _move(upload, Stage.REVIEW, Stage.MERGING, skip_invalid_rows=skip_invalid_rows, confirmed_by=user)
    _queue(upload, "merge_job", MERGE_TASK, by=user, now=now, wakes=wakes)
    audit_log.record(action="confirm_upload", by=by, now=now)
    return upload


@transaction.atomic
def discard(*, upload: Upload, by: User | ApiClient | None, now: dt.datetime) -> Upload:
    """Put a file aside that was checked and shall not be brought in.

    :raises WrongStage: if it does not wait for a word
    """
    waits = upload.stage if upload.stage in (Stage.MAPPING, Stage.ASKING) else Stage.REVIEW
    _move(upload, waits, Stage.DISCARDED)
    audit_log.record(action="discard_upload", by=by, now=now)
    return upload


@transaction.atomic
def undo(*, upload: Upload, by: User | ApiClient | None, now: dt.datetime, wakes: bool = True) -> Upload:
    """Queue the taking back of everything a file brought.

    :raises WrongStage: if it was not brought in
    :raises TouchedSince: if later files touched the same rows; it names them
    """
    undoing.check_undo(upload)
    user = by if isinstance(by, User) else None
    _move(upload, Stage.DONE, Stage.UNDOING, undone_by=user)
    _queue(upload, "undo_job", UNDO_TASK, by=user, now=now, wakes=wakes)
    audit_log.record(action="undo_upload", by=by, now=now)
    return upload


@transaction.atomic
def retry(*, upload: Upload, by: User | ApiClient | None, now: dt.datetime, wakes: bool = True) -> Upload:
    """Queue once more what failed on our side.

    :raises WrongStage: if nothing failed
    """
    job = upload.current_job
    if job.state != State.FAILED:
        raise WrongStage("Nothing went wrong here that could be tried again.")
    if upload.stage == Stage.REFUSED:
        _move(upload, Stage.REFUSED, Stage.CHECKING, errors=[], n_errors=0)
    queue.requeue(job=job, by=by if isinstance(by, User) else None, now=now, wakes=wakes)
    return upload


@transaction.atomic
def check_again(*, upload: Upload, by: User | ApiClient | None, now: dt.datetime, wakes: bool = True) -> Upload:
    """Check the same bytes once more, as a new upload, against the records of today.

    :raises WrongStage: while the upload is under way
    """
    if upload.stage not in OVER:
        raise WrongStage("This file is still on its way.")
    with stored_path(upload).open("rb") as file:
        fresh, _is_new = receive(
            institution=upload.institution,
            filename=upload.filename,
            chunks=iter(lambda: file.read(1 << 20), b""),
            options=UploadOptions(
                format=upload.format, schema_yaml=upload.schema_yaml, is_complete=upload.is_complete, again=True
            ),
            by=by,
            now=now,
            wakes=wakes,
        )
    # What was never kept is gone from the bytes by now, so the source is known by what they looked like at first.
    fresh.source, fresh.summary = upload.source, {name: upload.summary[name] for name in KEPT if name in upload.summary}
    fresh.save(update_fields=["source", "summary"])
    return fresh


@transaction.atomic
def name_columns(
    *,
    upload: Upload,
    source_name: str,
    mapping: Mapping[str, Any],
    is_complete: bool | None,
    by: User | ApiClient | None,
    now: dt.datetime,
    wakes: bool = True,
) -> Upload:
    """Keep what the columns of a file are, for this one and the next of its shape, and queue the check.

    :raises WrongStage: if the file does not wait for that
    """
    user = by if isinstance(by, User) else None
    source, _is_new = Source.objects.update_or_create(
        institution=upload.institution,
        shape_sha256=upload.summary["shape"],
        defaults={"name": source_name, "mapping": dict(mapping), "is_complete": bool(is_complete)},
        create_defaults={
            "name": source_name,
            "format": Format.MAPPED,
            "mapping": dict(mapping),
            "is_complete": bool(is_complete),
            "created_at": now,
            "created_by": user,
        },
    )
    _move(upload, Stage.MAPPING, Stage.CHECKING, source=source, format=Format.MAPPED, is_complete=is_complete)
    _queue(upload, "job", CHECK_TASK, by=user, now=now, wakes=wakes)
    audit_log.record(action="name_columns", by=by, now=now)
    return upload


@transaction.atomic
def answer(
    *,
    upload: Upload,
    answers: Mapping[str, Any],
    by: User | ApiClient | None,
    now: dt.datetime,
    wakes: bool = True,
) -> Upload:
    """Take what was answered of a file's codes and units, and queue its check; once it is in, its source keeps it.

    What a person says of exit codes stands in the institution's map at once, for the files of every source.

    :raises AnswersRefused: if these are none, or somebody mapped one of the codes to another kind meanwhile
    :raises WrongStage: if the file waits for no answer
    """
    _check_answers(answers)
    user = by if isinstance(by, User) else None
    if user is not None:
        try:
            answers = exit_code_map.answered(answers, by=user, now=now)
        except exit_code_map.Refused as refused:
            raise AnswersRefused([str(refused)]) from None
    said = questions.merged(upload.answers, answers)
    _move(upload, Stage.ASKING, Stage.CHECKING, answers=said, questions=[])
    _queue(upload, "job", CHECK_TASK, by=user, now=now, wakes=wakes)
    audit_log.record(action="answer_upload", by=by, now=now)
    return upload


def _check_answers(answers: Mapping[str, Any]) -> None:
    if problems := questions.problems(answers):
        raise AnswersRefused(problems)


def _move(upload: Upload, before: str, after: str, **changed: Any) -> None:
    # The stage stands in the condition, so of two people who press a button together exactly one goes through.
    moved = Upload.objects.filter(pk=upload.pk, stage=before).update(stage=after, **changed)
    if not moved:
        raise WrongStage("This file has moved on since the page was shown. Reload to see where it is.")
    upload.stage = after
    for name, value in changed.items():
        setattr(upload, name, value)


def _queue(upload: Upload, field: str, task: str, *, by: User | None, now: dt.datetime, wakes: bool) -> None:
    job, _is_new = _job(upload.institution, task, f"{upload.public_id} {uuid.uuid4()}", by=by, now=now, wakes=wakes)
    setattr(upload, field, job)
    upload.save(update_fields=[field])


def _job(
    institution: Institution, task: str, asked: str, *, by: User | None, now: dt.datetime, wakes: bool
) -> tuple[Job, bool]:
    return queue.enqueue(
        institution=institution,
        task=task,
        idempotency_key=hashlib.sha256(asked.encode()).hexdigest(),
        by=by,
        now=now,
        retry_policy=RETRY_POLICY,
        wakes=wakes,
    )


@contextlib.contextmanager
def _arriving(institution: Institution, chunks: Iterable[bytes]) -> Iterator[Arrived]:
    """Write the bytes as they come, never holding the file; what nobody placed elsewhere is gone afterwards."""
    folder = private_files.make_folder(Path(default_storage.path(f"uploads/{institution.slug}")))
    path = folder / f".arriving-{uuid.uuid4()}"
    digest, size = hashlib.sha256(), 0
    try:
        path.touch(mode=private_files.FILE_MODE)
        with path.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > settings.UPLOAD_MAX_BYTES:
                    limit = settings.UPLOAD_MAX_BYTES // 1024**2
                    raise TooLarge(f"The file is larger than {limit} MB. Split it, or raise the limit.")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        yield Arrived(path=path, digest=digest.hexdigest(), size=size)
    finally:
        path.unlink(missing_ok=True)
