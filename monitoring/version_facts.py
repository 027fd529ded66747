"""What a version was made of and by whom, as lines for its page: a score's way back to its data ends here."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from modeling.html_reports import eda_words
from modeling.models import ModelVersion
from predictions.list_rows import model_label

# Counts of single students are not told.
SMALLEST_COUNT = 10


def standing(version: ModelVersion, *, decides: bool) -> str:
    """Return what a version is doing, in a word or two; `decides` tells whether the model makes the list at all."""
    if version.is_champion:
        return _("Decides") if decides else _("Chosen")
    if version.is_challenger:
        return _("Waits")
    return _("Decided before") if version.promoted_at else _("Put aside")


def headline(version: ModelVersion, *, decides: bool) -> str:
    """Return the title of a version's page."""
    words = {"model": capfirst(model_label(version))}
    if version.is_champion and decides:
        return _("%(model)s decides.") % words
    if version.is_champion:
        return _("%(model)s is chosen, but the school's rule makes the list.") % words
    if version.is_challenger:
        return _("%(model)s waits to be let decide.") % words
    return (_("%(model)s decided before.") if version.promoted_at else _("%(model)s never decided.")) % words


def made_of(version: ModelVersion) -> dict[str, Any]:
    """Return what components/model_facts.html prints."""
    specification = version.specification
    return {
        "data": _data(version),
        "n_training": specification["n_training"],
        "horizon_days": specification["horizon_days"],
        "calibration": _calibration(specification["calibration"]["kind"]),
        "threshold": version.threshold,
        "n_trees": specification.get("n_trees"),
        "term": specification.get("term", {}).get("absent", ""),
        "has_term": "booster_text" in specification.get("term", {}),
        "feature_labels": [_(fields["label"]) or fields["name"] for fields in specification["features"]],
        "seed": version.seed,
        "code_version": version.code_version,
        "libraries": sorted(version.library_versions.items()),
        "sha256": version.sha256,
        "config_yaml": version.config_yaml,
        "mlflow_run_id": version.mlflow_run_id,
        "trained_at": version.trained_at,
        "trained_by": version.trained_by or _("a command"),
        "promoted_at": version.promoted_at,
        "promoted_by": version.promoted_by or _("the first training"),
    }


def _data(version: ModelVersion) -> dict[str, Any]:
    dataset = version.dataset
    content = {"about": {"censored": dataset.censored}, "minimum": SMALLEST_COUNT}
    return {
        "sha256": dataset.content_sha256,
        "frozen_at": dataset.created_at,
        "dates": dataset.snapshot_dates,
        "first": min(dataset.snapshot_dates),
        "last": max(dataset.snapshot_dates),
        "n_rows": dataset.n_rows,
        "n_students": dataset.n_students,
        "n_positive": dataset.n_positive,
        "left_out": eda_words.left_out(content),
        "said": _said(dataset.said),
    }


def _said(n: dict[str, int]) -> str:
    """Return how many labels came from whom; "" of a dataset that does not tell. Few are not counted out."""
    if not n:
        return ""
    files, staff = _few_or(n["file"]), _few_or(n["staff"])
    if 0 < n["staff"] < SMALLEST_COUNT:
        files = _("all others")
    elif 0 < n["file"] < SMALLEST_COUNT:
        staff = _("all others")
    sentence = _(
        "Of %(n)s labels: %(files)s from files or other systems, %(staff)s recorded by staff, "
        "%(corrections)s of them corrections."
    )
    n_labels = f"{n['file'] + n['staff']:,}"
    return sentence % {"n": n_labels, "files": files, "staff": staff, "corrections": _few_or(n["corrections"])}


def _few_or(n: int) -> str:
    return _("fewer than %(n)s") % {"n": SMALLEST_COUNT} if 0 < n < SMALLEST_COUNT else f"{n:,}"


def _calibration(kind: str) -> str:
    return {
        "identity": _("none was needed"),
        "sigmoid": _("a slope and a shift (Platt)"),
        "isotonic": _("a rising curve (isotonic)"),
    }.get(kind, kind)
