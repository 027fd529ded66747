"""The figure of a student's place over the lists so far, as Plotly JSON; numbers stand on it only if asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from predictions import wording
from predictions.models import RiskScore, ScoringRun, Tier
from students.models import Student

FEWEST_LISTS = 2
HEIGHT = {Tier.ROUTINE_SUPPORT: 0, Tier.CHECK_IN: 1, Tier.REVIEW_FIRST: 2}


def scores_so_far(student: Student, *, of: ScoringRun) -> list[RiskScore]:
    """Return a student's scores on the lists made as that run was, by the model or by the rule, the oldest first.

    A place on the model's list and one on the rule's are two scales, and where the rule decides, what the model said
    before is not shown. Each score has its run, and of both what a place is made of.
    """
    made_alike = student.risk_scores.filter(run__decided_by=of.decided_by, run__published_at__isnull=False)
    shown = made_alike.select_related("run").only(
        "student", "risk", "tier", "rank", "insufficient_data", "run__as_of", "run__n_scored", "run__n_insufficient"
    )
    return list(shown.order_by("run__as_of", "run__published_at"))


def figure(scores: Iterable[RiskScore], *, in_numbers: bool) -> dict[str, Any] | None:
    """Return the figure of `scores_so_far`; None before the second list."""
    points = list({score.run.as_of: score for score in scores if not score.insufficient_data}.values())
    if len(points) < FEWEST_LISTS:
        return None
    title = _title(points)
    labels = [wording.tier_label(score.tier) for score in points]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [score.run.as_of.isoformat() for score in points],
        "y": [round(score.risk or 0.0, 4) if in_numbers else _place(score) for score in points],
        "text": labels,
        "line": {"color": "var(--chart-student)", "width": 2.5},
        "hovertemplate": "%{x|%-d %b %Y}<br>%{text}<extra></extra>",
    }
    axis: dict[str, Any] = {"tickformat": ".0%", "rangemode": "tozero"}
    if not in_numbers:
        axis = {"range": [-0.08, 1.08], "tickvals": [0, 1], "ticktext": [_("last"), _("first")]}
    return {
        "id": "risk-chart",
        "title": title,
        "alt": title,
        "figure": {"data": [line], "layout": {"yaxis": axis, "xaxis": {"type": "date", "tickformat": "%b %Y"}}},
        "columns": [_("Records up to"), _("Support suggested"), _("Estimate") if in_numbers else _("Place")],
        "rows": [
            [date_format(score.run.as_of, "j M Y"), label, _in_words(score, in_numbers)]
            for score, label in zip(points, labels, strict=True)
        ],
    }


def _n_ranked(score: RiskScore) -> int:
    return max(1, score.run.n_scored - score.run.n_insufficient)


def _place(score: RiskScore) -> float:
    """Place a score among its own list's, 1 at the top: a place says what a number would say too loudly."""
    return round(1 - ((score.rank or 1) - 1) / _n_ranked(score), 3)


def _in_words(score: RiskScore, in_numbers: bool) -> str:
    if in_numbers:
        return f"{score.risk:.0%}"
    return _("%(rank)s of %(n)s") % {"rank": score.rank, "n": _n_ranked(score)}


def _title(points: list[RiskScore]) -> str:
    change = HEIGHT[Tier(points[-1].tier)] - HEIGHT[Tier(points[0].tier)]
    words = {"day": date_format(points[0].run.as_of, "j F Y")}
    if change > 0:
        return _("Moved up the list since %(day)s") % words
    if change < 0:
        return _("Moved down the list since %(day)s") % words
    return _("About the same place since %(day)s") % words
