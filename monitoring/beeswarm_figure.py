"""The figure of every contribution at once, drawn from counts of students: nobody in it is a point."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core.feature import Feature
from monitoring.effect_words import in_sentence, label, odds_axis, odds_words, shortened

# Level of the value: where it stands within its row, its shape, its colour. Shape and place first, colour last.
LEVELS: dict[str, tuple[float, str, str]] = {
    "high": (-0.04, "triangle-up", "var(--chart-student)"),
    "middle": (-0.2, "circle", "var(--chart-third)"),
    "low": (-0.34, "triangle-down", "var(--chart-second)"),
    "unordered": (-0.2, "circle", "var(--chart-third)"),
    "missing": (-0.44, "x", "var(--quiet)"),
}
SMALLEST_MARK, LARGEST_MARK = 4.0, 18.0


def figure(swarm: list[dict[str, Any]], features: dict[str, Feature]) -> dict[str, Any]:
    """Return the figure of the first features, the most important on top."""
    names = {
        "high": _("high"),
        "middle": _("in between"),
        "low": _("low"),
        "unordered": _("any"),
        "missing": _("not recorded"),
    }
    title = _title(swarm[0], features)
    everything = [cell for row in swarm for cell in row["cells"]]
    most = max(n for _x, _level, n in everything)
    labels = [label(features[row["feature"]]) for row in swarm]
    return {
        "id": "beeswarm-chart",
        "title": title,
        "alt": _("What each thing does to the odds, by how high its value is. %(title)s.") % {"title": title},
        "tall": True,
        "figure": {
            "data": [
                _marks(swarm, level, names[level], most) for level in LEVELS if level in {c[1] for c in everything}
            ],
            "layout": {
                "xaxis": odds_axis(min(cell[0] for cell in everything), max(cell[0] for cell in everything)),
                "yaxis": {"showticklabels": False, "showgrid": False, "range": [0.4 - len(swarm), 0.6]},
                "annotations": [_name(words, place) for place, words in enumerate(labels)],
            },
        },
        "columns": [_("Looked at"), _("Value"), _("Students"), _("Odds, on average")],
        "rows": [
            [words, names[level], n, odds_words(mean)]
            for words, row in zip(labels, swarm, strict=True)
            for level, n, mean in _by_level(row["cells"])
        ],
    }


def _marks(swarm: list[dict[str, Any]], level: str, name: str, most: int) -> dict[str, Any]:
    offset, symbol, colour = LEVELS[level]
    cells = [(x, n, offset - place) for place, row in enumerate(swarm) for x, of, n in row["cells"] if of == level]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [x for x, _n, _y in cells],
        "y": [y for _x, _n, y in cells],
        "text": [
            _("Value %(level)s: %(n)s students, odds %(odds)s") % {"level": name, "n": n, "odds": odds_words(x)}
            for x, n, _y in cells
        ],
        "marker": {
            # The area of a mark grows with the students in it.
            "size": [
                round(SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * (n / most) ** 0.5, 1) for _x, n, _y in cells
            ],
            "symbol": symbol,
            "color": colour,
            "opacity": 0.75,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _name(words: str, place: int) -> dict[str, Any]:
    """Return a label above its row: beside it, a phone would have no room left for the marks."""
    return {
        "text": shortened(words),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": 0.5 - place,
        "yref": "y",
        "yanchor": "top",
        "showarrow": False,
        "align": "left",
    }


def _by_level(cells: list[list[Any]]) -> list[tuple[str, int, float]]:
    """Return students and mean contribution of each level."""
    found = []
    for level in LEVELS:
        of_level = [(x, n) for x, of, n in cells if of == level]
        if of_level:
            n_students = sum(n for _x, n in of_level)
            found.append((level, n_students, sum(x * n for x, n in of_level) / n_students))
    return found


def _title(first: dict[str, Any], features: dict[str, Feature]) -> str:
    means = {level: mean for level, _n, mean in _by_level(first["cells"])}
    words = {"subject": in_sentence(label(features[first["feature"]]))}
    low, high = means.get("low", means.get("middle")), means.get("high", means.get("middle"))
    if low is None or high is None or low == high:
        return _("Some kinds raise the estimate, others lower it: %(subject)s") % words
    if high > low:
        return _("High values raise the estimate: %(subject)s") % words
    return _("High values lower the estimate: %(subject)s") % words
