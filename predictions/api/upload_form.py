"""Read the form of an upload strictly: the file goes to the disk as it comes, every field at fault is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser
from rest_framework.request import Request

from predictions.api import bodies
from predictions.api.problems import FileTooLarge, InvalidBody
from students.uploads.uploads import UploadOptions

FORMATS = ("portal", "oneroster", "edfi", "cohort")
# The fields beside the file, and the lines between them.
FIELDS_BYTES = 4 * 1024**2
SCHEMA_BYTES = 1024**2


class UploadParser(MultiPartParser):
    """multipart/form-data whose files never lie in memory, refused unread where it is announced as too large."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        """Return the fields and the file.

        :raises FileTooLarge: before anything was read
        """
        request: Request = (parser_context or {})["request"]
        # Whoever announces no length is not read at all: the server hands on an empty body then.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_MAX_BYTES + FIELDS_BYTES:
            raise FileTooLarge(
                f"The file is larger than {settings.UPLOAD_MAX_BYTES // 1024**2} MB. Split it, or raise the limit."
            )
        request._request.upload_handlers = [TemporaryFileUploadHandler(request._request)]
        try:
            return super().parse(stream, media_type, parser_context)
        except RequestDataTooBig:
            raise FileTooLarge("The fields beside the file are larger than 2.5 MB. Send less.") from None


def _told(value: Any) -> bool:
    if value not in ("true", "false"):
        raise ValueError("write true or false")
    return bool(value == "true")


Told = Annotated[bool, BeforeValidator(_told)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[FORMATS] | None = None  # type: ignore[valid-type]
    # BaseModel has a method of that name.
    schema_: Annotated[str | None, Field(alias="schema", min_length=1)] = None
    complete: Told | None = None
    auto_confirm: Told = False
    leave_out_bad_rows: Told = False
    again: Told = False
    answers: Annotated[str | None, Field(min_length=1)] = None


def read_upload(data: Any) -> tuple[UploadedFile, UploadOptions]:
    """Return the file and how it shall be read, of a body for POST /api/uploads.

    :raises InvalidBody: naming every field at fault
    """
    sent = data if isinstance(data, QueryDict) else QueryDict()
    faults = [_fault(name, "This field is given twice.") for name, values in sent.lists() if len(values) > 1]
    values: dict[str, Any] = {name: sent[name] for name in sent}
    file = values.pop("file", None)
    if not isinstance(file, UploadedFile):
        faults.append(_fault("file", "Send the file as a part of multipart/form-data that has a file name."))
    fields = None
    try:
        fields = _Fields.model_validate(values | _schema_file(values.get("schema")))
    except ValidationError as error:
        faults += [bodies.worded(fault, messages=_MESSAGES) for fault in error.errors()[: bodies.MOST_ERRORS]]
    except UnicodeDecodeError:
        faults.append(_fault("schema", "The schema is not a text in UTF-8. Save it as UTF-8."))
    if faults or fields is None:
        raise InvalidBody(faults)
    return file, _options(fields)


def _schema_file(schema: Any) -> dict[str, str]:
    """Return the text of a schema that came as a file: the same as one that came as a field."""
    if not isinstance(schema, UploadedFile):
        return {}
    return {"schema": schema.read(SCHEMA_BYTES).decode("utf-8")}


def _options(fields: _Fields) -> UploadOptions:
    named = fields.format or ("cohort" if fields.schema_ else "")
    if fields.schema_ and named != "cohort":
        raise InvalidBody([_fault("schema", "Only the format cohort takes a schema.")])
    return UploadOptions(
        format=named,
        schema_yaml=_schema_yaml(fields.schema_ or ""),
        is_complete=fields.complete,
        auto_confirm=fields.auto_confirm,
        skip_invalid_rows=fields.leave_out_bad_rows,
        again=fields.again,
        answers=_answers(fields.answers),
    )


def _answers(given: str | None) -> dict[str, Any]:
    if given is None:
        return {}
    try:
        return bodies.read_answers({"answers": bodies.strict_json(given)})
    except ParseError as fault:
        raise InvalidBody([_fault("answers", str(fault.detail))]) from None


def _schema_yaml(given: str) -> str:
    """Return the schema: the text itself, or the one that comes with the portal under this name."""
    configured = {path.stem: path for path in settings.COHORT_SCHEMAS_DIR.glob("*.yaml")}
    if given in configured:
        return configured[given].read_text(encoding="utf-8")
    if given and "\n" not in given:
        known = ", ".join(sorted(configured))
        raise InvalidBody([_fault("schema", f"Give the schema as YAML, or one of these names: {known}.", given)])
    return given


def _fault(field: str, message: str, got: str = "") -> dict[str, str]:
    return {"field": field[:120], "message": message, "got": got[:80]}


_MESSAGES = {
    "extra_forbidden": "There is no such field. Known: file, format, schema, complete, auto_confirm, "
    "leave_out_bad_rows, again, answers.",
    "literal_error": f"Choose one of {', '.join(FORMATS)}, or leave it out: the portal then finds it out.",
    "string_too_short": "Leave the field out where there is no schema.",
    "string_type": "This field is a text, not a file.",
}
