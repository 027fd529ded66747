"""What the page of a version shows of its evaluation, as words, rows and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.core import worse_than_chance
from modeling.model_cards.card_shares import of_people
from modeling.models import ModelVersion
from monitoring import evaluation_charts, group_figures, metric_rows
from predictions.answers import features_by_name

# What is said of the line, and of how many people.
AT_LINE = (("precision_at_capacity", "capacity"), ("recall_at_capacity", "n_positive"))
CONTENDERS = ("model", "rule", "logistic", "ebm")


def evaluation_context(version: ModelVersion) -> dict[str, Any]:
    """Return what components/model_evaluation.html prints; without "rows" where a version was never looked at so."""
    found = version.evaluation
    if not found.get("intervals"):
        return {}
    metrics = version.metrics
    broken = worse_than_chance.of_version(metrics, found)
    return {
        "label": capfirst(_("model %(number)s") % {"number": version.number}),
        "judged_on": _judged_on(metrics),
        "lead": _lead(metrics, found["intervals"]),
        "verdicts": _verdicts(metrics, found["intervals"], broken),
        "rows": [
            _row(_named(who, broken), metrics[who], found["intervals"].get(who, {}))
            for who in CONTENDERS
            if who in metrics
        ],
        "stability": _stability(found["stability"]),
        "suspicious": _suspicious(found["suspicious"], version),
        "confusion": _confusion(found["confusion"]["at_capacity"]),
        "notes": _notes(found),
        "charts": evaluation_charts.figures(version),
        "fairness": group_figures.fairness_context(found),
    }


def _share(metrics: dict[str, Any], intervals: dict[str, Any], name: str, of: str) -> dict[str, str]:
    """Say a share of those above the line, or of those who left, and between which numbers it lies."""
    if metrics.get(name) is None:
        return {"words": "–", "between": ""}
    told, between = of_people(metrics[name], metrics[of], intervals.get(name))
    return {"words": told, "between": between}


def who_label(who: str) -> str:
    """Return the name of a contender."""
    return {
        "model": _("This model"),
        "rule": _("The school's rule"),
        "logistic": _("Plain formula"),
        "ebm": _("Sum of curves"),
    }[who]


def _named(who: str, broken: Mapping[str, str]) -> str:
    if who not in broken:
        return who_label(who)
    return _("%(who)s (worse than drawing lots)") % {"who": who_label(who)}


def _judged_on(metrics: dict[str, Any]) -> str:
    of_model = metrics["model"]
    return _(
        "Counted on %(n)s snapshots of students it had not seen; %(left)s of them left. The line lies at the first "
        "%(line)s. Between: 95 %% interval."
    ) % {name: f"{int(of_model[key]):,}" for name, key in (("n", "n"), ("left", "n_positive"), ("line", "capacity"))}


def _lead(metrics: dict[str, Any], intervals: dict[str, Any]) -> str:
    right, found = (_share(metrics["model"], intervals["model"], name, of) for name, of in AT_LINE)
    words = {"right": _phrase(right), "found": _phrase(found)}
    return _("Of the students above the line left: %(right)s. Of those who left stood above it: %(found)s.") % words


def _phrase(told: dict[str, str]) -> str:
    return f"{told['words']} ({told['between']})" if told["between"] else told["words"]


def _verdicts(metrics: dict[str, Any], intervals: dict[str, Any], broken: Mapping[str, str]) -> list[str]:
    """Say of each contender whether the model's list is more often right than theirs, or chance could be all of it.

    Of one that ranks worse than drawing lots it is only said that it does.
    """
    sentences = [metric_rows.broken_sentence(who, how) for who, how in broken.items()]
    for who, sentence in (
        ("rule", _("The school's rule would have been right for %(n)s.")),
        ("logistic", _("A plain formula would have been right for %(n)s.")),
    ):
        if who in metrics and who not in broken:
            n, _between = of_people(metrics[who]["precision_at_capacity"], metrics["model"]["capacity"])
            lead = intervals[f"model_minus_{who}"]["precision_at_capacity"]
            sentences.append(f"{sentence % {'n': n}} {_verdict(lead)}")
    return sentences


def _verdict(lead: list[float] | None) -> str:
    if lead is None or lead[0] <= 0 <= lead[1]:
        return _("The difference may be chance.")
    return _("The model is better.") if lead[0] > 0 else _("The model is worse.")


def _row(label: str, metrics: dict[str, Any], intervals: dict[str, Any]) -> dict[str, Any]:
    return {
        "who": label,
        "cells": [_share(metrics, intervals, name, of) for name, of in AT_LINE],
    }


def _stability(stability: dict[str, Any]) -> str:
    jaccard = stability["capacity_jaccard"]
    if jaccard is None:
        return ""
    # Of two lists of equal length: what both name, from what both name over what either names.
    n = round(20 * jaccard / (1 + jaccard))
    return ngettext(
        "Refitted on other students, %(n)s of 10 names above the line stays.",
        "Refitted on other students, %(n)s of 10 names above the line stay.",
        n,
    ) % {"n": n}


def _suspicious(found: list[dict[str, Any]], version: ModelVersion) -> list[str]:
    known = features_by_name(version)
    labels = [_(known[one["feature"]].label) if one["feature"] in known else one["feature"] for one in found]
    return [str(label) or one["feature"] for label, one in zip(labels, found, strict=True)]


def _confusion(fields: dict[str, int]) -> dict[str, Any]:
    """Return the four fields in words: who was listed, and what became of them."""
    listed = fields["true_positive"], fields["false_positive"]
    others = fields["false_negative"], fields["true_negative"]
    return {
        "columns": [_("Left"), _("Stayed")],
        "rows": [{"label": _("Above the line"), "cells": listed}, {"label": _("Below the line"), "cells": others}],
    }


def _notes(found: dict[str, Any]) -> list[str]:
    notes = []
    if cost := found["monotone_cost"]:
        words = {name: f"{cost[name]:.3f}" for name in ("roc_auc_with", "roc_auc_without")}
        notes.append(
            _(
                "Some facts may only raise or only lower a risk. With that rule AUC is %(roc_auc_with)s, without it "
                "%(roc_auc_without)s."
            )
            % words
        )
    if balance := found["class_balance"]:
        before = {name: f"{round(n):,}" for name, n in balance["before"].items()}
        notes.append(_("It learned from %(left)s snapshots of students who left and %(stayed)s who stayed.") % before)
        if balance["method"] != "none":
            after = {name: f"{round(n):,}" for name, n in balance["after"].items()}
            notes.append(_("Weighed or filled up, these counted as %(left)s and %(stayed)s.") % after)
    return notes
