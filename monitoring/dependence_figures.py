"""The figures of how the estimate goes with each value, in bins of enough students that nobody is told apart."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core.feature import Feature
from monitoring.effect_words import broken, label, level_words, odds_axis, odds_words, value_words

Bin = dict[str, Any]

# In log-odds, as for a reason: less moves nothing that is worth a sentence.
NOTABLE = 0.05
# More levels than this below each other need a higher figure.
MOST_SHORT = 6


def figures(listed: list[dict[str, Any]], features: dict[str, Feature]) -> list[dict[str, Any]]:
    """Return one figure a feature; a feature without any bin has none."""
    drawn = [(entry["bins"], features[entry["feature"]]) for entry in listed if entry["bins"]]
    return [_figure(bins, feature, number) for number, (bins, feature) in enumerate(drawn, start=1)]


def _figure(bins: list[Bin], feature: Feature, number: int) -> dict[str, Any]:
    title = _title(bins, feature)
    in_steps = feature.kind != "number" or sum("value" in each for each in bins) < 2
    axis = odds_axis(min(each["low"] for each in bins), max(each["high"] for each in bins))
    own_axis = {"tickformat": ".0%"} if feature.unit == "share" and not in_steps else {}
    return {
        "id": f"dependence-chart-{number}",
        "title": title,
        "alt": _("What a value does to the odds: the middle student and the middle 80 of 100. %(title)s.")
        % {"title": title},
        "tall": in_steps and len(bins) > MOST_SHORT,
        "figure": {
            "data": _steps(bins, feature) if in_steps else _line(bins),
            "layout": {"xaxis": axis, "yaxis": {"type": "category"}}
            if in_steps
            else {"yaxis": axis, "xaxis": own_axis},
        },
        "columns": [_("Value"), _("Students"), _("Odds, middle student"), _("From"), _("To")],
        "rows": [
            [
                _words(each, feature),
                each["n"],
                odds_words(each["median"]),
                odds_words(each["low"]),
                odds_words(each["high"]),
            ]
            for each in bins
        ],
    }


def _words(each: Bin, feature: Feature) -> str:
    if each.get("missing"):
        return _("not recorded")
    return level_words(feature, each["level"]) if "level" in each else value_words(feature, each["value"])


def _line(bins: list[Bin]) -> list[dict[str, Any]]:
    """Return the band of the middle 80 of 100 and the line of the middle; what is missing has no place on it."""
    known = [each for each in bins if "value" in each]
    x = [each["value"] for each in known]
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        edge | {"y": [each["low"] for each in known]},
        edge | {"y": [each["high"] for each in known], "fill": "tonexty", "fillcolor": "var(--chart-help)"},
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": [each["median"] for each in known],
            "text": [odds_words(each["median"]) for each in known],
            "line": {"color": "var(--chart-student)", "width": 2.5},
            "hovertemplate": "%{x}: %{text}<extra></extra>",
        },
    ]


def _steps(bins: list[Bin], feature: Feature) -> list[dict[str, Any]]:
    """Return a mark for each level, with the middle 80 of 100 as its whiskers; levels stand below each other."""
    bins = bins[::-1]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [each["median"] for each in bins],
            "y": [broken(_words(each, feature)) for each in bins],
            "text": [odds_words(each["median"]) for each in bins],
            "marker": {"color": "var(--chart-student)", "size": 9},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [round(each["high"] - each["median"], 4) for each in bins],
                "arrayminus": [round(each["median"] - each["low"], 4) for each in bins],
                "color": "var(--chart-third)",
            },
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        }
    ]


def _title(bins: list[Bin], feature: Feature) -> str:
    words = {"label": label(feature)}
    known = [each for each in bins if "value" in each]
    if feature.kind == "category" or len(known) < 2:
        top = max(bins, key=lambda each: each["median"])
        return _("%(label)s: highest with “%(level)s”") % (words | {"level": _words(top, feature)})
    change = known[-1]["median"] - known[0]["median"]
    if abs(change) < NOTABLE:
        return _("%(label)s: hardly moves the estimate") % words
    if feature.kind == "flag":
        return (_("%(label)s: “yes” raises the estimate") if change > 0 else _("%(label)s: “yes” lowers it")) % words
    turns = [each for each in known if (each["median"] > 0) == (change > 0)]
    if not turns or turns[0] is known[0]:
        return (_("%(label)s: more raises the estimate") if change > 0 else _("%(label)s: more lowers it")) % words
    words["value"] = _words(turns[0], feature)
    if change > 0:
        return _("%(label)s: raises the estimate from %(value)s on") % words
    return _("%(label)s: lowers the estimate from %(value)s on") % words
