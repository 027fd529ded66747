"""The endpoints of files: send one, watch it, say the word, take it back; each asks the domain once."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit_log, scope
from accounts.models import ApiClient
from predictions.api import bodies, documents, upload_answers, upload_form
from predictions.api.problems import Conflict, FileTooLarge, InvalidBody
from predictions.api.views import ClientView, asking_client
from students.changes import undo
from students.importing.cohort_schema import SchemaRefused
from students.models import Upload
from students.uploads import uploads

SHOWN = 50
ZIPPED = ".zip"


class UploadView(ClientView):
    """An endpoint for clients that bring files."""

    needs_scope = "upload"


@contextlib.contextmanager
def _work_for(client: ApiClient) -> Iterator[None]:
    """Enter the scope of a client's institution, and word what the domain refuses."""
    try:
        with scope.entered(scope.of_institution(client.institution)):
            yield
    except uploads.TooLarge as refusal:
        raise FileTooLarge(str(refusal)) from None
    except SchemaRefused as refusal:
        raise InvalidBody([{"field": "schema", "message": reason, "got": ""} for reason in refusal.sentences]) from None
    except uploads.AnswersRefused as refusal:
        raise InvalidBody([{"field": "answers", "message": reason, "got": ""} for reason in refusal.problems]) from None
    except undo.TouchedSince as refusal:
        named = [{"id": str(later.public_id), "filename": later.filename} for later in refusal.uploads]
        raise Conflict(str(refusal), named) from None
    except (uploads.WrongStage, uploads.HasBadRows) as refusal:
        raise Conflict(str(refusal)) from None


def _one(public_id: uuid.UUID) -> Upload:
    """Return an upload of the institution in scope.

    :raises Http404: if there is none
    """
    found = Upload.objects.select_related("institution", "job", "merge_job", "undo_job")
    upload: Upload | None = found.filter(public_id=public_id).first()
    if upload is None:
        raise Http404
    return upload


def _looked(request: Request, action: str) -> None:
    client = asking_client(request)
    audit_log.record(
        action=action,
        by=client,
        now=timezone.now(),
        purpose=client.purpose,
        remote_address=request.META.get("REMOTE_ADDR") or None,
    )


class Uploads(UploadView):
    """The files so far, and one more."""

    parser_classes = [upload_form.UploadParser]

    @extend_schema(
        operation_id="list_uploads",
        parameters=[OpenApiParameter("stage", str, enum=upload_answers.STAGES, description="Only files at it.")],
        responses={200: upload_answers.UploadList, **documents.problems(400, 401, 403, 429)},
        summary="List the newest files",
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest fifty files in short."""
        stage = request.query_params.get("stage")
        if stage is not None and stage not in upload_answers.STAGES:
            known = f"Choose one of {', '.join(upload_answers.STAGES)}."
            raise InvalidBody([{"field": "stage", "message": known, "got": stage[:80]}])
        with _work_for(asking_client(request)):
            newest = Upload.objects.defer(*upload_answers.LONG)
            newest = newest.filter(stage=stage) if stage else newest
            return Response({"uploads": [upload_answers.line(upload) for upload in newest[:SHOWN]]})

    @extend_schema(
        operation_id="send_upload",
        request={"multipart/form-data": upload_answers.UploadRequest},
        responses={
            200: upload_answers.ReceivedUpload,
            202: upload_answers.ReceivedUpload,
            **documents.problems(400, 401, 403, 413, 415, 429),
        },
        summary="Send a file of records",
        description="It is stored and checked; nothing changes before it is confirmed. "
        "The same file twice is the same upload: 200, and is_new is false.",
    )
    def post(self, request: Request) -> Response:
        """Keep the file, queue its check, and say where to watch."""
        client = asking_client(request)
        file, options = upload_form.read_upload(request.data)
        with _work_for(client):
            upload, is_new = uploads.receive(
                institution=client.institution,
                filename=file.name or "",
                chunks=file.chunks(),
                options=options,
                by=client,
                now=timezone.now(),
            )
            answer = upload_answers.answer(_one(upload.public_id))
        return Response(answer | {"is_new": is_new}, status=202 if is_new else 200)


class OneUpload(UploadView):
    """One file."""

    @extend_schema(
        operation_id="read_upload",
        responses={200: upload_answers.UploadAnswer, **documents.problems(401, 403, 404, 429)},
        summary="See where a file is on its way",
    )
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Answer with stage, progress, difference and faults."""
        with _work_for(asking_client(request)):
            answer = upload_answers.answer(_one(public_id))
            # Values of students stand in examples, faults and questions, and nowhere else.
            if answer["errors"] or answer["questions"] or answer["difference"].get("examples"):
                _looked(request, "api_upload")
        return Response(answer)


class ConfirmUpload(UploadView):
    """The word that a file waits for."""

    @extend_schema(
        operation_id="confirm_upload",
        request=upload_answers.ConfirmRequest,
        responses={202: upload_answers.UploadAnswer, **documents.problems(400, 401, 403, 404, 409, 415, 429)},
        summary="Bring a file in that was checked",
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Queue the merge; 409 where the file does not wait, or has bad rows that may not be left out."""
        told = bodies.read_confirm(request.data)
        client = asking_client(request)
        with _work_for(client):
            upload = _one(public_id)
            leaves_out = upload.skip_invalid_rows if told is None else told
            uploads.confirm(upload=upload, skip_invalid_rows=leaves_out, by=client, now=timezone.now())
            answer = upload_answers.answer(upload)
        return Response(answer, status=202)


class AnswerUpload(UploadView):
    """What the codes and units of a file mean, where it waits for that."""

    @extend_schema(
        operation_id="answer_upload",
        request=upload_answers.AnswersRequest,
        responses={202: upload_answers.UploadAnswer, **documents.problems(400, 401, 403, 404, 409, 415, 429)},
        summary="Answer what a file leaves open",
        description="`questions` of the file name what is asked. What is answered is kept for its source.",
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Keep the answers and check the file once more; 409 where it waits for none."""
        told = bodies.read_answers(request.data)
        client = asking_client(request)
        with _work_for(client):
            upload = uploads.answer(upload=_one(public_id), answers=told, by=client, now=timezone.now())
            answer = upload_answers.answer(upload)
        return Response(answer, status=202)


class DiscardUpload(UploadView):
    """A file that shall not be brought in."""

    @extend_schema(
        operation_id="discard_upload",
        request=None,
        responses={200: upload_answers.UploadAnswer, **documents.problems(401, 403, 404, 409, 429)},
        summary="Put a file aside that waits",
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Put the file aside; 409 where it does not wait."""
        client = asking_client(request)
        with _work_for(client):
            upload = uploads.discard(upload=_one(public_id), by=client, now=timezone.now())
            answer = upload_answers.answer(upload)
        return Response(answer)


class UndoUpload(UploadView):
    """A file whose records shall be taken back."""

    @extend_schema(
        operation_id="undo_upload",
        request=None,
        responses={202: upload_answers.UploadAnswer, **documents.problems(401, 403, 404, 409, 429)},
        summary="Take back what a file brought",
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Queue the taking back; 409 where later files touched the same rows, with their names."""
        client = asking_client(request)
        with _work_for(client):
            upload = uploads.undo(upload=_one(public_id), by=client, now=timezone.now())
            answer = upload_answers.answer(upload)
        return Response(answer, status=202)


class _AsItIs(BaseContentNegotiation):
    """Answer with the file whatever the client says it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the first."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Take the first: only problems are rendered."""
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


class QuarantinedRows(UploadView):
    """The rows of a file that were left out."""

    content_negotiation_class = _AsItIs

    @extend_schema(
        operation_id="quarantined_rows",
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            **documents.problems(401, 403, 404, 429),
        },
        summary="Get the bad rows back",
        description="The original columns, with the line of each row and why it was left out. "
        "A zip where the upload held several files.",
    )
    def get(self, request: Request, public_id: uuid.UUID) -> FileResponse:
        """Answer with the file, read from the disk as it is sent."""
        with _work_for(asking_client(request)):
            upload = _one(public_id)
            if not upload.quarantine_as or not default_storage.exists(upload.quarantine_as):
                raise Http404
            _looked(request, "api_quarantine")
        suffix = ZIPPED if upload.quarantine_as.endswith(ZIPPED) else ".csv"
        return FileResponse(
            default_storage.open(upload.quarantine_as, "rb"),
            as_attachment=True,
            filename=f"{PurePosixPath(upload.filename).stem}-bad-rows{suffix}",
            content_type="application/zip" if suffix == ZIPPED else "text/csv; charset=utf-8",
        )
