"""The figures of a version's evaluation as Plotly JSON, each with its message: calibration, precision, ROC."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core import worse_than_chance
from modeling.html_reports.comparison_figures import read
from modeling.models import ModelVersion

LINES: dict[str, dict[str, Any]] = {
    "model": {"color": "var(--chart-student)", "width": 2.5},
    "rule": {"color": "var(--chart-second)", "width": 1.75, "dash": "dash"},
    "logistic": {"color": "var(--chart-third)", "width": 1.5, "dash": "dot"},
}
CHANCE = {"type": "line", "line": {"color": "var(--quiet)", "width": 1, "dash": "dot"}, "layer": "below"}
# Where the name of each line stands: apart, so that no two names lie on one another.
NAMED_AT = {"model": 0.35, "rule": 0.6, "logistic": 0.85}
# At these places the table says how high each line is.
PLACES = tuple(tenth / 10 for tenth in range(1, 11))
NOTABLE = 0.05


def figures(version: ModelVersion) -> list[dict[str, Any]]:
    """Return the figures, those left out that a version has nothing to draw of."""
    curves = {who: version.evaluation["curves"][who] for who in LINES if who in version.evaluation["curves"]}
    labels = _labels(version)
    drawn = [_calibration(version), _precision_recall(version, curves, labels), _roc(version, curves, labels)]
    return [figure for figure in drawn if figure]


def _labels(version: ModelVersion) -> dict[str, str]:
    """Return the name of each line, which says so of one that ranks worse than drawing lots."""
    labels = {"model": _("Model"), "rule": _("Rule"), "logistic": _("Plain formula")}
    broken = worse_than_chance.of_version(version.metrics, version.evaluation)
    return {who: _("%(who)s (worse than lots)") % {"who": of} if who in broken else of for who, of in labels.items()}


def _calibration(version: ModelVersion) -> dict[str, Any] | None:
    bins = version.evaluation["curves"]["model"]["calibration"]
    if not bins:
        return None
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": _("Model"),
        "x": [one["risk"] for one in bins],
        "y": [one["case_share"] for one in bins],
        "line": LINES["model"],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(one["high"] - one["case_share"], 4) for one in bins],
            "arrayminus": [round(one["case_share"] - one["low"], 4) for one in bins],
            "color": "var(--chart-third)",
            "thickness": 1,
            "width": 3,
        },
        "hovertemplate": "%{x:.0%} → %{y:.0%}<extra></extra>",
    }
    title = _calibration_title(version.metrics["model"]["ece"], bins)
    layout = _layout(_("Risk that was said"), _("Share that left"))
    layout["shapes"] = [{**CHANCE, "x0": 0, "y0": 0, "x1": 1, "y1": 1}]
    return {
        "id": "calibration-chart",
        "title": title,
        "alt": _("Risks said beside the share that left. %(title)s.") % {"title": title},
        "figure": {"data": [points], "layout": layout},
        "columns": [_("Risk said"), _("Left"), _("95 % interval"), _("Snapshots")],
        "rows": [
            [
                f"{one['risk']:.0%}",
                f"{one['case_share']:.0%}",
                f"{one['low']:.0%} – {one['high']:.0%}",
                f"{int(one['n']):,}",
            ]
            for one in bins
        ],
    }


def _calibration_title(error: float, bins: list[dict[str, float]]) -> str:
    if error <= NOTABLE:
        return _("Of 100 students, about as many leave as the risk says")
    too_high = sum(one["n"] * (one["risk"] - one["case_share"]) for one in bins)
    return _("Risks are higher than what happens") if too_high > 0 else _("Risks are lower than what happens")


def _precision_recall(version: ModelVersion, curves: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    title = _("The longer the list, the less often it is right")
    if "rule" in curves and "rule" not in worse_than_chance.of_version(version.metrics, version.evaluation):
        low, high = version.evaluation["intervals"]["model_minus_rule"]["average_precision"] or (0.0, 0.0)
        if low > 0:
            title = _("On the whole, the list is right more often than the rule's")
        elif high < 0:
            title = _("The rule's list is right more often")
        else:
            title = _("The list is right about as often as the rule's")
    return _compared(
        "precision-recall-chart",
        title,
        curves,
        labels,
        name="precision_recall",
        axes=(_("Found, of those who left"), _("Right, of those listed")),
    )


def _roc(version: ModelVersion, curves: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    pairs = round(100 * version.metrics["model"]["roc_auc"])
    figure = _compared(
        "roc-chart",
        _("Of two students, one of whom left, it ranks that one first in %(n)s%% of pairs") % {"n": pairs},
        curves,
        labels,
        name="roc",
        axes=(_("Listed, of those who stayed"), _("Listed, of those who left")),
    )
    figure["figure"]["layout"]["shapes"] = [{**CHANCE, "x0": 0, "y0": 0, "x1": 1, "y1": 1}]
    return figure


def _compared(
    chart_id: str, title: str, curves: dict[str, Any], labels: dict[str, str], *, name: str, axes: tuple[str, str]
) -> dict[str, Any]:
    drawn = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": labels[who],
            "x": curve[name]["x"],
            "y": curve[name]["y"],
            "line": LINES[who],
            "hovertemplate": "%{x:.0%} → %{y:.0%}<extra>%{fullData.name}</extra>",
        }
        for who, curve in curves.items()
    ]
    layout = _layout(*axes)
    layout["annotations"] = [_name(labels[who], NAMED_AT[who], curve[name]) for who, curve in curves.items()]
    return {
        "id": chart_id,
        "title": title,
        "alt": f"{axes[1]}, {axes[0]}. {title}.",
        "figure": {"data": drawn, "layout": layout},
        "columns": [axes[0], *(labels[who] for who in curves)],
        "rows": [
            [f"{place:.0%}", *(f"{read(curve[name], place):.0%}" for curve in curves.values())] for place in PLACES
        ],
    }


def _name(label: str, at: float, curve: dict[str, list[float]]) -> dict[str, Any]:
    """Name a line where it stands: there is no legend to look up."""
    return {
        "x": at,
        "y": round(read(curve, at), 3),
        "text": label,
        "showarrow": False,
        "xanchor": "center",
        "yanchor": "middle",
        "bgcolor": "var(--sheet)",
    }


def _layout(x: str, y: str) -> dict[str, Any]:
    share = {"tickformat": ".0%", "range": [0, 1.02]}
    return {"xaxis": {**share, "title": {"text": x}}, "yaxis": {**share, "title": {"text": y}}}
