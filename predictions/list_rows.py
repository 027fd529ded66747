"""The rows of a list in words: name, place, what put a student there, and who made the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from modeling.core.catalogue import source_of
from modeling.core.feature import Feature
from modeling.models import ModelVersion
from predictions import answers, reason_kinds, rule_wording, wording
from predictions.models import CurrentRisk, DecidedBy, RiskScore, ScoringRun, Verdict

# What a row offers to say in one click; what needs words stands on the student's page.
_IN_ONE_CLICK = (Verdict.Kind.AGREE, Verdict.Kind.KNOWN, Verdict.Kind.NOT_NOW)


def run_words(run: ScoringRun) -> dict[str, Any]:
    """Return what the line under a title says of a list."""
    return {
        "as_of": run.as_of,
        "published_at": run.published_at,
        "maker_label": maker_label(run),
        "model_number": model_number(run),
        "why_the_rule": rule_wording.why_the_rule(run),
        "until_when": rule_wording.until_when(run),
        "horizon_days": run.model_version.specification["horizon_days"] if run.model_version else None,
    }


def maker_label(run: ScoringRun) -> str:
    """Return who made a list, as it stands in the line under a title."""
    if run.decided_by == DecidedBy.RULE or run.model_version is None:
        return _("the school's rule")
    return model_label(run.model_version)


def model_number(run: ScoringRun) -> int | None:
    """Return which version made a list, None where it is the rule's."""
    return run.model_version.number if run.decided_by == DecidedBy.MODEL and run.model_version else None


def model_label(version: ModelVersion) -> str:
    """Return a version's name on screen."""
    return _("model %(number)s") % {"number": version.number}


def rows_of(
    found: Sequence[CurrentRisk], run: ScoringRun, *, shows_estimates: bool = False, is_left_out: bool = False
) -> list[dict[str, Any]]:
    """Return what a page says of rows of the list, in their order.

    :param is_left_out: whether they are those whom staff left out
    """
    # By their keys, and not joined: see list_pages.
    prefetch_related_objects(found, "student", "school", "score")
    features = _features(run)
    return [
        _row(risk, run, features, shows_estimates=shows_estimates) | ({} if is_left_out else _back(risk, run, features))
        for risk in found
    ]


def _back(risk: CurrentRisk, run: ScoringRun, features: dict[str, Feature]) -> dict[str, Any]:
    """Say why a student is back of whom staff said that nobody need talk about them; nothing of all others."""
    if risk.back_for:
        said = {"verdict": str(Verdict.Kind(risk.verdict).label).lower(), "new": _new_reason(risk, run, features)}
        words = _("Back: %(new)s It was not among the reasons when your team said “%(verdict)s”.") % said
    elif risk.verdict == Verdict.Kind.NOT_NOW and risk.left_out_until:
        words = _("Back: “not now” was said until %(day)s.") % {"day": date_format(risk.left_out_until, "j F")}
    else:
        return {}
    # What was said then is answered by what is new: it can be said again.
    return {"back": words, "verdict_label": ""}


def _new_reason(risk: CurrentRisk, run: ScoringRun, features: dict[str, Feature]) -> str:
    if run.decided_by == DecidedBy.RULE:
        met = [run.rules[place] for place in risk.score.rules_met if place < len(run.rules)]
        return next((rule_wording.sentence(step) for step in met if source_of(step["feature"]) == risk.back_for), "")
    reasons = [reason for reason in run.reasons_of(risk.score) if reason["direction"] == "raises"]
    new = next((reason for reason in reasons if source_of(reason["code"]) == risk.back_for), None)
    return wording.sentence(new, features[new["code"]]) if new else ""


def why(score: RiskScore, run: ScoringRun) -> list[str]:
    """Word what put a student on a list."""
    return _why(score, run, _features(run))


def _features(run: ScoringRun) -> dict[str, Feature]:
    return answers.features_by_name(run.model_version) if run.model_version else {}


def _row(risk: CurrentRisk, run: ScoringRun, features: dict[str, Feature], *, shows_estimates: bool) -> dict[str, Any]:
    student, insufficient = risk.student, risk.rank is None
    by_model = run.decided_by == DecidedBy.MODEL
    return {
        "public_id": student.public_id,
        "url": reverse("student_page", args=[student.public_id]) + ("?estimates=1" if shows_estimates else ""),
        "name": student.name,
        "external_id": student.external_id,
        "grade_level": risk.grade_level,
        "school_name": risk.school.name,
        "tier": risk.tier or None,
        "tier_label": wording.tier_label(risk.tier) if risk.tier else "",
        "tier_mark": wording.tier_mark(risk.tier) if risk.tier else "",
        "probability": risk.risk if shows_estimates and not insufficient else None,
        "probability_value": "" if risk.risk is None else f"{risk.risk:.{answers.DECIMALS}f}",
        "why": [] if insufficient else _why(risk.score, run, features),
        "no_reason": _("No single clear reason.") if by_model else _("No sign of the school's rule."),
        "is_new": risk.is_new,
        "verdict_url": reverse("give_verdict", args=[student.public_id]),
        "verdicts": [{"value": kind.value, "label": kind.label} for kind in _IN_ONE_CLICK],
        "verdict_label": Verdict.Kind(risk.verdict).label if risk.verdict else "",
        "insufficient": insufficient,
    }


def _why(score: RiskScore, run: ScoringRun, features: dict[str, Feature]) -> list[str]:
    """Word what put a student there: the signs of the rule, or the model's strongest reasons."""
    if run.decided_by == DecidedBy.RULE or run.model_version is None:
        return rule_wording.sentences(run.rules, score.rules_met)
    raising = [reason for reason in run.reasons_of(score) if reason["direction"] == "raises"]
    unknown = answers.counting_neither_way(run.model_version, score.unknown)
    return _reasons(raising, features) + wording.not_known(unknown, features)


def _reasons(raising: list[dict[str, Any]], features: dict[str, Feature]) -> list[str]:
    """Word the strongest reasons, what can be changed first."""
    ordered = sorted(raising, key=lambda reason: not reason["changeable"])[: reason_kinds.SHOWN]
    worded = [(reason, features[reason["code"]]) for reason in ordered]
    return [
        f"{wording.sentence(reason, feature)} {wording.comparison(reason, feature)}".strip()
        for reason, feature in worded
    ]
