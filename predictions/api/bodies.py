"""Read bodies strictly: every unknown, missing or badly typed field is named, all at once."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from modeling.core import catalogue
from modeling.core.feature import Feature
from predictions.api.problems import InvalidBody

MOST_ERRORS = 100


class StrictJSONParser(JSONParser):
    """JSON without NaN, without duplicate keys, and not nested deeper than we read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the body, or say in a sentence why it is not JSON."""
        return strict_json(stream.read())


def strict_json(text: str | bytes) -> Any:
    """Return what a text in JSON says.

    :raises ParseError: saying in a sentence why it is none
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise ParseError("The body is nested too deeply.") from None
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {_printable(str(error))}.") from None


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number in JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _iso_day(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a date is written as text, like 2026-11-23")
    return dt.date.fromisoformat(value)


def _flag(value: Any) -> float:
    if isinstance(value, bool | int | float) and value in (0, 1):
        return float(value)
    raise ValueError("a flag is 0 or 1, false or true")


def without_nul(value: str) -> str:
    """Refuse what cannot be kept."""
    # The answer is kept with its features, and PostgreSQL has no way to store this letter.
    if "\0" in value:
        raise ValueError("a text holds no NUL")
    return value


Day = Annotated[dt.date, BeforeValidator(_iso_day)]
Storable = AfterValidator(without_nul)


class Strict(BaseModel):
    """A body in which every field is known and of its type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


def read_predict(data: Any, *, features: tuple[str, ...]) -> tuple[dt.date, dict[str, Any]]:
    """Return the day and the features of a body for /api/predict.

    `features` are those of whoever answers as JSON, in their order; the validator they make is kept.

    :raises InvalidBody: naming every field at fault
    """
    try:
        body = _predict_model(features).model_validate(data)
    except ValidationError as error:
        raise InvalidBody([worded(fault, messages=_MESSAGES) for fault in error.errors()[:MOST_ERRORS]]) from None
    return body.as_of, body.features.model_dump()  # type: ignore[attr-defined]


@functools.lru_cache(maxsize=32)
def _predict_model(features: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for text in features:
        feature = catalogue.from_json(json.loads(text))
        fields[feature.name] = (_type_of(feature) | None, None)
    values = create_model("Features", __base__=Strict, **fields)
    return create_model("PredictBody", __base__=Strict, as_of=(Day, ...), features=(values, ...))


def _type_of(feature: Feature) -> Any:
    if feature.kind == "category":
        return Literal[tuple(feature.levels)] if feature.levels else Annotated[str, Field(max_length=200), Storable]
    if feature.kind == "flag":
        return Annotated[float, BeforeValidator(_flag)]
    return Annotated[float, Field(ge=feature.low, le=feature.high)]


class _AnswersBody(Strict):
    answers: dict[Annotated[str, Storable], dict[Annotated[str, Storable], Any]]


def read_answers(data: Any) -> dict[str, Any]:
    """Return what a body for POST …/answers says; what may be answered is the domain's to tell.

    :raises InvalidBody: naming every field at fault
    """
    try:
        return _AnswersBody.model_validate(data).answers
    except ValidationError as error:
        messages = {"extra_forbidden": "There is no such field. Known: answers."}
        raise InvalidBody([worded(fault, messages=messages) for fault in error.errors()[:MOST_ERRORS]]) from None


class _ConfirmBody(Strict):
    leave_out_bad_rows: bool | None = None


def read_confirm(data: Any) -> bool | None:
    """Return whether bad rows may be left out; None where a body for POST …/confirm does not say.

    :raises InvalidBody: naming every field at fault
    """
    try:
        return _ConfirmBody.model_validate(data).leave_out_bad_rows
    except ValidationError as error:
        messages = {"extra_forbidden": "There is no such field. Known: leave_out_bad_rows."}
        raise InvalidBody([worded(fault, messages=messages) for fault in error.errors()[:MOST_ERRORS]]) from None


def worded(fault: Any, *, messages: Mapping[str, str]) -> dict[str, str]:
    """Return a fault that the validator found as the API tells it; `messages` word those that need it."""
    # A union names its branches after the field; what the caller sent is the field.
    path = [str(part) for part in fault["loc"]]
    got = "" if fault["type"] == "missing" else _printable(repr(fault["input"]))[:80]
    field = ".".join(path[:2] if path[:1] == ["features"] else path[:1]) or "body"
    return {"field": _printable(field)[:120], "message": messages.get(fault["type"], fault["msg"]), "got": got}


_MESSAGES = {
    "extra_forbidden": "No feature of this name is taken; GET /api/models/current lists those it takes.",
    "missing": "This field is required.",
}


def _printable(text: str) -> str:
    """Replace what no UTF-8 answer can carry."""
    return text.encode("utf-8", "backslashreplace").decode()
