"""The models of an institution: what decides the list and why, what would change it, and how it came to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import memberships
from accounts.models import Membership, Role
from accounts.permissions import can, needs
from modeling import registry
from modeling.models import ModelVersion, Promotion, TrainingRun
from modeling.promotion import decider, promotion, promotion_gate
from modeling.promotion.decider import ListSource
from modeling.training import training_config
from monitoring import metric_rows, version_facts
from monitoring.views import switch
from predictions import promotion_preview, rule_wording
from predictions.list_rows import maker_label, model_label
from predictions.models import ScoringRun

SHOWN = 20


@require_GET
@needs("see_models")
def models(request: HttpRequest) -> HttpResponse:
    """Show what decides the list, what would change it, and the history."""
    membership = request.membership  # type: ignore[attr-defined]
    versions = list(
        ModelVersion.objects.defer("booster_text", "specification_json", "config_yaml").select_related("dataset")[
            :SHOWN
        ]
    )
    decided = decider.decision()
    may_train = can(membership, "train_models")
    context = {
        "configuration_faults": training_config.in_use().faults,
        "decided": _decided(decided),
        "champion": _champion(decided.champion) if decided.champion and decided.reason != "file_changed" else None,
        "challenger": _challenger(versions, membership),
        "before": _before(decided.champion, membership),
        "switch": switch.standing(membership),
        "links": _links(membership, decided.champion),
        "can_train": may_train,
        "people_url": _people_url(membership),
        "train_form": forms.Form(),
        "tuning_url": _address("start_tuning") if may_train else None,
        "can_score": may_train,
        "versions": [_version(version, decided) for version in versions],
        "promotions": [_promotion(row) for row in promotion.history()],
        "runs": [_run(run) for run in TrainingRun.objects.select_related("job", "created_by")[:SHOWN]],
        "scoring_runs": [_list(run) for run in ScoringRun.objects.select_related("job", "model_version")[:SHOWN]],
    }
    return render(request, "models.html", context)


@require_POST
@needs("promote_models")
def roll_back_model(request: HttpRequest) -> HttpResponse:
    """Let the version decide again that did before."""
    instead_of = request.POST.get("instead_of", "")
    try:
        back = promotion_preview.roll_back_and_list(
            institution=request.membership.institution,  # type: ignore[attr-defined]
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
            instead_of=int(instead_of) if instead_of.isascii() and instead_of.isdigit() else None,
        )
    except (promotion.Refused, registry.ModelFileChanged) as refusal:
        messages.error(request, str(refusal))
        return redirect("models")
    label = capfirst(model_label(back.version))
    messages.success(request, _("%(model)s decides again. A new list is being made.") % {"model": label})
    return redirect("models")


def _decided(decided: ListSource) -> dict[str, Any]:
    # The words are those of a list; this one would be made now.
    would = ScoringRun(decided_by=decided.kind, why_rule=decided.reason, published_at=timezone.now())
    return {"by": decided.kind, "why": rule_wording.why_the_rule(would), "is_off": decided.reason == "switched_off"}


def _champion(version: ModelVersion) -> dict[str, Any]:
    dates = version.dataset.snapshot_dates
    return {
        "label": capfirst(model_label(version)),
        "url": reverse("model_version", args=[version.number]),
        "trained_at": version.trained_at,
        "n_training": version.specification["n_training"],
        "first": min(dates),
        "last": max(dates),
        "horizon_days": version.specification["horizon_days"],
        "helps": metric_rows.whom_it_helps(version.metrics, version.evaluation),
        "table": metric_rows.table(version.metrics, version.evaluation, measures=metric_rows.FEW),
    }


def _challenger(versions: list[ModelVersion], membership: Membership) -> dict[str, Any] | None:
    version = next((version for version in versions if version.is_challenger), None)
    if version is None:
        return None
    may_promote = can(membership, "promote_models")
    checks = promotion_gate.gate(version, champion=None, churn_share=None)
    return {
        "label": capfirst(model_label(version)),
        "against": promotion_gate.unresolved(checks),
        "url": reverse("model_version", args=[version.number]),
        "trained_at": version.trained_at,
        "helps": metric_rows.whom_it_helps(version.metrics, version.evaluation),
        "promotion_url": reverse("promotion_page", args=[version.number]) if may_promote else None,
    }


def _before(champion: ModelVersion | None, membership: Membership) -> dict[str, Any] | None:
    """Return which version a click would lead back to."""
    if champion is None or not can(membership, "promote_models"):
        return None
    version = promotion.before(champion)
    if version is None:
        return None
    return {"label": model_label(version), "instead_of": champion.number, "champion": capfirst(model_label(champion))}


def _people_url(membership: Membership) -> str | None:
    """Return where an administrator makes somebody model owner, while nobody is."""
    is_asked = can(membership, "manage_people") and not memberships.is_held(Role.MODEL_OWNER, now=timezone.now())
    return reverse("people") if is_asked else None


def _links(membership: Membership, champion: ModelVersion | None) -> list[dict[str, Any]]:
    """Return where to read on; what is not there yet is left out."""
    wanted = [
        ("rule", _("The school's own rule"), can(membership, "edit_rules")),
        ("eda_report", _("The data it learns from"), True),
        ("model_card", _("Its card, for everybody"), champion is not None),
        ("drift", _("Do records still look the same?"), champion is not None),
    ]
    args = {"model_card": [membership.institution.slug]}
    found = [(label, _address(name, args.get(name, []))) for name, label, is_shown in wanted if is_shown]
    return [{"label": label, "url": url} for label, url in found if url]


def _address(name: str, args: Sequence[str] = ()) -> str | None:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def _version(version: ModelVersion, decided: ListSource) -> dict[str, Any]:
    figures = version.metrics.get("model", {})
    return {
        "label": capfirst(model_label(version)),
        "url": reverse("model_version", args=[version.number]),
        "trained_at": version.trained_at,
        "roc_auc": figures.get("roc_auc"),
        "precision": figures.get("precision_at_capacity"),
        "standing": version_facts.standing(version, decides=decided.kind == "model"),
        "is_champion": version.is_champion,
    }


def _promotion(row: Promotion) -> dict[str, Any]:
    words = {
        Promotion.Kind.FIRST: _("%(model)s, the first, decided."),
        Promotion.Kind.PROMOTED: _("%(model)s was let decide."),
        Promotion.Kind.ROLLED_BACK: _("Back to %(model)s."),
    }
    label = model_label(row.version)
    sentence = words[Promotion.Kind(row.kind)] % {"model": label}
    return {
        "sentence": capfirst(sentence),
        "at": row.at,
        "by": row.by or _("Command"),
        "reason": row.reason,
        "n_against": sum(check["passed"] is False for check in row.gate),
    }


def _run(run: TrainingRun) -> dict[str, Any]:
    return {
        "url": reverse("training_page", args=[run.public_id]),
        "state": run.job.state,
        "state_label": run.job.get_state_display(),
        "started_at": run.created_at,
        "by": run.created_by or _("Command"),
        "note": run.job.error or run.job.progress_note,
    }


def _list(run: ScoringRun) -> dict[str, Any]:
    job = run.job
    return {
        "as_of": run.as_of,
        "published_at": run.published_at,
        "n_students": run.n_scored if run.published_at else None,
        "maker_label": maker_label(run),
        "maker_url": reverse("model_version", args=[run.model_version.number])
        if run.model_version and run.decided_by == "model"
        else None,
        "state": job.state if job else "done",
        "state_label": (job.error or job.get_state_display()) if job else _("Switched"),
    }
