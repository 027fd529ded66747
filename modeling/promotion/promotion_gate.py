"""The gate before a version may decide, in words: each check with its number, its limit and a sentence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core import promotion_checks as findings
from modeling.core.promotion_checks import Finding
from modeling.models import ModelVersion
from modeling.training import training_config


def gate(version: ModelVersion, *, champion: ModelVersion | None, churn_share: float | None) -> list[dict[str, Any]]:
    """Return what speaks for and against a version: `check`, `value`, `limit`, `passed`, `sentence`.

    `passed` is None where there was nothing to check by, or (`too_few`) too few were tested to tell: that does not stop
    a person, and is said. `churn_share` is the share of names above the line that would change, None where nobody
    worked it out.
    """
    config = training_config.serving()
    limits = config.promotion
    metrics, evaluation = version.metrics, version.evaluation
    found = [
        findings.labels(version.dataset.n_students, minimum=config.handover.minimum_labels),
        findings.chance(metrics),
        findings.lift(metrics, evaluation, minimum=limits.minimum_lift),
        findings.calibration(metrics, evaluation, maximum=limits.maximum_calibration_error),
        findings.recall_gap(evaluation, maximum=limits.maximum_recall_gap),
        findings.churn(
            churn_share,
            maximum=limits.maximum_churn_share,
            version=_judged(version),
            champion=_judged(champion) if champion else None,
        ),
        findings.suspicious(evaluation),
    ]
    return [_row(finding, version) for finding in found]


def failed(checks: list[dict[str, Any]]) -> list[str]:
    """Return the sentences of the checks that speak against."""
    return [check["sentence"] for check in checks if check["passed"] is False]


def overruled(checks: list[dict[str, Any]], *, check: str, reason: str) -> bool:
    """Tell whether a person let a version decide with a reason although this check spoke against it."""
    return bool(reason) and any(row["check"] == check and row["passed"] is False for row in checks)


def unresolved(checks: list[dict[str, Any]]) -> list[str]:
    """Return the sentences of the checks that keep a version from deciding by itself: failed, or too few to tell."""
    return [check["sentence"] for check in checks if check["passed"] is False or check.get("too_few")]


def _judged(version: ModelVersion) -> dict[str, Any]:
    return {"metrics": version.metrics, "evaluation": version.evaluation}


def _row(finding: Finding, version: ModelVersion) -> dict[str, Any]:
    words = {
        "labels": _labels,
        "chance": _chance,
        "lift": _lift,
        "calibration": _calibration,
        "recall_gap": _recall_gap,
        "churn": _churn,
        "suspicious": lambda found: _suspicious(found, version),
    }
    return {
        "check": finding.check,
        "value": finding.value,
        "limit": finding.limit,
        "passed": finding.passed,
        "too_few": finding.why == findings.TOO_FEW,
        "sentence": words[finding.check](finding),
    }


def _labels(found: Finding) -> str:
    figures = {"n": f"{found.value:,.0f}", "minimum": f"{found.limit:,.0f}"}
    return _("It learned from %(n)s students with a known outcome. At least %(minimum)s are asked.") % figures


def _chance(found: Finding) -> str:
    if found.value is None:
        return _("Whether it ranks better than drawing lots was not measured when it was trained.")
    pairs = {"n": round(100 * found.value)}
    if found.passed:
        return (
            _("Of two students, one of whom left, it ranks that one first in %(n)s of 100 pairs; lots, in 50.") % pairs
        )
    return (
        _(
            "It ranks no better than drawing lots: of two students, one of whom left, it ranks that one first in "
            "%(n)s of 100 pairs; lots, in 50."
        )
        % pairs
    )


def _lift(found: Finding) -> str:
    if found.why == "rule_broken":
        return _("The school's rule ranks worse than drawing lots. To be right more often than it counts for nothing.")
    if found.passed is None:
        if found.why == "no_rule":
            return _("The school's rule says nothing about these records, so there is nothing to compare with.")
        return _("How often it is right above the line was not measured when it was trained.")
    figures = {"model": _percent(found.details["model"]), "rule": _percent(found.details["rule"])}
    if found.value is None:
        return _("Above the line it is right for %(model)s, the school's rule for nobody.") % figures
    figures |= {"lift": f"{found.value:.2f}", "limit": f"{found.limit:.2f}"}
    return (
        _(
            "Above the line it is right for %(model)s, the school's rule for %(rule)s: %(lift)s times as often. "
            "At least %(limit)s is asked."
        )
        % figures
    )


def _calibration(found: Finding) -> str:
    if found.passed is None:
        return _("How far its estimates are off was not measured when it was trained.")
    figures = {"value": _points(found.value), "limit": _points(found.limit)}
    if found.why == "chance":
        figures["chance"] = _points(found.details["chance"])
        return (
            _(
                "Its estimates are off by %(value)s in 100, more than %(limit)s. With so few students tested, chance "
                "alone makes it up to %(chance)s."
            )
            % figures
        )
    return _("Its estimates are off by %(value)s in 100 on average. At most %(limit)s is allowed.") % figures


def _recall_gap(found: Finding) -> str:
    if found.passed is None and found.why == "no_groups":
        return _("No protected attributes are on record, so groups could not be compared.")
    if found.why == findings.TOO_FEW:
        return _("The groups are too small to tell whether it misses one more than another.")
    if found.passed is None:
        return _("Groups were not compared when it was trained.")
    if found.value is None:
        return _("No gap between groups could be told from chance.")
    words = {
        "attribute": str(found.details["attribute"]).replace("_", " "),
        "value": _points(found.value),
        "limit": _points(found.limit),
        "groups": _(" and ").join(str(group) for group in found.details["between"]),
    }
    if not words["groups"]:
        return (
            _("By %(attribute)s, it finds %(value)s in 100 fewer of one group. At most %(limit)s is allowed.") % words
        )
    return (
        _(
            "By %(attribute)s, between %(groups)s: of those who left it finds %(value)s in 100 fewer of one group. "
            "At most %(limit)s is allowed."
        )
        % words
    )


def _churn(found: Finding) -> str:
    if found.passed is None:
        return _("Nobody has worked out yet who would come onto the list and who would leave it.")
    words = {"value": _percent(found.value), "limit": _percent(found.limit)}
    if found.why == "better":
        return (
            _(
                "%(value)s of the names above the line would change, more than %(limit)s. It is right more often than "
                "the model that decides, by more than chance, so that is allowed."
            )
            % words
        )
    return _("%(value)s of the names above the line would change. At most %(limit)s may change at once.") % words


def _suspicious(found: Finding, version: ModelVersion) -> str:
    if found.passed is None:
        return _("Whether a record gives the outcome away was not checked when it was trained.")
    if found.passed:
        return _("No single record tells by itself who left.")
    labels = {fields["name"]: _(fields["label"]) for fields in version.specification["features"]}
    names = ", ".join(labels.get(name, name) for name in found.details["features"])
    return _("This tells by itself who left, and may be the outcome in disguise: %(names)s.") % {"names": names}


def _percent(share: float | None) -> str:
    return f"{round(100 * (share or 0))}%"


def _points(share: float | None) -> str:
    """Write a share as a number in a hundred, with a decimal below ten."""
    points = 100 * (share or 0)
    return f"{points:.1f}".removesuffix(".0") if points < 10 else f"{points:.0f}"
