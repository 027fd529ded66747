"""What other systems pass on of what staff say: the bodies, and how a list of it is asked for."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal, TypeVar

from django.core import signing
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from predictions.api.bodies import MOST_ERRORS, Day, Strict, without_nul, worded
from predictions.api.problems import InvalidBody
from predictions.models import Verdict
from students.help import help_kinds
from students.outcomes import exit_code_map
from students.outcomes.outcome_codes import UnknownExitCode

MOST_VERDICTS = 200
USUAL_VERDICTS = 50
LONGEST_KEY = 200
_CURSOR = "api_verdicts"

Place = tuple[dt.datetime, int]
Read = TypeVar("Read", bound=Strict)


def _public_id(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise ValueError("a student is named by the UUID in the address of their page") from None


def _exit_code(value: str) -> str:
    try:
        return exit_code_map.in_scope().as_listed(value)
    except UnknownExitCode as unknown:
        raise ValueError(str(unknown)) from None


def _kind_of_help(value: str) -> str:
    known = [kind.code for kind in help_kinds.offered()]
    if value not in known:
        raise ValueError(f"there is no such kind of help. Use one of: {', '.join(known)}")
    return value


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment says its time zone, like 2026-11-23T08:00:00Z")
    return moment


def _limit(value: Any) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 4 and 1 <= int(value) <= MOST_VERDICTS):
        raise ValueError(f"a limit is a number from 1 to {MOST_VERDICTS}")
    return int(value)


def _place(value: Any) -> Place:
    try:
        moment, pk = signing.loads(value, salt=_CURSOR)
    except signing.BadSignature:
        raise ValueError("a cursor is taken from the next of an answer, unchanged") from None
    return dt.datetime.fromisoformat(moment), int(pk)


Student = Annotated[uuid.UUID, BeforeValidator(_public_id)]
Words = Annotated[str, Field(max_length=300), AfterValidator(without_nul), AfterValidator(str.strip)]


class OutcomeBody(Strict):
    """What became of a student."""

    student: Student
    exit_code: Annotated[str, Field(max_length=200), AfterValidator(_exit_code)]
    happened_on: Day
    evidence: Words = ""


class InterventionBody(Strict):
    """Help that has begun."""

    student: Student
    kind: Annotated[str, AfterValidator(_kind_of_help)]
    started_on: Day
    goal: Words = ""


class VerdictBody(Strict):
    """What somebody says of a flag."""

    student: Student
    kind: Literal[tuple(Verdict.Kind.values)]  # type: ignore[valid-type]
    reason: Words = ""
    until_on: Day | None = None


class VerdictsAsked(Strict):
    """Which verdicts are asked for: of whom, since when, how many, from which place on."""

    student: Student | None = None
    since: Annotated[dt.datetime, BeforeValidator(_moment)] | None = None
    limit: Annotated[int, BeforeValidator(_limit)] = USUAL_VERDICTS
    cursor: Annotated[Place, BeforeValidator(_place)] | None = None


def read(form: type[Read], data: Any) -> Read:
    """Return what a body, or a query, says.

    :raises InvalidBody: naming every field at fault
    """
    messages = {
        "extra_forbidden": f"There is no such field. Known: {', '.join(form.model_fields)}.",
        "missing": "This field is required.",
    }
    try:
        said = form.model_validate(data)
    except ValidationError as error:
        raise InvalidBody([worded(fault, messages=messages) for fault in error.errors()[:MOST_ERRORS]]) from None
    if isinstance(said, VerdictBody) and said.until_on is not None and said.kind != Verdict.Kind.NOT_NOW:
        message = "Only not_now ends on a day. Leave it out."
        raise InvalidBody([{"field": "until_on", "message": message, "got": said.until_on.isoformat()}])
    return said


def read_key(header: str | None) -> str | None:
    """Return the Idempotency-Key of a request; None without one.

    :raises InvalidBody: for one that is empty, too long, or holds anything but visible ASCII
    """
    if header is None:
        return None
    if not header or len(header) > LONGEST_KEY or any(not "!" <= letter <= "~" for letter in header):
        message = f"A key is 1 to {LONGEST_KEY} letters, digits and signs without a blank, such as a UUID."
        raise InvalidBody([{"field": "Idempotency-Key", "message": message, "got": ascii(header)[1:-1][:80]}])
    return header


def cursor_of(place: Place) -> str:
    """Return a place in the list as an answer names it: it can be handed back, and nothing else."""
    return signing.dumps([place[0].isoformat(), place[1]], salt=_CURSOR)
