"""What the page of a version shows of what the model looks at, and of how far its reasons hold."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core.feature import Feature
from modeling.models import ModelVersion
from monitoring import beeswarm_figure, dependence_figures
from monitoring.effect_words import broken, features_of, in_sentence, source_label

MOST_BARS = 10


def importance_context(version: ModelVersion) -> dict[str, Any]:
    """Return what components/model_importance.html prints.

    Keys: ``importance_chart`` (None for a version trained before this was measured), ``beeswarm_chart``,
    ``dependence_charts``, ``measured_on``, ``reasons_sentences``.
    """
    described, specification = version.evaluation, version.specification
    features, sentences = features_of(specification), _on_reasons(specification.get("reasons", {}))
    if not described.get("importance_by_source"):
        return {"importance_chart": None, "reasons_sentences": sentences}
    return {
        "importance_chart": _importance_chart(described["importance_by_source"], features),
        "beeswarm_chart": beeswarm_figure.figure(described["beeswarm"], features),
        "dependence_charts": dependence_figures.figures(described["dependence"], features),
        "measured_on": _("Measured on %(n)s rows that the model had not seen. Model %(number)s.")
        % {"n": described["n_explained"], "number": version.number},
        "reasons_sentences": sentences,
    }


def _importance_chart(listed: list[dict[str, Any]], features: dict[str, Feature]) -> dict[str, Any]:
    labels = [source_label(entry["source"], entry["features"], features) for entry in listed]
    shown = list(zip(labels, listed, strict=True))[:MOST_BARS]
    title = _("What moves the estimate most: %(subject)s") % {"subject": in_sentence(labels[0])}
    bars = {
        "type": "bar",
        "orientation": "h",
        # Plotly draws from the bottom up.
        "x": [entry["share"] for _label, entry in reversed(shown)],
        "y": [broken(words) for words, _entry in reversed(shown)],
        "marker": {"color": "var(--chart-student)"},
        "hovertemplate": "%{y}<br>%{x:.0%}<extra></extra>",
    }
    return {
        "id": "importance-chart",
        "title": title,
        "alt": _("Share of all movement of the estimate, by subject. %(title)s.") % {"title": title},
        "tall": True,
        "figure": {"data": [bars], "layout": {"xaxis": {"tickformat": ".0%", "rangemode": "tozero"}, "bargap": 0.35}},
        "columns": [_("Subject"), _("Share of all movement"), _("Things looked at")],
        "rows": [
            [words, f"{entry['share']:.1%}", len(entry["features"])]
            for words, entry in zip(labels, listed, strict=True)
        ],
    }


def _on_reasons(bound: dict[str, Any]) -> list[str]:
    """Say how far reasons hold, as it was measured on students and refits that had no part in choosing them."""
    if not bound:
        return [_("How far the reasons of this version hold was not measured. Every one of them is told.")]
    numbers = {
        "n_refits": bound["n_refits"],
        "n_first": bound["n_first"],
        "before": round(bound["holds_share_before"] * 100),
        "left_out": round((1 - bound["kept_share"]) * 100),
        "silent": round(bound["no_reason_share"] * 100),
    }
    if bound["holds_share_after"] is None:
        return [_("No reason stays among the first when the model is fitted to other students. None is told.")]
    numbers["after"] = round(bound["holds_share_after"] * 100)
    return [
        _(
            "Fitted again %(n_refits)s times to other draws of the students, %(after)s of 100 reasons we tell stay "
            "among the first %(n_first)s."
        )
        % numbers,
        _("If we told every one, it would be %(before)s of 100. So %(left_out)s of 100 are left out.") % numbers,
        _("For %(silent)s of 100 students no single reason is clear, and the page says so.") % numbers,
    ]
