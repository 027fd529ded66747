"""What the portal says of one student to another system: probability, tier and reasons, as the pages say it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from modeling.core.feature import Feature
from modeling.models import ModelVersion
from predictions import runs, wording
from predictions.models import RiskScore

# The list, the student page and the API round alike, so that they say the same.
DECIMALS = 4


def for_values(*, version: ModelVersion, as_of: dt.date, values: dict[str, Any]) -> dict[str, Any]:
    """Answer for features that the caller brings."""
    from modeling import scoring  # brings LightGBM, at a web worker's first prediction and no sooner

    scored = scoring.score_values(version, values)
    insufficient = bool(scored.insufficient[0])
    run = runs.champions_last_run(version)
    risk = float(scored.probability[0])
    tier = (
        runs.tier_of(risk, review_first_from=run.review_first_from, check_in_from=run.check_in_from)
        if run and not insufficient
        else ""
    )
    return _answer(version, as_of=as_of, risk=risk, tier=tier, reasons=scored.reasons[0], insufficient=insufficient)


def for_score(score: RiskScore) -> dict[str, Any]:
    """Answer with what was published for a student."""
    return _answer(
        score.run.model_version,
        as_of=score.run.as_of,
        risk=score.risk,
        tier=score.tier,
        reasons=score.reasons,
        insufficient=score.insufficient_data,
    )


def _answer(  # noqa: PLR0913
    version: ModelVersion,
    *,
    as_of: dt.date,
    risk: float,
    tier: str,
    reasons: list[dict[str, Any]],
    insufficient: bool,
) -> dict[str, Any]:
    features = features_by_name(version)
    return {
        "dropout_risk": int(risk >= version.threshold),
        "probability": round(risk, DECIMALS),
        "tier": tier or None,
        "reasons": [_reason(reason, features[reason["code"]]) for reason in reasons],
        "model_version": str(version),
        "as_of": as_of.isoformat(),
        "insufficient_data": insufficient,
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
    return {fields["name"]: Feature.from_json(fields) for fields in version.specification["features"]}
