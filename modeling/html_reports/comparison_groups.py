"""The part of the comparison report on groups: how the list treats them where it is cut."""

from __future__ import annotations

from typing import Any

from modeling.html_reports.report_html import Report
from modeling.model_cards import card_gaps
from modeling.training import training_config

MEASURES = {
    "recall_at_capacity": "Found, of those who left",
    "precision_at_capacity": "Right, of those listed",
    "false_alarm_share": "Listed, of those who stayed",
    "calibration_gap": "Risk above what happened",
}


def write(report: Report, evaluation: dict[str, Any]) -> None:
    """Add the section on groups."""
    report.heading("Does it serve every group?")
    report.paragraph(
        "Protected attributes never reach the model. They are looked at here alone, at the line where the list is cut."
    )
    groups = evaluation.get("groups", [])
    if not groups:
        report.paragraph("No protected attribute is on record whose groups are large enough to compare.")
        return
    told = [gap for gap in evaluation["gaps"] if gap["gap"] is not None]
    report.bullets(gap_in_words(gap) for gap in told)
    if few := [attribute_in_words(gap["attribute"]) for gap in evaluation["gaps"] if gap["gap"] is None]:
        report.paragraph(f"Too few students left to tell by {', '.join(few)}.")
    for is_crossed, caption in ((False, "By group"), (True, "By two attributes at once")):
        rows = [group for group in groups if (" & " in group["attribute"]) == is_crossed and _is_told(group)]
        if rows:
            _table(report, rows, caption=caption)
    _helped(report, evaluation["helped"])
    report.note(
        f"{evaluation['n_suppressed_groups']} groups are too small to show; of others too few left. A dash: too few "
        "students stand behind the figure, or it would give a small number away. Intervals are 95 %; of the largest "
        "gap of several they allow for its having been picked."
    )


def attribute_in_words(name: str) -> str:
    """Return an attribute's name as words."""
    return name.replace("_", " ")


def gap_in_words(gap: dict[str, Any]) -> str:
    """Say whether the groups of an attribute are found equally often."""
    name = attribute_in_words(gap["attribute"])
    most, least = gap["between"]
    size = f"{gap['gap']:.2f} ({gap['low']:.2f} to {gap['high']:.2f})"
    tolerance = training_config.serving().promotion.maximum_recall_gap
    found = card_gaps.verdict(gap, tolerance=tolerance)
    if found == "gap":
        return f"By {name}: of those who left, {most} are found more often than {least}, by {size}."
    if found == "none":
        return f"By {name}: no clear gap. The largest, between {most} and {least}, is {size}, within {tolerance:.2f}."
    return (
        f"By {name}: cannot tell. The largest gap, between {most} and {least}, is {size}: none, or more than tolerated."
    )


def _is_told(group: dict[str, Any]) -> bool:
    return any(group[measure]["value"] is not None for measure in MEASURES)


def _table(report: Report, groups: list[dict[str, Any]], *, caption: str) -> None:
    report.table(
        caption=f"{caption}, at the team's line",
        columns=["Attribute", "Group", "Students", "Who left", "Listed", *MEASURES.values()],
        rows=[
            [
                attribute_in_words(group["attribute"]),
                group["value"],
                group["n"],
                group["n_positive"],
                group["n_listed"],
                *(_told(group[measure]) for measure in MEASURES),
            ]
            for group in groups
        ],
        n_text_columns=2,
    )


def _told(measure: dict[str, float | None]) -> str | None:
    if measure["value"] is None:
        return None
    if measure["low"] is None:
        return f"{measure['value']:.2f}"
    return f"{measure['value']:.2f} ({measure['low']:.2f} to {measure['high']:.2f})"


def _helped(report: Report, helped: dict[str, Any]) -> None:
    if helped["share"] is None:
        return
    report.paragraph(
        f"Of those above the line, {helped['share']:.0%} were helped within the horizon; their outcome is not what "
        "would have happened without help."
    )
    if helped["groups"]:
        report.table(
            caption="Helped, of those above the line",
            columns=["Attribute", "Group", "Share"],
            rows=[
                [attribute_in_words(one["attribute"]), one["value"], _told({**one, "value": one["share"]})]
                for one in helped["groups"]
            ],
            n_text_columns=2,
        )
