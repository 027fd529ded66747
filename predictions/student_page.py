"""One student's page: what changed, why, what is on record, who looked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit_log
from modeling.core.feature import Feature
from modeling.models import ModelVersion
from predictions import answers, attendance_chart, risk_chart, rule_wording, runs, wording
from predictions.list_rows import maker_label, model_number
from predictions.models import CurrentRisk, DecidedBy, RiskScore
from students.changes.undo_sql import TAKEN_BACK
from students.help import help_kinds, interventions
from students.importing.cohort_schema import CohortSchema
from students.models import Enrolment, Intervention, Outcome, Student
from students.outcomes import came_back

GRADES_SHOWN = 40


def page(*, student: Student, sees_predictions: bool, shows_estimates: bool, today: dt.date) -> dict[str, Any]:
    """Return everything the page shows to one person."""
    current = _current(student) if sees_predictions else None
    so_far = risk_chart.scores_so_far(student, of=current.run) if current else []
    enrolments = list(student.enrolment_set.select_related("school").order_by("-entered_on"))
    help_given = list(student.intervention_set.select_related("plan").prefetch_related("ends").order_by("-started_on"))
    outcomes = _outcomes(student)
    back_on = came_back.last_return(outcomes=outcomes, enrolments=enrolments, today=today)
    by_model = current is not None and current.run.decided_by == DecidedBy.MODEL
    shows_estimates = shows_estimates and by_model
    return {
        "student": {
            "name": student.name,
            "external_id": student.external_id,
            "public_id": student.public_id,
            "school_name": student.school.name,
            "grade_level": student.grade_level,
        },
        "sees_predictions": sees_predictions,
        "score": _score(current, student, shows_estimates),
        "since_when": _since_when(current, back_on),
        **(_reasons(current, current.run.model_version) if current and current.run.model_version else {}),
        "rule": _rule(current) if current else None,
        "summary": _summary(current, so_far) if current else "",
        "attendance_chart": attendance_chart.figure(
            student, enrolments=enrolments, help_given=help_given, today=today, back_on=back_on
        ),
        "risk_chart": risk_chart.figure(so_far, in_numbers=shows_estimates),
        **_records(student, enrolments, help_given, outcomes),
        "attributes": _attributes(student),
        "viewers": [
            {"who": str(entry.user or entry.api_client), "when": entry.at}
            for entry in audit_log.looks_at(student.public_id)
        ],
    }


def _current(student: Student) -> CurrentRisk | None:
    rows = CurrentRisk.objects.filter(student=student).select_related("score", "run__model_version")
    current = rows.defer(
        "score__contributions", "run__model_version__booster_text", "run__model_version__evaluation"
    ).first()
    return current if current and runs.may_be_shown(current.run) else None


def _score(current: CurrentRisk | None, student: Student, shows_estimates: bool) -> dict[str, Any] | None:
    if current is None:
        return None
    run, insufficient = current.run, current.rank is None
    address = reverse("student_page", args=[student.public_id])
    offers_estimate = run.decided_by == DecidedBy.MODEL and not insufficient
    risk = current.risk if shows_estimates and offers_estimate else None
    return {
        "tier": current.tier or None,
        "tier_label": wording.tier_label(current.tier) if current.tier else "",
        "tier_mark": wording.tier_mark(current.tier) if current.tier else "",
        "rank": current.rank,
        "n_ranked": run.n_scored - run.n_insufficient,
        "probability": risk,
        "probability_value": "" if risk is None else f"{risk:.{answers.DECIMALS}f}",
        "frequency": "" if risk is None else wording.frequency(risk),
        "as_of": run.as_of,
        "maker_label": maker_label(run),
        "model_number": model_number(run),
        "why_the_rule": rule_wording.why_the_rule(run),
        "until_when": rule_wording.until_when(run),
        "published_at": run.published_at,
        "insufficient": insufficient,
        "insufficient_sentence": _("We don't know this student well enough yet. Too little is on record."),
        "shows_estimates": shows_estimates,
        "estimates_url": address + ("" if shows_estimates else "?estimates=1") if offers_estimate else None,
    }


def _rule(current: CurrentRisk) -> dict[str, Any] | None:
    """Return what the school's rule says of a student, beside the model or in its place."""
    run, score = current.run, current.score
    if not run.rules or score.rule_rank is None:
        return None
    return {
        "decides": run.decided_by == DecidedBy.RULE,
        "signs": rule_wording.signs(run.rules, score.rules_met),
        "sentences": rule_wording.sentences(run.rules, score.rules_met),
        "not_known": rule_wording.not_known(run.rules, score.unknown),
        "shared": rule_wording.shared_words(run, score),
    }


def _reasons(current: CurrentRisk, version: ModelVersion) -> dict[str, Any]:
    boxes: dict[str, list[dict[str, Any]]] = {"changeable": [], "context_reasons": [], "strengths": []}
    if current.rank is None or current.run.decided_by == DecidedBy.RULE:
        return boxes
    features: dict[str, Feature] = answers.features_by_name(version)
    reasons = current.run.reasons_of(current.score)
    for reason in reasons:
        feature = features[reason["code"]]
        worded = {
            "sentence": wording.sentence(reason, feature),
            "comparison": wording.comparison(reason, feature),
            "direction": reason["direction"],
        }
        boxes[_box(reason, feature)].append(worded)
    unknown = answers.counting_neither_way(version, current.score.unknown)
    return boxes | {
        "no_clear_reason": wording.no_clear_reason(reasons),
        "not_known": wording.not_known(unknown, features),
    }


def _box(reason: dict[str, Any], feature: Feature) -> str:
    """Return where a reason stands. Going well is only what beyond doubt helps: a grade level that lowers does not."""
    if reason["direction"] == "lowers":
        return "strengths" if feature.risk_direction and reason["changeable"] else "context_reasons"
    return "changeable" if reason["changeable"] else "context_reasons"


def _summary(current: CurrentRisk, so_far: list[RiskScore]) -> str:
    """Say what changed since the list before this one; one that somebody else made says nothing of a change."""
    if current.rank is None:
        return ""
    last = next((score for score in reversed(so_far) if score.run.as_of < current.run.as_of), None)
    if last is None or last.rank is None or last.tier == current.tier:
        return ""
    words = {"tier": wording.tier_label(current.tier), "before": wording.tier_label(last.tier), "day": last.run.as_of}
    return _("Now “%(tier)s”; was “%(before)s” on the list of %(day)s.") % words


def _grades(student: Student) -> list[dict[str, Any]]:
    return [
        {
            "term_label": _("Term %(term)s") % {"term": grade.term},
            "course": grade.course,
            "value": grade.value,
            "scale_max": grade.scale_max,
            "credits_earned": grade.credits_earned,
            "credits_attempted": grade.credits_attempted,
            "awarded_on": grade.awarded_on,
        }
        for grade in student.graderecord_set.order_by("-awarded_on", "course")[:GRADES_SHOWN]
    ]


def _outcomes(student: Student) -> list[Outcome]:
    standing = student.outcome_set.filter(corrected_by=None).exclude(exit_code=TAKEN_BACK)
    return list(standing.select_related("recorded_by").order_by("-happened_on", "-pk"))


def _since_when(current: CurrentRisk | None, back_on: dt.date | None) -> str:
    """Say of whom is back that the list looks at the time since: what is on record below reaches further."""
    if current is None or back_on is None or back_on > current.run.as_of:
        return ""
    day = date_format(back_on, "j F Y")
    return _("Back at school since %(day)s. The list looks at attendance, grades and incidents since then.") % {
        "day": day
    }


def _records(
    student: Student, enrolments: list[Enrolment], help_given: list[Intervention], outcomes: list[Outcome]
) -> dict[str, Any]:
    kinds = help_kinds.by_code()
    return {
        "enrolments": [
            {
                "school_name": enrolment.school.name,
                "grade_level": enrolment.grade_level,
                "entered_on": enrolment.entered_on,
                "exited_on": enrolment.exited_on,
                "exit_reason": enrolment.exit_reason,
            }
            for enrolment in enrolments
        ],
        "grades": _grades(student),
        "incidents": student.disciplineincident_set.order_by("-happened_on").values(
            "happened_on", "code", "action", "days_removed"
        ),
        "interventions": [
            {
                "url": (plan := getattr(intervention, "plan", None)) and reverse("help_page", args=[plan.public_id]),
                "kind_label": help_kinds.label(intervention.kind, kinds=kinds),
                "owner": intervention.owner,
                "started_on": intervention.started_on,
                "ended_on": interventions.last_day(intervention),
                "result": interventions.last_result(intervention) or intervention.goal,
            }
            for intervention in help_given
        ],
        "outcomes": [
            {
                "kind_label": outcome.get_kind_display(),
                "exit_code": outcome.exit_code,
                "happened_on": outcome.happened_on,
                "source": outcome.source,
                "recorded_by": outcome.recorded_by,
            }
            for outcome in outcomes
        ],
    }


def _attributes(student: Student) -> list[dict[str, str]]:
    """Return the schema's attributes in its order, in its words; protected ones are not read here."""
    if student.cohort is None:
        return []
    described = {row["name"]: row for row in CohortSchema.from_json(student.cohort.schema).feature_descriptions()}
    values = dict(student.studentattribute_set.order_by("known_on").values_list("name", "value"))
    return [
        {"label": row["label"] or name, "value": row["levels"].get(values[name], values[name])}
        for name, row in described.items()
        if name in values
    ]
