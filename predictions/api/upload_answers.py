"""What the API tells of an upload, as the OpenAPI schema shows it and as it is sent."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.models import Job, State
from predictions.api.upload_form import FORMATS
from students.models import Format, Upload

ERRORS_TOLD = 100
CHANGED_SINCE = "The records changed since the file was confirmed. Look at the difference again."
STAGES = [value for value, _label in Upload.Stage.choices]
READ = [value for value, _label in Format.choices]
# The answer of the list is made without what may be long.
LONG = ("errors", "warnings", "difference", "questions", "answers", "summary", "schema_yaml")


@extend_schema_field(OpenApiTypes.BINARY)
class SentFile(serializers.FileField):
    """A file within a form."""


class UploadRequest(serializers.Serializer[Any]):
    """A form with one file, and how it shall be read."""

    file = SentFile(help_text="CSV, a zip of CSVs, or JSON.")
    format = serializers.ChoiceField(choices=FORMATS, required=False, help_text="Found out where it is left out.")
    schema = serializers.CharField(
        required=False, help_text="For a flat cohort: the schema as YAML, or the name of a configured one."
    )
    complete = serializers.BooleanField(
        required=False, help_text="Whether the file holds every record; what is missing is then no longer true."
    )
    auto_confirm = serializers.BooleanField(
        default=False, help_text="Bring the file in without a look where it stays below the institution's thresholds."
    )
    leave_out_bad_rows = serializers.BooleanField(default=False, help_text="Bring the good rows in without the bad.")
    answers = serializers.CharField(
        required=False, help_text="What codes and units mean, as JSON: the same as is sent to …/answers."
    )
    again = serializers.BooleanField(
        default=False, help_text="Check a file once more that was brought in or refused before."
    )


class AnswersRequest(serializers.Serializer[Any]):
    """What is answered, by the name of the question."""

    answers = serializers.DictField(
        child=serializers.DictField(),
        help_text='{"attendance.unit": {"is": "period", "a_day": 7}, "attendance.codes": {"HD": "half_absent"}, '
        '"grades.scale": {"best": 4, "worst": 0}}',
    )


class AskedValue(serializers.Serializer[Any]):
    """A value of the file that nobody has explained."""

    value = serializers.CharField()
    n = serializers.IntegerField(help_text="Rows.")
    line = serializers.IntegerField(allow_null=True, help_text="The first line with it.")
    known = serializers.CharField(
        required=False, help_text="Of a student's number: the one under which they are known."
    )
    words = serializers.CharField(required=False, help_text="Of a student's number: whose it is.")


class AskedQuestion(serializers.Serializer[Any]):
    """What must be said before anything of a file counts."""

    name = serializers.CharField(help_text="Under which it is answered.")
    sentence = serializers.CharField()
    values = AskedValue(many=True)
    proposal = serializers.DictField(help_text="The answer that fits what was seen; empty where none does.")


class ConfirmRequest(serializers.Serializer[Any]):
    """What is to become of bad rows; what was said with the file holds where this says nothing."""

    leave_out_bad_rows = serializers.BooleanField(required=False)


class KindDifference(serializers.Serializer[Any]):
    """How many rows of one kind of record a file would change, or changed."""

    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    gone = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    bad = serializers.IntegerField()


class Difference(serializers.Serializer[Any]):
    """What a file would change, or changed; empty until it was checked."""

    kinds = serializers.DictField(child=KindDifference(), required=False, help_text="By kind of record.")
    moved_school = serializers.IntegerField(required=False, help_text="Students whose school changes.")
    gone_share = serializers.FloatField(required=False, help_text="Share of the stored that would go, 0 to 1.")
    bad_share = serializers.FloatField(required=False, help_text="Share of the file's rows that are bad, 0 to 1.")
    digest = serializers.CharField(required=False, help_text="The same for the same difference.")
    examples = serializers.DictField(required=False, help_text="By kind: up to five new, changed and gone rows.")


class RowFault(serializers.Serializer[Any]):
    """One thing to mend in the file."""

    file = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    problem = serializers.CharField()
    allowed = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()


class WarningExample(serializers.Serializer[Any]):
    """Where a warning was seen."""

    file = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)


class UploadWarning(serializers.Serializer[Any]):
    """A plausibility rule that rows broke without being left out."""

    rule = serializers.CharField()
    n = serializers.IntegerField()
    examples = WarningExample(many=True)


class Progress(serializers.Serializer[Any]):
    """How far the work is."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField(min_value=0, max_value=1)
    note = serializers.CharField(allow_blank=True)


class UploadLinks(serializers.Serializer[Any]):
    """Where to go on; null where that is not possible now."""

    self = serializers.CharField()
    confirm = serializers.CharField(allow_null=True)
    answers = serializers.CharField(allow_null=True)
    discard = serializers.CharField(allow_null=True)
    undo = serializers.CharField(allow_null=True)
    quarantine = serializers.CharField(allow_null=True)


class TakenFor(serializers.Serializer[Any]):
    """One kind of record that a file is read as."""

    kind = serializers.CharField()
    n_rows = serializers.IntegerField()
    rows = serializers.ListField(child=serializers.DictField(), help_text="The first two as they will read.")


class UploadLine(serializers.Serializer[Any]):
    """One file in short."""

    id = serializers.UUIDField()
    filename = serializers.CharField()
    format = serializers.CharField(allow_blank=True, help_text=f"{', '.join(READ)}; empty until it was found out.")
    content_sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    stage = serializers.ChoiceField(choices=STAGES)
    n_rows = serializers.IntegerField()
    n_bad_rows = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    merged_at = serializers.DateTimeField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    links = UploadLinks()


class UploadAnswer(UploadLine):
    """One file, where it is on its way, and what came of it."""

    complete = serializers.BooleanField(allow_null=True)
    auto_confirm = serializers.BooleanField()
    leave_out_bad_rows = serializers.BooleanField()
    progress = Progress()
    attempt = serializers.IntegerField(help_text="How often the work was begun.")
    refused_because = serializers.CharField(allow_blank=True, help_text="Why the file did not go in.")
    waits_because = serializers.ListField(
        child=serializers.CharField(), help_text="Why the file was not brought in though that was asked for."
    )
    difference = Difference()
    n_errors = serializers.IntegerField()
    taken_for = TakenFor(many=True)
    questions = AskedQuestion(many=True)
    warnings = UploadWarning(many=True)
    withheld = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    notes = serializers.ListField(child=serializers.CharField())
    counts = serializers.DictField(child=serializers.IntegerField())
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """Add `errors`, which a serializer uses for itself."""
        return {**super().get_fields(), "errors": RowFault(many=True)}


class ReceivedUpload(UploadAnswer):
    """One file, and whether it was not here before."""

    is_new = serializers.BooleanField()


class UploadList(serializers.Serializer[Any]):
    """The newest files."""

    uploads = UploadLine(many=True)


def line(upload: Upload) -> dict[str, Any]:
    """Return an upload in short."""
    return {
        "id": upload.public_id,
        "filename": upload.filename,
        "format": upload.format,
        "content_sha256": upload.content_sha256,
        "size_bytes": upload.size_bytes,
        "stage": upload.stage,
        "n_rows": upload.n_rows,
        "n_bad_rows": upload.n_bad_rows,
        "created_at": upload.created_at,
        "merged_at": upload.merged_at,
        "undone_at": upload.undone_at,
        "links": _links(upload),
    }


def answer(upload: Upload) -> dict[str, Any]:
    """Return all that is told of an upload."""
    job, summary = upload.current_job, upload.summary
    return line(upload) | {
        "complete": upload.is_complete,
        "auto_confirm": upload.auto_confirm,
        "leave_out_bad_rows": upload.skip_invalid_rows,
        "progress": _progress(job),
        "attempt": job.attempts,
        "refused_because": _refused_because(upload, job),
        "waits_because": _waits_because(upload),
        "difference": upload.difference,
        "errors": upload.errors[:ERRORS_TOLD],
        "n_errors": upload.n_errors,
        "taken_for": summary.get("taken_for", []),
        "questions": [
            {name: question[name] for name in ("name", "sentence", "values", "proposal")}
            for question in upload.questions
        ],
        "warnings": upload.warnings,
        "withheld": summary.get("withheld", {}),
        "notes": summary.get("notes", []),
        "counts": summary.get("counts", {}),
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "heartbeat_at": job.heartbeat_at,
    }


def _refused_because(upload: Upload, job: Job) -> str:
    if job.state == State.FAILED:
        return job.error
    refused = upload.stage == Upload.Stage.REFUSED and upload.errors
    return str(upload.errors[0]["sentence"]) if refused else ""


def _waits_because(upload: Upload) -> list[str]:
    if upload.stage != Upload.Stage.REVIEW:
        return []
    changed = [CHANGED_SINCE] if upload.summary.get("changed_since") else []
    return changed + upload.summary.get("waits_because", [])


def _progress(job: Job) -> dict[str, Any]:
    return {
        "done": job.progress_done,
        "total": job.progress_total,
        "share": round(job.progress_share, 4),
        "note": job.progress_note,
    }


def _links(upload: Upload) -> dict[str, str | None]:
    stage = Upload.Stage
    possible = {
        "confirm": upload.stage == stage.REVIEW,
        "answers": upload.stage == stage.ASKING,
        "discard": upload.stage in (stage.MAPPING, stage.ASKING, stage.REVIEW),
        "undo": upload.stage == stage.DONE,
        "quarantine": bool(upload.quarantine_as),
    }
    links = {name: reverse(f"api_upload_{name}", args=[upload.public_id]) for name, is_so in possible.items() if is_so}
    return {"self": reverse("api_upload", args=[upload.public_id])} | {name: links.get(name) for name in possible}
