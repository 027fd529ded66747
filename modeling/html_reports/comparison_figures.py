"""The drawings of the comparison report: ROC, precision over recall, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modeling.html_reports import report_html
from modeling.html_reports.report_html import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES: tuple[dict[str, Any], ...] = (
    {"color": report_html.FIRST, "linewidth": 2.4},
    {"color": report_html.SECOND, "linewidth": 1.6, "linestyle": "--"},
    {"color": report_html.THIRD, "linewidth": 1.6, "linestyle": "-."},
    {"color": report_html.QUIET, "linewidth": 1.2, "linestyle": ":"},
)
CHANCE: dict[str, Any] = {"color": report_html.QUIET, "linewidth": 0.8}


def draw_roc(report: Report, curves: dict[str, dict[str, Any]]) -> None:
    """Draw who left among those listed against who stayed among them."""

    def draw(axes: Axes) -> None:
        _lines(axes, curves, "roc")
        axes.plot([0, 1], [0, 1], **CHANCE)
        axes.set_xlabel("Listed, of those who stayed")
        axes.set_ylabel("Listed, of those who left")

    report.figure(
        draw,
        title="Who left is told from who stayed",
        alt=_at_points(curves, "roc", "Listed of those who left, where a tenth of those who stayed is listed", at=0.1),
    )


def draw_precision_recall(report: Report, curves: dict[str, dict[str, Any]], *, base_rate: float) -> None:
    """Draw how often a list is right the longer it gets."""

    def draw(axes: Axes) -> None:
        _lines(axes, curves, "precision_recall")
        axes.axhline(base_rate, **CHANCE)
        axes.set_xlabel("Found, of those who left")
        axes.set_ylabel("Right, of those listed")

    report.figure(
        draw,
        title="The longer the list, the less often it is right",
        alt=_at_points(curves, "precision_recall", "Right where half of those who left are found", at=0.5),
    )


def draw_calibration(report: Report, bins: list[dict[str, float]]) -> None:
    """Draw risks against what happened, and list both."""

    def draw(axes: Axes) -> None:
        risk, share = [one["risk"] for one in bins], [one["case_share"] for one in bins]
        reach = [
            [one["case_share"] - one["low"] for one in bins],
            [one["high"] - one["case_share"] for one in bins],
        ]
        axes.plot([0, 1], [0, 1], **CHANCE)
        axes.errorbar(risk, share, yerr=reach, fmt="o-", color=report_html.FIRST, linewidth=1.4, capsize=3)
        axes.set_xlabel("Risk that was said")
        axes.set_ylabel("Share that left")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)

    report.figure(
        draw,
        title="Risks beside what happened; on the thin line they agree",
        alt="; ".join(f"risk {one['risk']:.2f}: {one['case_share']:.2f} left" for one in bins) or "Too few to tell.",
    )
    report.table(
        caption="Students with about the same risk",
        columns=["Mean risk", "Snapshots", "Share that left", "95 % interval"],
        rows=[
            [f"{one['risk']:.3f}", int(one["n"]), one["case_share"], f"{one['low']:.3f} to {one['high']:.3f}"]
            for one in bins
        ],
    )


def _lines(axes: Axes, curves: dict[str, dict[str, Any]], name: str) -> None:
    for style, (who, drawn) in zip(STYLES, curves.items(), strict=False):
        axes.plot(drawn[name]["x"], drawn[name]["y"], label=who, **style)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize=8)


def _at_points(curves: dict[str, dict[str, Any]], name: str, words: str, *, at: float) -> str:
    told = ", ".join(f"{who} {read(drawn[name], at):.2f}" for who, drawn in curves.items())
    return f"{words}: {told}."


def read(curve: dict[str, list[float]], at: float) -> float:
    """Return the height of a curve at a place, between its points."""
    before = (curve["x"][0], curve["y"][0])
    for x, y in zip(curve["x"], curve["y"], strict=True):
        if x >= at:
            return y if x == before[0] else before[1] + (y - before[1]) * (at - before[0]) / (x - before[0])
        before = (x, y)
    return before[1]
