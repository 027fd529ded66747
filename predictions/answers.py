"""What the portal says of one student to another system: by the model or by the rule, as the pages say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modeling.core import catalogue
from modeling.core.feature import Feature
from modeling.models import ModelVersion
from predictions import rule_wording, runs, wording
from predictions.models import DecidedBy, RiskScore

# The list, the student page and the API round alike, so that they say the same.
DECIMALS = 4


@dataclass(frozen=True, kw_only=True)
class AnswerContext:
    """What the model and the rule alike say of a student: the tier, "" where there is none, and as of when.

    `unknown` holds ``not_recorded`` and ``unknown_categories`` of all that was looked at, or nothing.
    """

    tier: str
    insufficient: bool
    as_of: dt.date
    unknown: dict[str, Any]

    def not_recorded(self, asked: Iterable[str]) -> list[str]:
        """Return which of the features asked about have no value, in their order."""
        absent = set(self.unknown.get("not_recorded", ()))
        return [name for name in dict.fromkeys(asked) if name in absent]


def for_values(*, version: ModelVersion, as_of: dt.date, values: dict[str, Any]) -> dict[str, Any]:
    """Answer by a version for features that the caller brings."""
    from modeling import scoring  # brings LightGBM, at a web worker's first prediction and no sooner

    run = runs.champions_last_run(version)
    scored = scoring.score_values(version, values, listed=run.usual_values if run else {})
    insufficient = bool(scored.insufficient[0])
    risk = float(scored.probability[0])
    tier = (
        runs.tier_of(risk, review_first_from=run.review_first_from, check_in_from=run.check_in_from)
        if run and not insufficient
        else ""
    )
    said = AnswerContext(tier=tier, insufficient=insufficient, as_of=as_of, unknown=scored.unknown[0])
    return by_model(version, risk=risk, reasons=scored.reasons[0], said=said)


def for_score(score: RiskScore) -> dict[str, Any]:
    """Answer with what was published for a student."""
    run = score.run
    said = AnswerContext(tier=score.tier, insufficient=score.insufficient_data, as_of=run.as_of, unknown=score.unknown)
    if run.decided_by == DecidedBy.MODEL and run.model_version is not None and score.risk is not None:
        return by_model(run.model_version, risk=score.risk, reasons=run.reasons_of(score), said=said)
    return by_rule(run.rules, score.rules_met, why=run.why_rule, said=said)


def by_model(
    version: ModelVersion, *, risk: float, reasons: list[dict[str, Any]], said: AnswerContext
) -> dict[str, Any]:
    """Word the answer of a version."""
    features = features_by_name(version)
    return {
        "dropout_risk": int(risk >= version.threshold),
        "probability": round(risk, DECIMALS),
        "tier": said.tier or None,
        "reasons": [_reason(reason, features[reason["code"]]) for reason in reasons],
        "model_version": str(version),
        "as_of": said.as_of.isoformat(),
        "insufficient_data": said.insufficient,
        "decided_by": DecidedBy.MODEL.value,
        "why_rule": None,
        "not_recorded": said.not_recorded(features),
        "unknown_categories": said.unknown.get("unknown_categories", {}),
    }


def by_rule(rules: list[rule_wording.Step], met: list[int], *, why: str, said: AnswerContext) -> dict[str, Any]:
    """Word the answer of the rule: it estimates nothing, so there is no number of a risk."""
    return {
        "dropout_risk": None,
        "probability": None,
        "tier": said.tier or None,
        "reasons": rule_wording.reasons(rules, met),
        "model_version": None,
        "as_of": said.as_of.isoformat(),
        "insufficient_data": said.insufficient,
        "decided_by": DecidedBy.RULE.value,
        "why_rule": why,
        "not_recorded": said.not_recorded(step["feature"] for step in rules),
        "unknown_categories": {},
    }


def _reason(reason: dict[str, Any], feature: Feature) -> dict[str, Any]:
    return {
        "code": reason["code"],
        "text": wording.sentence(reason, feature),
        "value": reason["value"],
        "comparison": wording.comparison(reason, feature),
        "direction": reason["direction"],
        "changeable": reason["changeable"],
    }


def features_by_name(version: ModelVersion) -> dict[str, Feature]:
    """Return the features a version looks at, by name."""
    return {fields["name"]: catalogue.from_json(fields) for fields in version.specification["features"]}


def counting_neither_way(version: ModelVersion, unknown: dict[str, Any]) -> dict[str, Any]:
    """Return what a version averaged over: a gap that it learned tells something and has words of its own."""
    specification = version.specification
    if "unknowns" in specification:
        learned = set(specification["unknowns"]["learned_missing"])
    else:
        from modeling.core.unknowns import FEWEST_GAPS  # brings numpy, for a version from before alone

        reference = specification.get("reference", {})
        learned = {name for name, seen in reference.items() if seen["missing_share"] * seen["n"] >= FEWEST_GAPS}
    names = {fields["name"] for fields in specification["features"]} - learned
    return unknown | {"not_recorded": [name for name in unknown.get("not_recorded", ()) if name in names]}
