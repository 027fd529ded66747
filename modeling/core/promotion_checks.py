"""What the gate finds of a version before it may decide: numbers against limits, with chance taken into account."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modeling.core import worse_than_chance

# Nineteen of twenty perfectly calibrated models stay below their mean error plus this many standard deviations.
ONE_IN_TWENTY = 1.645
# A difference of two figures counts as one beyond 1.96 of its standard errors, by their 95 % intervals.
HALF_WIDTHS = 1.96
# Why a finding neither passes nor fails: it was looked at, and too few were tested to tell.
TOO_FEW = "too_few"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        ``labels``, ``chance``, ``lift``, ``calibration``, ``recall_gap``, ``churn`` or ``suspicious``.
    passed : bool, or None
        None where the version holds nothing to check it by, or too few were tested to tell.
    value, limit : float, or None
    why : str
        What the words have to say beside the number; "" where nothing.
    details : mapping
        What the words name.
    """

    check: str
    passed: bool | None
    value: float | None = None
    limit: float | None = None
    why: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def labels(n_labels: int, *, minimum: int) -> Finding:
    """Compare how many students with a known outcome the version learned from with how many are asked."""
    return Finding(check="labels", passed=n_labels >= minimum, value=float(n_labels), limit=float(minimum))


def chance(metrics: Mapping[str, Any]) -> Finding:
    """Ask whether the model ranks better than drawing lots: one that does not has nothing to decide by."""
    area = metrics.get("model", {}).get("roc_auc")
    limit = worse_than_chance.CHANCE
    if area is None:
        return Finding(check="chance", passed=None, limit=limit, why="not_measured")
    return Finding(check="chance", passed=area > limit, value=float(area), limit=limit)


def lift(metrics: Mapping[str, Any], evaluation: Mapping[str, Any], *, minimum: float) -> Finding:
    """Compare how often the model and the rule are right above the line.

    A lead over a rule that ranks worse than drawing lots counts for nothing; to be behind even such a rule still fails.

    Parameters
    ----------
    metrics : mapping
        Of a version: ``model`` and ``rule``, each with ``precision_at_capacity``.
    evaluation : mapping
        Of a version: ``broken``, or what it is worked out from.
    minimum : float
        What the model's precision over the rule's has to reach.
    """
    model, rule = precision(metrics, "model"), precision(metrics, "rule")
    if model is None or rule is None:
        return Finding(check="lift", passed=None, limit=minimum, why="no_rule" if model is not None else "not_measured")
    details = {"model": model, "rule": rule}
    value = model / rule if rule else None
    passed = model > 0 or minimum == 0 if value is None else value >= minimum
    if passed and "rule" in worse_than_chance.of_version(metrics, evaluation):
        return Finding(check="lift", passed=None, limit=minimum, why="rule_broken", details=details)
    return Finding(
        check="lift", passed=passed, value=value, limit=minimum, why="" if rule else "rule_at_0", details=details
    )


def calibration(metrics: Mapping[str, Any], evaluation: Mapping[str, Any], *, maximum: float) -> Finding:
    """Compare the calibration error with its limit, and with what chance alone makes of so few students.

    The error of a perfectly calibrated model is not 0: with 100 students it is about .06. A version is not refused for
    what chance alone would do to one in twenty of those.
    """
    value = metrics.get("model", {}).get("ece")
    if value is None:
        return Finding(check="calibration", passed=None, limit=maximum, why="not_measured")
    found = Finding(check="calibration", passed=value <= maximum, value=value, limit=maximum)
    bins = evaluation.get("curves", {}).get("model", {}).get("calibration", [])
    if found.passed or not bins:
        return found
    by_chance = error_by_chance(bins)
    if value <= by_chance:
        return Finding(
            check="calibration", passed=True, value=value, limit=maximum, why="chance", details={"chance": by_chance}
        )
    return found


def error_by_chance(bins: Sequence[Mapping[str, float]]) -> float:
    """Return the calibration error that one in twenty perfectly calibrated models exceeds.

    Parameters
    ----------
    bins : sequence of mapping
        Of each bin of the calibration curve its ``n`` and mean ``risk``.

    Returns
    -------
    float, at least 0
        The number of cases in a bin is near normal, so its gap is the size of a normal number: mean and variance of a
        half-normal distribution, added up over independent bins by their share of students.
    """
    n_all = sum(row["n"] for row in bins)
    mean = variance = 0.0
    for row in bins:
        share, spread = row["n"] / n_all, math.sqrt(row["risk"] * (1 - row["risk"]) / row["n"])
        mean += share * spread * math.sqrt(2 / math.pi)
        variance += (share * spread) ** 2 * (1 - 2 / math.pi)
    return mean + ONE_IN_TWENTY * math.sqrt(variance)


def recall_gap(evaluation: Mapping[str, Any], *, maximum: float) -> Finding:
    """Compare the widest gap between groups, in who is found above the line, with its limit.

    Only a gap that is told from chance counts. Where groups are too small to tell, it neither passes nor fails.
    """
    if "gaps" not in evaluation:
        return Finding(check="recall_gap", passed=None, limit=maximum, why="not_measured")
    gaps = [gap for gap in evaluation["gaps"] if gap["measure"] == "recall_at_capacity"]
    told = [gap for gap in gaps if gap["verdict"] == "gap" and gap["gap"] is not None]
    if not gaps:
        return Finding(check="recall_gap", passed=None, limit=maximum, why="no_groups")
    if not told:
        too_few = all(gap["verdict"] == "too_few" for gap in gaps)
        if too_few:
            return Finding(check="recall_gap", passed=None, limit=maximum, why=TOO_FEW)
        return Finding(check="recall_gap", passed=True, limit=maximum, why="none_told")
    widest = max(told, key=lambda gap: float(gap["gap"]))
    details = {"attribute": widest["attribute"], "between": list(widest.get("between", []))}
    value = float(widest["gap"])
    return Finding(check="recall_gap", passed=value <= maximum, value=value, limit=maximum, details=details)


def churn(
    share: float | None, *, maximum: float, version: Mapping[str, Any], champion: Mapping[str, Any] | None
) -> Finding:
    """Compare the share of names that would change with its limit; more may change for a list that is plainly better.

    Parameters
    ----------
    share : float in [0, 1], or None
        Of the names above the line; None where nobody worked it out.
    maximum : float
    version, champion : mapping
        ``metrics`` and ``evaluation`` of the one that wants to decide and of the one that does; None where none does.
    """
    if share is None:
        return Finding(check="churn", passed=None, limit=maximum, why="not_worked_out")
    if share <= maximum:
        return Finding(check="churn", passed=True, value=share, limit=maximum)
    is_better = champion is not None and better_beyond_noise(version, champion)
    return Finding(
        check="churn", passed=is_better, value=share, limit=maximum, why="better" if is_better else "not_better"
    )


def suspicious(evaluation: Mapping[str, Any]) -> Finding:
    """Look for a feature that is probably the outcome in disguise."""
    if "suspicious" not in evaluation:
        return Finding(check="suspicious", passed=None, why="not_measured")
    found = evaluation["suspicious"]
    return Finding(
        check="suspicious",
        passed=not found,
        value=float(len(found)),
        limit=0.0,
        details={"features": [row["feature"] for row in found]},
    )


def better_beyond_noise(version: Mapping[str, Any], champion: Mapping[str, Any]) -> bool:
    """Tell whether one version's precision above the line exceeds another's by more than chance."""
    ours, theirs = precision(version["metrics"], "model"), precision(champion["metrics"], "model")
    if ours is None or theirs is None:
        return False
    noise = math.hypot(_half_width(version, ours), _half_width(champion, theirs))
    return ours - theirs > noise


def precision(metrics: Mapping[str, Any], who: str) -> float | None:
    """Return how often somebody is right above the line, as far as it was measured."""
    value = metrics.get(who, {}).get("precision_at_capacity")
    return None if value is None else float(value)


def _half_width(version: Mapping[str, Any], value: float) -> float:
    """Return half the 95 % interval of the precision: the stored one, or that of so many draws."""
    stored = version["evaluation"].get("intervals", {}).get("model", {}).get("precision_at_capacity")
    if stored and None not in stored:
        return float(stored[1] - stored[0]) / 2
    n = max(1.0, float(version["metrics"]["model"].get("capacity", 1.0)))
    # Half a case of each kind: ten of ten is not certainty.
    smoothed = (value * n + 0.5) / (n + 1)
    return HALF_WIDTHS * math.sqrt(smoothed * (1 - smoothed) / n)
