"""The groups of a version's audit in words: who is found, who is listed wrongly, where there are too few to tell."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
            _("Found, of 100 who left"),
            _("Right, of 100 above the line"),
            _("Above the line, of 100 who stayed"),
            _("Risk compared with what happened"),
        ],
        "single": _tables(single),
        "crossed": _tables(crossed),
        "helped": _helped(evaluation["helped"]) if groups else [],
        "suppressed": _suppressed(evaluation.get("n_suppressed_groups", 0)),
    }


def _gaps(gaps: list[dict[str, Any]]) -> list[str]:
    """Say of each attribute whether its groups are found equally often; those with too few to tell together."""
    sentences = [gap_in_words(gap) for gap in gaps if gap["gap"] is not None]
    if few := [attribute_label(gap["attribute"]) for gap in gaps if gap["gap"] is None]:
        sentences.append(_("Too few left to tell: %(attributes)s.") % {"attributes": ", ".join(few)})
    return sentences


def gap_in_words(gap: dict[str, Any]) -> str:
    """Say whether the groups of an attribute are found equally often."""
    words = {"attribute": attribute_label(gap["attribute"])}
    words |= {"most": gap["between"][0], "least": gap["between"][1]}
    words |= {name: str(round(100 * gap[name])) for name in ("gap", "low", "high")}
    if gap["verdict"] == "gap":
        return (
            _(
                "%(attribute)s: %(gap)s more of 100 are found of %(most)s than of %(least)s "
                "(between %(low)s and %(high)s)."
            )
            % words
        )
    return _("%(attribute)s: no clear gap. The widest is %(gap)s of 100, which may be chance.") % words


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
        "cells": [_of_hundred(group[measure]) for measure in MEASURES],
        "risk": _risk(group["calibration_gap"]),
    }


def _of_hundred(told: dict[str, float | None]) -> dict[str, str]:
    value, low, high = told["value"], told["low"], told["high"]
    if value is None:
        return {"words": _("too few"), "between": ""}
    between = ""
    if low is not None and high is not None:
        between = _("between %(low)s and %(high)s") % {"low": round(100 * low), "high": round(100 * high)}
    return {"words": str(round(100 * value)), "between": between}


def _risk(told: dict[str, float | None]) -> str:
    """Say whether the risks of a group are too high or too low, where that is not chance."""
    value, low, high = told["value"], told["low"], told["high"]
    if value is None:
        return _("too few")
    points = abs(round(100 * value))
    if not points or low is None or high is None or low <= 0 <= high:
        return _("agrees")
    words = _("too high by %(n)s of 100") if value > 0 else _("too low by %(n)s of 100")
    return words % {"n": points}


def _helped(helped: dict[str, Any]) -> list[str]:
    """Say how many of those above the line were helped: of all, and of each group."""
    if helped["share"] is None:
        return []
    sentences = [_("Of 100 students above the line, %(n)s were helped.") % {"n": round(100 * helped["share"])}]
    for name, rows in groupby(helped["groups"], key=lambda row: row["attribute"]):
        told = "; ".join(
            _("%(group)s %(n)s of 100") % {"n": round(100 * row["share"]), "group": row["value"]} for row in rows
        )
        sentences.append(_("%(attribute)s: %(told)s.") % {"attribute": attribute_label(name), "told": told})
    return sentences


def _suppressed(n: int) -> str:
    if not n:
        return ""
    return ngettext("%(n)s group is too small to show.", "%(n)s groups are too small to show.", n) % {"n": n}
