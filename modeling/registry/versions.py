"""The versions of a model: added under the next number, and read only after their hash and their form were checked."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import logging
import threading
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Institution, User
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion_gate

if TYPE_CHECKING:
    from modeling.core.risk_model import RiskModel

logger = logging.getLogger(__name__)

# Of a web worker's threads that ask for a version at once, one parses it and makes its tables.
_one_at_a_time = threading.Lock()


class NoChampion(Exception):
    """The institution has no model yet."""


class ModelFileChanged(Exception):
    """A stored model is not, byte for byte, what was registered."""


def model_sha256(booster_text: str, specification_json: str) -> str:
    """Return the SHA-256 over both halves of a model, byte for byte as they are stored."""
    return hashlib.sha256(booster_text.encode() + b"\0" + specification_json.encode()).hexdigest()


def champion() -> ModelVersion:
    """Return the version that decides at the institution in scope, without its booster.

    :raises NoChampion: if none was trained yet
    """
    version = ModelVersion.objects.defer("booster_text", "evaluation").filter(is_champion=True).first()
    if version is None:
        raise NoChampion("No model has been trained yet.")
    return version


def challenger() -> ModelVersion | None:
    """Return the version that waits to decide at the institution in scope, if there is one."""
    return ModelVersion.objects.defer("booster_text", "evaluation").filter(is_challenger=True).first()


def load(version: ModelVersion) -> RiskModel:
    """Return a version's model, ready to score; each process parses a version once.

    :raises ModelFileChanged: if what is stored is not what was registered
    :raises UnreadableModel: if it is what was registered and yet no model
    """
    with _one_at_a_time:
        return _parsed(version.pk, version.sha256)


def check_unchanged(version: ModelVersion) -> None:
    """Compare a version's stored bytes with its hash, without parsing any.

    :raises ModelFileChanged: if they differ
    """
    stored = ModelVersion.objects.only("booster_text", "specification_json").get(pk=version.pk)
    if model_sha256(stored.booster_text, stored.specification_json) != version.sha256:
        raise ModelFileChanged(f"Model {version.number} does not match its SHA-256 and was not loaded.")


def is_unchanged(version: ModelVersion) -> bool:
    """Tell whether a version is, byte for byte, what was registered; each process that found so asks no more."""
    try:
        _found_unchanged(version.pk, version.sha256)
    except ModelFileChanged:
        return False
    return True


@functools.lru_cache(maxsize=64)
def _found_unchanged(pk: int, sha256: str) -> None:
    # Whoever cannot be read is asked for anew: it may have been restored.
    check_unchanged(ModelVersion.objects.only("number", "sha256").get(pk=pk, sha256=sha256))


@functools.lru_cache(maxsize=8)
def _parsed(pk: int, sha256: str) -> RiskModel:
    # These bring LightGBM, at the first prediction and no sooner.
    from modeling.core import model_file
    from modeling.core.risk_model import RiskModel

    stored = ModelVersion.objects.only("booster_text", "specification_json", "number").get(pk=pk)
    if model_sha256(stored.booster_text, stored.specification_json) != sha256:
        _found_unchanged.cache_clear()
        raise ModelFileChanged(f"Model {stored.number} does not match its SHA-256 and was not loaded.")
    specification = model_file.check(stored.booster_text, stored.specification_json)
    model = RiskModel.from_text(stored.booster_text, specification)
    _say_who_explains(model, number=stored.number)
    return model


def _say_who_explains(model: RiskModel, *, number: int) -> None:
    """Write down what a version's contributions come from; tables are made and checked here, before it scores."""
    found = model.tree_contributions
    level = logging.ERROR if found.is_faulty else logging.INFO
    by = f"{found.by}. {found.why_by_lightgbm}" if found.why_by_lightgbm else f"{found.by}."
    logger.log(level, "Contributions of model %s by %s", number, by)


@transaction.atomic
def register(*, institution: Institution, by: User | None, now: dt.datetime, **fields: Any) -> ModelVersion:
    """Add a version under the next number.

    Where none decides yet and every check of the gate passes, it decides at once; otherwise it waits as the challenger.
    A check that fails, or cannot tell with so few tested, is for a person to answer for.
    """
    # The institution's row is locked, so that two trainings at once do not take the same number.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    newest = ModelVersion.objects.aggregate(newest=Max("number"))["newest"] or 0
    version = ModelVersion(
        institution=institution,
        number=newest + 1,
        sha256=model_sha256(fields["booster_text"], fields["specification_json"]),
        trained_at=now,
        trained_by=by,
        **fields,
    )
    checks = promotion_gate.gate(version, champion=None, churn_share=None)
    is_first = not ModelVersion.objects.filter(is_champion=True).exists() and not promotion_gate.unresolved(checks)
    ModelVersion.objects.filter(is_challenger=True).update(is_challenger=False)
    version.is_champion, version.is_challenger = is_first, not is_first
    if is_first:
        version.promoted_at, version.promoted_by = now, by
    version.save(force_insert=True)
    if is_first:
        kind = Promotion.Kind.FIRST
        Promotion.objects.create(institution=institution, version=version, kind=kind, gate=checks, at=now, by=by)
    return version
