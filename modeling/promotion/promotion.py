"""Lets a version decide, and takes it back: by a named person, through the gate, one at a time, and written down."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit_log
from accounts.models import Institution, User
from modeling import registry
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion_gate
from modeling.training import training_config


class Refused(Exception):
    """The version may not be let decide as things stand; the sentence fits the reader."""


class NeedsPerson(Refused):
    """Nobody is named, and the configuration asks for a person."""


class AlreadyDecides(Refused):
    """The version decides already."""


class Overtaken(Refused):
    """Somebody else let a version decide in the meantime."""


class NothingBefore(Refused):
    """No version decided before this one."""


class GateFailed(Refused):
    """A check speaks against the version, and no reason was given; `sentences` are those of the checks."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__(_("Say why it should decide all the same."))


@transaction.atomic
def promote(  # noqa: PLR0913
    *,
    version: ModelVersion,
    by: User | None,
    now: dt.datetime,
    gate: list[dict[str, Any]],
    reason: str = "",
    instead_of: int | None = None,
) -> Promotion:
    """Let a version decide from the next list on, in place of the champion.

    `gate` is what `promotion_gate.gate` said of it; `instead_of` is the number of the champion that the person saw,
    0 where none decided.

    :raises NeedsPerson: if nobody is named and the configuration asks for it
    :raises AlreadyDecides: if it is the champion
    :raises Overtaken: if another version became the champion since the person looked
    :raises GateFailed: if a check speaks against it and no reason is given
    :raises ModelFileChanged: if its stored bytes are not those registered
    """
    _check_person(by)
    champion = _champion_for_update(version.institution)
    if champion is not None and champion.pk == version.pk:
        raise AlreadyDecides(_("Model %(number)s decides already.") % {"number": version.number})
    _check_not_overtaken(champion, instead_of)
    sentences = promotion_gate.failed(gate)
    if sentences and not reason.strip():
        raise GateFailed(sentences)
    promoted = Promotion(kind=Promotion.Kind.PROMOTED, gate=gate, reason=reason.strip()[:500], at=now, by=by)
    return _activate(promoted, version=version, previous=champion, action="model_promoted")


@transaction.atomic
def roll_back(
    *, institution: Institution, by: User | None, now: dt.datetime, instead_of: int | None = None
) -> Promotion:
    """Let the version decide again that did before the champion; no gate, it has decided before.

    :raises NeedsPerson: if nobody is named and the configuration asks for it
    :raises NothingBefore: if none decided before
    :raises Overtaken: if another version became the champion since the person looked
    :raises ModelFileChanged: if its stored bytes are not those registered
    """
    _check_person(by)
    champion = _champion_for_update(institution)
    _check_not_overtaken(champion, instead_of)
    previous = before(champion) if champion else None
    if previous is None:
        raise NothingBefore(_("No other model decided before this one."))
    rolled_back = Promotion(kind=Promotion.Kind.ROLLED_BACK, at=now, by=by)
    return _activate(rolled_back, version=previous, previous=champion, action="model_rolled_back")


def before(champion: ModelVersion) -> ModelVersion | None:
    """Return the version that decided when the champion was let decide.

    Going back is not undone by going back again: the second time leads to the one before that.
    """
    came = Promotion.objects.filter(version=champion).exclude(kind=Promotion.Kind.ROLLED_BACK)
    newest = came.select_related("previous").defer("previous__booster_text", "previous__evaluation").first()
    return newest.previous if newest else None


def history() -> list[Promotion]:
    """Return who let which version decide at the institution in scope, the newest first."""
    rows = Promotion.objects.select_related("version", "previous", "by")
    heavy = ("booster_text", "specification_json", "evaluation", "metrics", "config_yaml")
    return list(rows.defer(*[f"{of}__{name}" for of in ("version", "previous") for name in heavy])[:50])


def _check_person(by: User | None) -> None:
    if by is None and training_config.serving().promotion.needs_person:
        raise NeedsPerson(_("A named person has to answer for this. Say who."))


def _champion_for_update(institution: Institution) -> ModelVersion | None:
    # The institution's row is locked, so that people who press the button together come one after the other, and each
    # sees what the one before did.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    return ModelVersion.objects.only("pk", "number").filter(is_champion=True).first()


def _check_not_overtaken(champion: ModelVersion | None, instead_of: int | None) -> None:
    number = champion.number if champion else 0
    if instead_of is None or instead_of == number:
        return
    if champion is None:
        raise Overtaken(_("Meanwhile no model decides any more. Look again."))
    raise Overtaken(_("Meanwhile model %(number)s was let decide. Look again.") % {"number": number})


def _activate(promoted: Promotion, *, version: ModelVersion, previous: ModelVersion | None, action: str) -> Promotion:
    registry.check_unchanged(version)
    ModelVersion.objects.filter(is_champion=True).update(is_champion=False)
    ModelVersion.objects.filter(pk=version.pk).update(
        is_champion=True, is_challenger=False, promoted_at=promoted.at, promoted_by=promoted.by
    )
    promoted.institution_id = version.institution_id
    promoted.version, promoted.previous = version, previous
    promoted.save(force_insert=True)
    audit_log.record(action=action, by=promoted.by, now=promoted.at)
    return promoted
