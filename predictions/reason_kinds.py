"""What the reasons of a score are about, so that one of another kind is told from more of the same."""

from __future__ import annotations

from modeling.core.catalogue import source_of
from predictions.models import DecidedBy, RiskScore, ScoringRun

# As many as a row of the list tells.
SHOWN = 2


def raising(score: RiskScore, run: ScoringRun) -> list[str]:
    """Return what puts a student on a list, in the order it is told: what can be changed first.

    Of the model's reasons as of the rule's signs it is the source of the feature, "absence" or "incidents".
    """
    return [source_of(feature) for feature in features_raising(score, run)]


def features_raising(score: RiskScore, run: ScoringRun) -> list[str]:
    """Return the features behind the reasons that put a student on a list, in the order these are told."""
    if run.decided_by == DecidedBy.RULE:
        return [run.rules[place]["feature"] for place in score.rules_met if place < len(run.rules)]
    reasons = [reason for reason in run.reasons_of(score) if reason["direction"] == "raises"]
    return [reason["code"] for reason in sorted(reasons, key=lambda reason: not reason["changeable"])]
