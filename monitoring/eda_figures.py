"""The figures of the report on the data, as Plotly JSON with their message and their numbers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.html_reports import eda_words as words

Content = dict[str, Any]
Figure = dict[str, Any]

MOST_IN_SQUARE = 12


def figures(content: Content) -> list[Figure]:
    """Return what is drawn on the page: how those who left differ, and how many left over time."""
    drawn = [_distribution(shown) for shown in content["distributions"]]
    return [*drawn, *_trend(content)]


def correlations(content: Content) -> Figure | None:
    """Return what goes together, of the numbers that go most with leaving; None without two of them."""
    found, labels = content["correlation"], words.feature_labels(content)
    order = sorted(range(len(found["names"])), key=lambda at: -abs(found["with_outcome"][at]))
    places = sorted(order[:MOST_IN_SQUARE])
    if len(places) < 2:
        return None
    names = [labels[found["names"][at]] for at in places]
    numbers = [str(number) for number in range(1, len(names) + 1)]
    square = [[found["rho"][at][other] for other in places] for at in places]
    title = words.correlation_title(content)
    return {
        "id": "correlations-chart",
        "title": title,
        "alt": _("Each number beside each other: the stronger the colour, the more they go together. %(title)s.")
        % {"title": title},
        "tall": True,
        "names": names,
        "figure": _square(square, numbers),
        "columns": [_("What"), _("With leaving"), *numbers],
        "rows": [
            [
                f"{number} {name}",
                f"{found['with_outcome'][at]:+.2f}",
                *("–" if rho is None else f"{rho:+.2f}" for rho in line),
            ]
            for number, name, at, line in zip(numbers, names, places, square, strict=True)
        ],
    }


def _square(rho: list[list[float | None]], numbers: list[str]) -> Figure:
    """Return a square of cells, each a bar that begins where its row does: our bundle draws no other."""
    cells = [(row, column, value) for row, line in enumerate(rho) for column, value in enumerate(line)]
    known = [(row, column, value) for row, column, value in cells if value is not None]
    bars = {
        "type": "bar",
        "x": [column for _row, column, _value in known],
        "base": [row - 0.5 for row, _column, _value in known],
        "y": [1] * len(known),
        "width": 1,
        "marker": {
            "color": [value for _row, _column, value in known],
            "cmin": -1,
            "cmax": 1,
            "colorscale": [[0, "var(--chart-second)"], [0.5, "var(--sheet)"], [1, "var(--chart-student)"]],
            "line": {"width": 1, "color": "var(--sheet)"},
        },
        "hovertext": [f"{numbers[row]} × {numbers[column]}: {value:+.2f}" for row, column, value in known],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    axis = {"tickvals": list(range(len(numbers))), "ticktext": numbers, "showgrid": False}
    last = len(numbers) - 0.5
    layout = {
        "barmode": "overlay",
        "xaxis": axis | {"range": [-0.5, last]},
        "yaxis": axis | {"range": [last, -0.5]},
    }
    return {"data": [bars], "layout": layout}


def _distribution(shown: Content) -> Figure:
    title, names = words.distribution_title(shown), words.bins(shown)
    shares = {
        _("left"): (shown["left"], "var(--chart-second)"),
        _("stayed"): (shown["stayed"], "var(--chart-student)"),
    }
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": names,
            "y": values,
            "marker": {"color": colour},
            "hovertemplate": "%{x}: %{y:.0%}<extra>%{fullData.name}</extra>",
        }
        for name, (values, colour) in shares.items()
    ]
    return {
        "id": f"distribution-{shown['name']}",
        "title": title,
        "alt": title,
        "figure": {
            "data": bars,
            "layout": {
                "barmode": "group",
                "yaxis": {"tickformat": ".0%"},
                "xaxis": {"type": "category"},
                "showlegend": True,
                "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            },
        },
        "columns": [words.label(shown["label"]), _("Of those who left"), _("Of those who stayed")],
        "rows": [
            [name, words.percent(left), words.percent(stayed)]
            for name, left, stayed in zip(names, shown["left"], shown["stayed"], strict=True)
        ],
    }


def _trend(content: Content) -> list[Figure]:
    """Return who left by snapshot; nothing where there are fewer than two to compare."""
    days, measures = content["trends"]["days"], content["trends"]["measures"]
    known = [day for day in days if day["share"] is not None]
    if len(known) < 2:
        return []
    labels, units = words.feature_labels(content), {column["name"]: column["unit"] for column in content["columns"]}
    title = words.trend_title(content)
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [day["on"] for day in known],
        "y": [day["share"] for day in known],
        "line": {"color": "var(--chart-student)", "width": 2.5},
        "hovertemplate": "%{x|%-d %b %Y}: %{y:.1%}<extra></extra>",
    }
    layout = {"yaxis": {"tickformat": ".0%", "rangemode": "tozero"}, "xaxis": {"type": "date", "tickformat": "%b %Y"}}
    return [
        {
            "id": "left-over-time",
            "title": title,
            "alt": title,
            "figure": {"data": [line], "layout": layout},
            "columns": [
                _("Snapshot"),
                _("Students"),
                _("Left"),
                *(_("Mean: %(label)s") % {"label": labels[name]} for name in measures),
            ],
            "rows": [
                [
                    words.day(day["on"]),
                    day["n"],
                    words.percent(day["share"]),
                    *(words.number(day["means"][name], units[name]) for name in measures),
                ]
                for day in days
            ],
        }
    ]
