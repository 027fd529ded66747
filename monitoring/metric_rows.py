"""The figures of a version as lines of a table: the model beside the plain formula, the rule and others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from modeling.core import worse_than_chance
from modeling.model_cards.card_shares import PER_HUNDRED, of_people

# What a measure is called, and whether more of it is better.
MEASURES = (
    ("precision_at_capacity", gettext_noop("Right above your team's line"), True),
    ("recall_at_capacity", gettext_noop("Found above your team's line"), True),
    ("precision_at_10", gettext_noop("Right among the top 10 %"), True),
    ("recall_at_10", gettext_noop("Found within the top 10 %"), True),
    ("roc_auc", gettext_noop("ROC-AUC"), True),
    ("average_precision", gettext_noop("Average precision"), True),
    ("f1", gettext_noop("F1"), True),
    ("precision", gettext_noop("Precision at the threshold"), True),
    ("recall", gettext_noop("Recall at the threshold"), True),
    ("brier", gettext_noop("Brier score (lower is better)"), False),
    ("ece", gettext_noop("Calibration error (lower is better)"), False),
)
FEW = ("precision_at_capacity", "recall_at_capacity", "roc_auc", "f1", "brier", "ece")
# A rule counts points: neither its Brier score nor its calibration error says anything.
NOT_OF_THE_RULE = ("brier", "ece")


def metric_rows(
    metrics: Mapping[str, Any], evaluation: Mapping[str, Any] | None = None, *, measures: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Return a line per measure: each contender's figure with its interval, and which is best.

    Who ranks worse than drawing lots is best in nothing, and of a line with nobody else fit to compare none is best.
    """
    who = contenders(metrics)
    intervals = (evaluation or {}).get("intervals")
    broken = worse_than_chance.of_version(metrics, evaluation)
    rows = []
    for name, label, more_is_better in MEASURES:
        if measures and name not in measures:
            continue
        figures = {of: None if of == "rule" and name in NOT_OF_THE_RULE else metrics[of].get(name) for of in who}
        known = {of: value for of, value in figures.items() if value is not None}
        if not known:
            continue
        fair = {of: value for of, value in known.items() if of not in broken}
        best = (max if more_is_better else min)(fair, key=fair.__getitem__) if len(fair) > 1 or not broken else None
        cells = [
            {
                "who": label_of,
                "value": value,
                "interval": _interval(intervals, of, name, value),
                "is_best": of == best,
            }
            for (of, value), label_of in zip(figures.items(), contender_labels(metrics), strict=True)
        ]
        rows.append({"metric_label": _(label), "cells": cells})
    return rows


def contenders(metrics: Mapping[str, Any]) -> list[str]:
    """Return who was judged, in the order of the columns."""
    return [of for of in ("model", "logistic", "rule", "ebm") if metrics.get(of)]


def broken_in_words(metrics: Mapping[str, Any], evaluation: Mapping[str, Any] | None = None) -> list[str]:
    """Say of each contender that ranks worse than drawing lots that it does; of the rule, as news about the rule."""
    broken = worse_than_chance.of_version(metrics, evaluation)
    return [broken_sentence(who, how) for who, how in broken.items()]


def broken_sentence(who: str, how: str) -> str:
    """Say that a contender ranks worse than drawing lots, and that it is not to be compared with.

    Parameters
    ----------
    who : str
        ``model``, ``logistic``, ``rule`` or ``ebm``.
    how : str
        ``surely`` or ``perhaps``, as `worse_than_chance.broken` tells it.
    """
    if who == "model":
        said = _("This model ranks worse than drawing lots.")
    elif who == "rule" and how == "surely":
        said = _(
            "Your school's rule points the wrong way: it ranks worse than drawing lots, so it is not a fair comparison."
        )
    else:
        said = {
            "rule": _("The school's rule ranks worse than drawing lots: not a fair comparison."),
            "logistic": _("The plain formula ranks worse than drawing lots: not a fair comparison."),
            "ebm": _("The sum of curves ranks worse than drawing lots: not a fair comparison."),
        }[who]
    return said if how == "surely" else f"{said} {_('That may be chance.')}"


def contender_labels(metrics: Mapping[str, Any]) -> list[str]:
    """Return the heads of the columns."""
    labels = {"model": _("Model"), "logistic": _("Plain formula"), "rule": _("Rule"), "ebm": _("Curves")}
    return [labels[of] for of in contenders(metrics)]


def table(
    metrics: Mapping[str, Any], evaluation: Mapping[str, Any] | None = None, *, measures: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what components/model_metrics.html prints."""
    return {
        "columns": contender_labels(metrics),
        "rows": metric_rows(metrics, evaluation, measures=measures),
        "broken": broken_in_words(metrics, evaluation),
        "has_intervals": bool((evaluation or {}).get("intervals")),
        "evaluated_on": judged_on(metrics["split"]) if "split" in metrics else "",
    }


def judged_on(split: Mapping[str, Any]) -> str:
    """Say on whom a version was judged."""
    n = f"{split['n_test']:,}"
    if split["kind"] == "temporal":
        day = date_format(dt.date.fromisoformat(split["test_from"]), "j F Y")
        return _("Judged on %(n)s snapshots from %(day)s on, of students set aside.") % {"n": n, "day": day}
    share = f"{split['test_share']:.0%}"
    return _("Judged on %(n)s students set aside (%(share)s); there are no years to part by.") % {
        "n": n,
        "share": share,
    }


def whom_it_helps(metrics: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Say how often a version is right above the line, beside the rule; "" where that was not measured."""
    model = metrics.get("model", {}).get("precision_at_capacity")
    rule = metrics.get("rule", {}).get("precision_at_capacity")
    if model is None:
        return ""
    # Of a version from before the line was counted the share alone is known.
    n = metrics["model"].get("capacity", PER_HUNDRED)
    words = {"model": of_people(model, n)[0], "rule": of_people(rule or 0, n)[0]}
    broken = worse_than_chance.of_version(metrics, evaluation)
    if rule is None or "rule" in broken:
        news = " " + broken_sentence("rule", broken["rule"]) if "rule" in broken else ""
        return _("Of the students above its line left: %(model)s.") % words + news
    told = _("Of the students above its line left: %(model)s. The school's rule: %(rule)s.") % words
    lead = evaluation.get("intervals", {}).get("model_minus_rule", {}).get("precision_at_capacity")
    may_be_chance = bool(lead) and lead[0] <= 0 <= lead[1] and words["model"] != words["rule"]
    return told + (" " + _("The difference may be chance.") if may_be_chance else "")


def _interval(intervals: Mapping[str, Any] | None, of: str, name: str, value: float | None) -> list[float] | None:
    found = (intervals or {}).get(of, {}).get(name)
    return found if found and value is not None and None not in found else None
