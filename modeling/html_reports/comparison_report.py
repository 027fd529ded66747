"""Writes how a version did beside the school's rule and plain formulas: everything is read from the version's row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from modeling.core import worse_than_chance
from modeling.html_reports import comparison_figures, comparison_groups
from modeling.html_reports.report_html import Report
from modeling.models import ModelVersion

NAMES = {
    "model": "This model",
    "logistic": "Logistic regression",
    "rule": "The school's rule",
    "ebm": "Explainable boosting machine",
}
WHO_THEY_ARE = {
    "model": "Boosted trees (LightGBM) with calibrated risks.",
    "logistic": "A weighted sum of the same features, fitted to the same rows.",
    "rule": "The points of the school's own rule, read as the share of past students with as many who left.",
    "ebm": "A sum of one curve per feature, fitted to the same rows.",
}
BROKEN = {
    "model": "This model ranks worse than drawing lots.",
    "logistic": "The logistic regression ranks worse than drawing lots: not a fair comparison.",
    "rule": "The school's rule ranks worse than drawing lots: not a fair comparison.",
    "ebm": "The explainable boosting machine ranks worse than drawing lots: not a fair comparison.",
}
RULE_TURNED_ROUND = (
    "The school's rule points the wrong way: it ranks worse than drawing lots, so it is not a fair comparison."
)
MEASURES = {
    "precision_at_capacity": "Right, of those above the team's line",
    "recall_at_capacity": "Found above the line, of those who left",
    "precision_at_5": "Right, of the first 5 %",
    "precision_at_10": "Right, of the first 10 %",
    "precision_at_20": "Right, of the first 20 %",
    "recall_at_5": "Found in the first 5 %",
    "recall_at_10": "Found in the first 10 %",
    "recall_at_20": "Found in the first 20 %",
    "roc_auc": "ROC-AUC",
    "average_precision": "Average precision",
    "f1": "F1 at the threshold",
    "precision": "Precision at the threshold",
    "recall": "Recall at the threshold",
    "brier": "Brier score (lower is better)",
    "ece": "Calibration error (lower is better)",
}
CUTS = {"5": "first 5 %", "10": "first 10 %", "20": "first 20 %", "capacity": "team's line"}
FILES = ("model_comparison.md", "model_comparison.html")
NOT_MEASURED = "This version was trained before intervals, curves and groups were kept. Train again to have them."


def files(version: ModelVersion) -> dict[str, str]:
    """Return the report's files by name: Markdown, and HTML in one file with its figures."""
    report = document(version)
    return dict(zip(FILES, (report.markdown(), report.html()), strict=True))


def document(version: ModelVersion) -> Report:
    """Return the report."""
    report = Report(
        title=f"Model {version.number} beside the rule and plain formulas",
        subtitle=f"{version.institution.name} · trained {version.trained_at:%Y-%m-%d} · {judged_on(version.metrics)}",
    )
    _compared(report, version)
    _measured(report, version)
    if version.evaluation.get("intervals"):
        _drawn(report, version)
        _lift(report, version)
        _stability(report, version)
        comparison_groups.write(report, version.evaluation)
        _monotone(report, version)
        _suspicious(report, version)
    else:
        report.note(NOT_MEASURED)
    _class_balance(report, version)
    _made_of(report, version)
    return report


def judged_on(metrics: dict[str, Any]) -> str:
    """Say on whom a version was judged."""
    split, n_left = metrics["split"], int(metrics["model"]["n_positive"])
    rows = f"judged on {split['n_test']:,} snapshots of students set aside, {n_left:,} of whom left"
    if split["kind"] == "temporal":
        return f"{rows}, from {dt.date.fromisoformat(split['test_from']):%Y-%m-%d} on"
    return f"{rows} ({split['test_share']:.0%}; there are no years to part by)"


def with_interval(value: float | None, interval: list[float] | None, *, signed: bool = False) -> str | None:
    """Write a figure with its 95 % interval, "0.843 (0.812 to 0.871)"."""
    if value is None:
        return None
    style = "+.3f" if signed else ".3f"
    words = f"{value:{style}}"
    return f"{words} ({interval[0]:{style}} to {interval[1]:{style}})" if interval else words


def broken(version: ModelVersion) -> dict[str, str]:
    """Return who ranks worse than drawing lots, each with the sentence that says so."""
    found = worse_than_chance.of_version(version.metrics, version.evaluation)
    return {who: _broken_in_words(who, how) for who, how in found.items()}


def _broken_in_words(who: str, how: str) -> str:
    if how == "perhaps":
        return f"{BROKEN[who]} That may be chance."
    return RULE_TURNED_ROUND if who == "rule" else BROKEN[who]


def present(version: ModelVersion) -> list[str]:
    """Return who was measured, the version first."""
    return [who for who in NAMES if who in version.metrics]


def _compared(report: Report, version: ModelVersion) -> None:
    report.heading("Who it is compared with")
    report.bullets(f"{NAMES[who]}: {WHO_THEY_ARE[who]}" for who in present(version))
    for sentence in broken(version).values():
        report.note(sentence)
    if "rule" not in version.metrics:
        report.paragraph("No rule of the school's asks about features that these records have.")


def _measured(report: Report, version: ModelVersion) -> None:
    report.heading("How good each of them is")
    metrics, intervals = version.metrics, version.evaluation.get("intervals", {})
    who = present(version)
    capacity = metrics["model"].get("capacity")
    if capacity:
        n = int(metrics["model"]["n"])
        report.paragraph(f"The team's line lies at {int(capacity):,} of the {n:,} snapshots judged.")
    report.table(
        caption="Figures with 95 % intervals",
        columns=["Measure", *(NAMES[one] for one in who)],
        rows=[
            [words, *(with_interval(metrics[one].get(name), intervals.get(one, {}).get(name)) for one in who)]
            for name, words in MEASURES.items()
        ],
    )
    unfair = broken(version)
    others = [one for one in who[1:] if f"model_minus_{one}" in intervals and one not in unfair]
    if others:
        report.table(
            caption="How far this model lies above each, with 95 % intervals",
            columns=["Measure", *(NAMES[one] for one in others)],
            rows=[[words, *(_lead(version, one, name) for one in others)] for name, words in MEASURES.items()],
        )
        report.note(
            f"Intervals come from {version.evaluation['n_bootstraps']} resamples of the students judged, the same for "
            "everybody. Where one holds both signs, chance alone could explain the difference. Brier score and "
            "calibration error say little of a rule."
        )


def _lead(version: ModelVersion, other: str, name: str) -> str | None:
    metrics = version.metrics
    if name not in metrics["model"] or name not in metrics[other]:
        return None
    difference = metrics["model"][name] - metrics[other][name]
    return with_interval(difference, version.evaluation["intervals"][f"model_minus_{other}"].get(name), signed=True)


def _drawn(report: Report, version: ModelVersion) -> None:
    report.heading("Curves")
    unfair = broken(version)
    names = {who: f"{NAMES[who]} (worse than lots)" if who in unfair else NAMES[who] for who in present(version)}
    curves = {names[who]: version.evaluation["curves"][who] for who in names}
    comparison_figures.draw_roc(report, curves)
    comparison_figures.draw_precision_recall(report, curves, base_rate=_base_rate(version))
    report.heading("Does the risk come true?")
    comparison_figures.draw_calibration(report, version.evaluation["curves"]["model"]["calibration"])


def _base_rate(version: ModelVersion) -> float:
    of_model = version.metrics["model"]
    return float(of_model["n_positive"]) / float(of_model["n"])


def _lift(report: Report, version: ModelVersion) -> None:
    report.heading("How much more often is it right?")
    lift, intervals = version.evaluation["lift"], version.evaluation["intervals"].get("lift_over_rule", {})
    of_rule = {} if "rule" in broken(version) else lift.get("over_rule", {})
    report.table(
        caption="How many times as often a student listed did leave",
        columns=["List", "Than of the rule's list", "Than of students drawn by lot"],
        rows=[
            [words, with_interval(of_rule.get(cut), intervals.get(cut)), lift["over_base"][cut]]
            for cut, words in CUTS.items()
        ],
    )


def _stability(report: Report, version: ModelVersion) -> None:
    report.heading("Would the list hold?")
    stability = version.evaluation["stability"]
    jaccards = {"first 5 %": stability["top5_jaccard"], "list down to the team's line": stability["capacity_jaccard"]}
    report.bullets(
        f"Refitted to {stability['n_refits']} resamples of the students, two lists share "
        f"{names_that_stay(jaccard)} of 10 names of the {part} (mean Jaccard index {jaccard:.3f})."
        for part, jaccard in jaccards.items()
        if jaccard is not None
    )


def names_that_stay(jaccard: float) -> int:
    """Return how many of 10 names two lists of equal length share, from the names shared over all names."""
    return round(20 * jaccard / (1 + jaccard))


def _monotone(report: Report, version: ModelVersion) -> None:
    report.heading("What one direction costs")
    cost = version.evaluation["monotone_cost"]
    if not cost:
        report.paragraph("No feature is bound to act in one direction.")
        return
    report.paragraph(
        f"{cost['n_features']} features may act only in the direction that is beyond doubt. So bound, the "
        f"ROC-AUC is {cost['roc_auc_with']:.3f}, unbound {cost['roc_auc_without']:.3f}."
    )


def _suspicious(report: Report, version: ModelVersion) -> None:
    report.heading("Is anything too good to be true?")
    found = version.evaluation["suspicious"]
    if not found:
        report.paragraph("No single feature tells the outcome alone.")
        return
    report.paragraph("These tell the outcome almost alone. Find out whether they were written down after it.")
    report.bullets(f"{one['feature']}: ROC-AUC {one['roc_auc']:.3f} by itself" for one in found)


def _class_balance(report: Report, version: ModelVersion) -> None:
    balance = version.evaluation.get("class_balance")
    if not balance:
        return
    report.heading("How many of either outcome it learned from")
    methods = {"none": "Nothing was done about it", "class_weights": "Weights", "smote": "Synthetic rows (SMOTE)"}
    report.table(
        caption=f"Training rows by outcome. {methods.get(balance['method'], balance['method'])}.",
        columns=["Rows", "Left", "Stayed"],
        rows=[
            [words, round(balance[when]["left"]), round(balance[when]["stayed"])]
            for when, words in (("before", "as recorded"), ("after", "as the trees saw them"))
        ],
    )


def _made_of(report: Report, version: ModelVersion) -> None:
    report.heading("What this comes from")
    dates, split = version.dataset.snapshot_dates, version.metrics["split"]
    report.facts(
        [
            ("Snapshots", ", ".join(day.isoformat() for day in dates)),
            ("Rows", f"{split['n_train']:,} to learn from, {split['n_test']:,} to judge on"),
            ("Horizon", f"{version.dataset.horizon_days} days"),
            ("Data (SHA-256)", version.dataset.content_sha256),
            ("Model (SHA-256)", version.sha256),
            ("Code", version.code_version),
            ("Seed", str(version.seed)),
            ("Libraries", ", ".join(f"{name} {number}" for name, number in version.library_versions.items())),
            ("Trained", f"{version.trained_at:%Y-%m-%d %H:%M} UTC"),
        ]
    )
