"""What makes the list of the institution in scope: its model, or its own rule, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modeling import registry
from modeling.models import ModelVersion

Why = Literal["", "no_model", "few_labels", "not_better", "switched_off"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who decides. The champion scores beside the rule even where the rule decides, unless it is switched off."""

    by: Literal["model", "rule"]
    why: Why
    champion: ModelVersion | None

    @property
    def shows_estimates(self) -> bool:
        """Tell whether anything that the model says may be shown."""
        return self.by == "model"


def decision() -> Decision:
    """Return what makes the next list."""
    return Decision(by="model", why="", champion=registry.champion())
