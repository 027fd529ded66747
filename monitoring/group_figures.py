"""The groups of a version's audit in words: who is found, who is listed wrongly, where there are too few to tell."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.model_cards import card_gaps
from modeling.model_cards.card_shares import of_group
from modeling.training import training_config

MEASURES = ("recall_at_capacity", "precision_at_capacity", "false_alarm_share")


def fairness_context(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Return what components/model_fairness.html prints."""
    groups = evaluation.get("groups", [])
    single = [group for group in groups if " & " not in group["attribute"]]
    crossed = [group for group in groups if " & " in group["attribute"]]
    return {
        "gaps": _gaps(evaluation["gaps"]) if groups else [],
        "columns": [
            _("Students"),
            _("Found, of those who left"),
            _("Right, of those above the line"),
            _("Above the line, of those who stayed"),
            _("Risk compared with what happened"),
        ],
        "single": _tables(single),
        "crossed": _tables(crossed),
        "helped": _helped(evaluation["helped"], n_listed=_n_listed(evaluation)) if groups else [],
        "suppressed": _suppressed(evaluation.get("n_suppressed_groups", 0)),
    }


def _gaps(gaps: list[dict[str, Any]]) -> list[str]:
    """Say of each attribute whether its groups are found equally often; those with too few to tell together."""
    sentences = [gap_in_words(gap) for gap in gaps if gap["gap"] is not None]
    if few := [attribute_label(gap["attribute"]) for gap in gaps if gap["gap"] is None]:
        sentences.append(_("Too few left to tell: %(attributes)s.") % {"attributes": ", ".join(few)})
    return sentences


def gap_in_words(gap: dict[str, Any]) -> str:
    """Say whether the groups of an attribute are found equally often, within what the gate tolerates."""
    return card_gaps.in_words(gap, tolerance=training_config.serving().promotion.maximum_recall_gap)


def attribute_label(name: str) -> str:
    """Return an attribute's name as words."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _tables(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of each attribute under its name; an attribute with nothing to tell has no table."""
    tables = []
    for name, rows in groupby(groups, key=lambda group: group["attribute"]):
        verdicts: dict[str, list[dict[str, Any]]] = {"told": [], "too_few": []}
        for row in rows:
            verdicts[row["verdict"]].append(row)
        if verdicts["told"]:
            few = ", ".join(str(row["value"]) for row in verdicts["too_few"])
            tables.append(
                {
                    "attribute": attribute_label(name),
                    "rows": [_row(group) for group in verdicts["told"]],
                    "few": _("Too few left to tell: %(groups)s.") % {"groups": few} if few else "",
                }
            )
    return tables


def _row(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "value": group["value"],
        "n": _("not shown") if group["n"] is None else f"{group['n']:,}",
        "cells": [_share(group[measure], n) for measure, n in zip(MEASURES, _behind(group), strict=True)],
        "risk": _risk(group["calibration_gap"]),
    }


def _behind(group: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Return how many stand behind each measure, None where that is not said."""
    n, n_left, n_listed = group["n"], group["n_positive"], group["n_listed"]
    return n_left, n_listed, n - n_left if n is not None and n_left is not None else None


def _share(told: dict[str, float | None], n: int | None) -> dict[str, str]:
    value, low, high = told["value"], told["low"], told["high"]
    if value is None:
        return {"words": _("too few"), "between": ""}
    between = ""
    if low is not None and high is not None:
        between = _("between %(low)s%% and %(high)s%%") % {"low": round(100 * low), "high": round(100 * high)}
    return {"words": of_group(value, n), "between": between}


def _risk(told: dict[str, float | None]) -> str:
    """Say whether the risks of a group are too high or too low, where that is not chance."""
    value, low, high = told["value"], told["low"], told["high"]
    if value is None:
        return _("too few")
    points = abs(round(100 * value))
    if not points or low is None or high is None or low <= 0 <= high:
        return _("agrees")
    words = _("too high by %(n)s points") if value > 0 else _("too low by %(n)s points")
    return words % {"n": points}


def _n_listed(evaluation: dict[str, Any]) -> int | None:
    fields = evaluation.get("confusion", {}).get("at_capacity")
    return fields["true_positive"] + fields["false_positive"] if fields else None


def _helped(helped: dict[str, Any], *, n_listed: int | None) -> list[str]:
    """Say how many of those above the line were helped: of all, and of each group."""
    if helped["share"] is None:
        return []
    said = of_group(helped["share"], n_listed)
    sentences = [_("Of those above the line, %(said)s were helped.") % {"said": said}]
    for name, rows in groupby(helped["groups"], key=lambda row: row["attribute"]):
        told = "; ".join(f"{row['value']} {round(100 * row['share'])}%" for row in rows)
        sentences.append(_("%(attribute)s: %(told)s.") % {"attribute": attribute_label(name), "told": told})
    return sentences


def _suppressed(n: int) -> str:
    if not n:
        return ""
    return ngettext("%(n)s group is too small to show.", "%(n)s groups are too small to show.", n) % {"n": n}
