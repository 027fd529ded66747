"""Who ranks worse than drawing lots: no fair comparison, and nobody to be let decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

How = Literal["surely", "perhaps"]

# The ROC-AUC of drawing lots.
CHANCE = 0.5
CONTENDERS = ("model", "logistic", "rule", "ebm")


def broken(figures: Mapping[str, Any], intervals: Mapping[str, Any]) -> dict[str, How]:
    """Return who ranks worse than drawing lots, and whether that is told from chance.

    The figure alone decides, not its interval: to be better than what did not reach drawing lots on the very rows
    tested is no merit, whether chance or a fault made it so. Whether it *is* at fault, such as a rule that points the
    wrong way, is said only where the whole 95 % interval lies below.

    Parameters
    ----------
    figures : mapping
        Of each contender to its `evaluation.metrics`; other keys are passed over.
    intervals : mapping
        Of each contender to the 95 % intervals of its measures; may be empty.

    Returns
    -------
    dict of contender to "surely" or "perhaps"
    """
    found: dict[str, How] = {}
    for who in CONTENDERS:
        area = figures.get(who, {}).get("roc_auc")
        if area is not None and area < CHANCE:
            interval = intervals.get(who, {}).get("roc_auc")
            found[who] = "surely" if interval and interval[1] < CHANCE else "perhaps"
    return found


def of_version(metrics: Mapping[str, Any], evaluation: Mapping[str, Any] | None = None) -> Mapping[str, How]:
    """Return what `broken` found when a version was judged; of a version judged before it was looked at, what it finds.

    Parameters
    ----------
    metrics, evaluation : mapping
        As a version stores them.
    """
    kept: Mapping[str, How] | None = (evaluation or {}).get("broken")
    return broken(metrics, (evaluation or {}).get("intervals", {})) if kept is None else kept
