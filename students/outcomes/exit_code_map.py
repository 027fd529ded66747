"""What exit codes count as at an institution: configs/outcomes.yaml, and what its people say otherwise or besides.

A code that nobody mapped is a question to a person, never a guess. An outcome on record keeps the kind it was recorded
with.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts import audit_log, scope
from accounts.models import User
from students.changes.undo_sql import TAKEN_BACK
from students.importing.questions import OUTCOMES
from students.models import ExitCode, Outcome
from students.outcomes import outcome_codes
from students.outcomes.outcome_codes import KINDS, ExitCodes, OutcomeKind

LONGEST_CODE = 60


class Refused(Exception):
    """What was said of a code cannot be kept; the sentence is fit for the person who said it."""


class NoSuchCode(Exception):
    """The institution's map has no such code."""


class Overtaken(Exception):
    """Somebody else changed the code meanwhile; `standing` is what they said."""

    def __init__(self, standing: ExitCode) -> None:
        super().__init__("changed meanwhile")
        self.standing = standing


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One code of the map, as its page shows it.

    `version` is 0 while the code stands as the file has it. `recorded` counts the outcomes that stand on record with
    the code and are seen by whoever asks, by the kind they were recorded with.
    """

    plain: str
    code: str
    kind: OutcomeKind
    version: int = 0
    said: ExitCode | None = None
    recorded: Mapping[str, int] = field(default_factory=dict)


def in_scope() -> ExitCodes:
    """Return the map of the institution in scope, in one statement."""
    own = {row.plain: (cast(OutcomeKind, row.kind), row.code) for row in ExitCode.objects.order_by("code", "pk")}
    return outcome_codes.written().overlaid(own)


def entries() -> list[Entry]:
    """Return every code of the institution in scope with what is on record of it, in two statements."""
    own = {row.plain: row for row in ExitCode.objects.select_related("changed_by").order_by("code", "pk")}
    codes = outcome_codes.written().overlaid(
        {plain: (cast(OutcomeKind, row.kind), row.code) for plain, row in own.items()}
    )
    recorded = _recorded()
    return [
        Entry(
            plain=plain,
            code=code,
            kind=kind,
            version=own[plain].version if plain in own else 0,
            said=own.get(plain),
            recorded=recorded.get(plain, {}),
        )
        for plain, (kind, code) in codes.by_plain.items()
    ]


@transaction.atomic
def add(*, code: str, kind: str, by: User, now: dt.datetime) -> None:
    """Say what a code counts as that nobody mapped. Said twice alike it stands once.

    :raises Refused: if it is no code or no kind, or stands in the map for another kind already
    """
    if problem := _problem(code):
        raise Refused(problem)
    _check_kind(kind)
    if not in_scope().knows(code):
        row, is_new = _held_or_new(outcome_codes.plain(code), outcome_codes.word_of(code), kind, by=by, now=now)
        if is_new:
            audit_log.record(action="exit_code_mapped", by=by, now=now, purpose=f"{row.code}: {kind}")
    codes = in_scope()
    if (standing := codes.kind_of(code)) != kind:
        told = {"code": codes.as_listed(code), "kind": Outcome.Kind(standing).label}
        raise Refused(_("“%(code)s” stands in the list already: %(kind)s. Change it there.") % told)


@transaction.atomic
def change(*, plain: str, kind: str, version: int, by: User, now: dt.datetime) -> None:
    """Let a code of the map count as another kind from now on. Asked for what stands already, nothing happens.

    :raises NoSuchCode: if the map has none
    :raises Overtaken: if it changed since `version` was shown
    :raises Refused: if there is no such kind
    """
    _check_kind(kind)
    if plain not in (codes := in_scope().by_plain):
        raise NoSuchCode(plain)
    was, code = codes[plain]
    own = ExitCode.objects.filter(plain=plain)
    if kind == was and not own.exists():
        return
    row, is_new = _held_or_new(plain, code, kind, by=by, now=now)
    if not is_new:
        was = cast(OutcomeKind, row.kind)
        if kind == was:
            return
        if row.version != version:
            raise Overtaken(row)
        own.update(kind=kind, version=version + 1, changed_by=by, changed_at=now)
    audit_log.record(action="exit_code_changed", by=by, now=now, purpose=f"{code}: {was}, now {kind}")


@transaction.atomic
def answered(answers: Mapping[str, Any], *, by: User, now: dt.datetime) -> dict[str, Any]:
    """Keep what a person answered of codes in the map, and return the answers that are for one source alone.

    Those are answers to other questions, which rows to leave out, and words that are no codes. That codes were asked
    about stays told, though nothing may be left of the answer.

    Parameters
    ----------
    answers : mapping
        As students.importing.questions.problems checks them.

    :raises Refused: if somebody mapped one of the codes to another kind meanwhile, or two spellings of it differ
    """
    meanings = answers.get(OUTCOMES, {})
    mapped = {word for word, meaning in meanings.items() if meaning in KINDS and not _problem(word)}
    # Always in one order, so that of two people who answer the same codes one waits for the other.
    for word in sorted(mapped, key=lambda word: (outcome_codes.plain(word), word)):
        add(code=word, kind=meanings[word], by=by, now=now)
    rest = {word: meaning for word, meaning in meanings.items() if word not in mapped}
    return {**answers, OUTCOMES: rest} if OUTCOMES in answers else dict(answers)


def _problem(code: str) -> str:
    """Return why a text is no exit code; "" where it is one."""
    word = outcome_codes.word_of(code)
    if not outcome_codes.plain(word):
        return _("Give the code.")
    if len(word) > LONGEST_CODE:
        return _("A code is at most %(n)s characters long.") % {"n": LONGEST_CODE}
    if outcome_codes.plain(word) == TAKEN_BACK:
        return _("“%s” is what the portal itself writes. Use another word.") % TAKEN_BACK
    return ""


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Refused(_("There is no such kind of outcome. Choose one of the list."))


def _held_or_new(plain: str, code: str, kind: str, *, by: User, now: dt.datetime) -> tuple[ExitCode, bool]:
    """Return a code's own row, held for this transaction, and whether it is new: of two first words one is second."""
    said = {"code": code, "kind": kind, "changed_by": by, "changed_at": now}
    held = ExitCode.objects.select_for_update(no_key=True)
    return held.get_or_create(institution_id=scope.current().institution_id, plain=plain, defaults=said)


def _recorded() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    standing = Outcome.objects.filter(corrected_by=None).exclude(exit_code__in=("", TAKEN_BACK))
    for code, kind, n in standing.values_list("exit_code", "kind").annotate(n=Count("pk")).order_by():
        of = found.setdefault(outcome_codes.plain(code), {})
        of[kind] = of.get(kind, 0) + n
    return found
