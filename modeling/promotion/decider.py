"""What makes the list of the institution in scope: its model, or its own rule, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modeling import registry
from modeling.core import model_readiness
from modeling.models import ModelVersion, Promotion
from modeling.promotion import model_switch, promotion_gate
from modeling.training import training_config

if TYPE_CHECKING:
    from modeling.training.training_config import TrainingConfig

Why = Literal["", "no_model", "waits", "few_labels", "not_better", "switched_off", "file_changed"]


@dataclass(frozen=True, kw_only=True)
class ListSource:
    """Who decides. The champion scores beside the rule even where the rule decides, unless it is switched off."""

    kind: Literal["model", "rule"]
    reason: Why
    champion: ModelVersion | None

    @property
    def shows_estimates(self) -> bool:
        """Tell whether anything that the model says may be shown."""
        return self.kind == "model"

    @property
    def scores(self) -> ModelVersion | None:
        """Return the version that scores, shown or not; None where there is none, it is off or its file changed."""
        return None if self.reason in ("switched_off", "file_changed") else self.champion


def decision(*, has_rule: bool = True) -> ListSource:
    """Return what makes the next list.

    It follows from the champion's own figures, which never change, and from what a named person overruled: so the same
    champion always gets the same answer, until somebody turns the switch or changes the configuration. Where the
    institution has no rule that its records could answer (`has_rule`), a poor model is better than no list. A version
    that waits for a person makes none.
    """
    champion = _champion()
    why = _why_rule(champion, has_rule=has_rule)
    return ListSource(kind="rule" if why else "model", reason=why, champion=champion)


def _why_rule(champion: ModelVersion | None, *, has_rule: bool) -> Why:
    if not model_switch.is_on():
        return "switched_off"
    if champion is None:
        return "waits" if registry.challenger() is not None else "no_model"
    if not registry.is_unchanged(champion):
        return "file_changed"
    if not has_rule:
        return ""
    limits = configuration().handover
    why = model_readiness.why_rule(champion.metrics, n_labels=champion.dataset.n_students, **limits.model_dump())
    let = Promotion.objects.filter(version=champion).exclude(kind=Promotion.Kind.ROLLED_BACK).first()
    if let is None:
        return why
    if why == "few_labels" and promotion_gate.overruled(let.gate, check="labels", reason=let.reason):
        why = model_readiness.why_rule(champion.metrics, n_labels=limits.minimum_labels, **limits.model_dump())
    if why == "not_better" and promotion_gate.overruled(let.gate, check="lift", reason=let.reason):
        return ""
    return why


def _champion() -> ModelVersion | None:
    try:
        return registry.champion()
    except registry.NoChampion:
        return None


def configuration() -> TrainingConfig:
    """Return the portal's configuration, the last good one where the file is wrong."""
    return training_config.serving()
