"""The sections of a model card on how good a version is: measures, calibration, groups, and what is chance."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.core import worse_than_chance
from modeling.model_cards import card_gaps
from modeling.model_cards import card_parts as parts
from modeling.model_cards.card_parts import SMALLEST, Part, Section
from modeling.model_cards.card_shares import of_tested
from modeling.models import ModelVersion
from modeling.training import training_config

# Measure, words, whether it is a share of the list, and the share of the rows it looks at.
AT_LINE = (("precision_at_capacity", "Right above the line"), ("recall_at_capacity", "Found above the line"))
AT_SHARES = (
    ("precision_at_5", "Right within the first 5%", 0.05),
    ("precision_at_10", "Right within the first 10%", 0.10),
    ("recall_at_10", "Found within the first 10%", 0.10),
)
OVERALL = (
    ("roc_auc", "ROC-AUC"),
    ("average_precision", "Average precision"),
    ("f1", "F1"),
    ("precision", "Precision at the threshold"),
    ("recall", "Recall at the threshold"),
    ("brier", "Brier score (lower is better)"),
    ("ece", "Calibration error (lower is better)"),
)
CONTENDERS = (("rule", "Rule"), ("logistic", "Plain formula"), ("ebm", "Explainable boosting"))
GROUP_MEASURES = (
    ("recall_at_capacity", "Found above the line"),
    ("precision_at_capacity", "Right above the line"),
    ("false_alarm_share", "False alarms"),
)


def measures(version: ModelVersion) -> Section:
    """Show the measures with their ranges, beside the rule and the plain formula."""
    metrics, intervals = version.metrics, version.evaluation.get("intervals", {})
    model = metrics["model"]
    others = [(who, label) for who, label in CONTENDERS if who in metrics]
    rows = []
    for name, label, share in _told(model):
        write = parts.percent if share is not None else parts.measure
        ends = intervals.get("model", {}).get(name)
        n = n_behind(name, model)
        said = [
            write(of.get(name)) if n is None or name not in of else of_tested(of[name], n)
            for of in (model, *(metrics[who] for who, _label in others))
        ]
        rows.append([_(label), said[0], parts.span(ends, write), *said[1:]])
    columns = [_("Measure"), _("Model"), _("Range (95%)"), *heads(version)]
    found: list[Part] = [parts.words(" ".join([*_line(version), *unranked(version, with_outcomes=True)]))]
    found.append(parts.table(_("On the snapshots tested"), columns, rows))
    if not intervals:
        found.append(parts.note(_("Ranges: not measured for this version.")))
    return Section(key="measures", title=_("How good it is"), parts=[*found, *_confusion(version)])


def heads(version: ModelVersion) -> list[str]:
    """Return the names of whom the model is compared with; who ranks worse than drawing lots is called so."""
    broken = worse_than_chance.of_version(version.metrics, version.evaluation)
    return [
        _("%(who)s (worse than drawing lots)") % {"who": _(label)} if who in broken else _(label)
        for who, label in CONTENDERS
        if who in version.metrics
    ]


def unranked(version: ModelVersion, *, with_outcomes: bool = False) -> list[str]:
    """Say how many of those tested would get no rank; a few, and how many of them left, are not for the public."""
    found = version.evaluation.get("as_shown")
    if not found:
        return []
    n = found["n"] - found["n_ranked"]
    if 0 < n < SMALLEST and not with_outcomes:
        return [_("Fewer than %(n)s of those tested would get no rank, as too little is recorded.") % {"n": SMALLEST}]
    words = {"n": f"{n:,}", "left": f"{found['n_left_unranked']:,}", "of": f"{found['n']:,}"}
    if n and with_outcomes:
        return [
            _("%(n)s of the %(of)s tested would get no rank, as too little is recorded; %(left)s of them left.") % words
        ]
    return [_("%(n)s of the %(of)s tested would get no rank, as too little is recorded.") % words]


def n_behind(name: str, model: dict[str, Any]) -> float | None:
    """Return how many of those tested stand behind a share of the list; None where it is no such share."""
    kind, _, cut = name.partition("_at_")
    if not cut:
        return None
    if kind == "recall":
        return float(model["n_positive"])
    return float(model["capacity"]) if cut == "capacity" else float(max(1, round(int(cut) / 100 * model["n"])))


def _told(model: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    """Return the measures to show; what looks at fewer than ten students is left out."""
    shown: list[tuple[str, str, float | None]] = []
    if model.get("capacity", 0) >= SMALLEST:
        shown += [(name, label, 1.0) for name, label in AT_LINE]
    shown += [(name, label, share) for name, label, share in AT_SHARES if share * model["n"] >= SMALLEST]
    return [(name, label, share) for name, label, share in shown if name in model] + [
        (name, label, None) for name, label in OVERALL if name in model
    ]


def _line(version: ModelVersion) -> list[str]:
    """Say what the model is worth where the list is cut, beside the rule."""
    model, rule = version.metrics["model"], version.metrics.get("rule")
    if "capacity" not in model:
        return [_("How often it is right at the team's capacity: not measured for this version.")]
    if model["capacity"] < SMALLEST:
        return [_("The team can see too few of those tested to tell how often it is right above the line.")]
    n = int(model["capacity"])
    words = {"n": n, "model": of_tested(model["precision_at_capacity"], n)}
    said = [_("The team can see as many as the first %(n)s of those tested. Of these, %(model)s left.") % words]
    if "rule" in worse_than_chance.of_version(version.metrics, version.evaluation):
        return [*said, _("The school's own rule ranks worse than drawing lots: not a fair comparison.")]
    if rule:
        words |= {"rule": of_tested(rule["precision_at_capacity"], n)}
        said.append(_("Of the first %(n)s by the school's own rule, %(rule)s left.") % words)
    lift = version.evaluation.get("lift", {}).get("over_rule", {}).get("capacity")
    if lift:
        ends = version.evaluation.get("intervals", {}).get("lift_over_rule", {}).get("capacity")
        times = {"lift": f"{lift:.1f}"}
        if ends:
            times |= {"low": f"{ends[0]:.1f}", "high": f"{ends[1]:.1f}"}
            said.append(_("That is %(lift)s times as often (range %(low)s–%(high)s).") % times)
        else:
            said.append(_("That is %(lift)s times as often.") % times)
    return said


def _confusion(version: ModelVersion) -> list[Part]:
    """Show the four fields above the line, where none tells of fewer than ten students."""
    fields = version.evaluation.get("confusion", {}).get("at_capacity")
    if not fields or min(fields.values()) < SMALLEST:
        return []
    rows = [
        [_("Above the line"), f"{fields['true_positive']:,}", f"{fields['false_positive']:,}"],
        [_("Below the line"), f"{fields['false_negative']:,}", f"{fields['true_negative']:,}"],
    ]
    return [parts.table(_("Above and below the line"), [_("Where"), _("Left"), _("Stayed")], rows)]


def calibration(version: ModelVersion) -> Section:
    """Show how far its estimates are what happened."""
    model, curves = version.metrics["model"], version.evaluation.get("curves", {})
    found: list[Part] = []
    if "ece" in model:
        said = _("Its estimates are off by %(points)s in 100 on average.") % {"points": f"{100 * model['ece']:.1f}"}
        found.append(parts.words(said))
    bins = curves.get("model", {}).get("calibration")
    if not bins:
        return Section(key="calibration", title=_("Whether its estimates hold"), parts=[*found, parts.not_measured()])
    # Imported here: numpy is no part of a page's start.
    from modeling.core.suppression import suppressed_shares

    n = [round(one["n"]) for one in bins]
    n_left = [round(one["n"] * one["case_share"]) for one in bins]
    hidden = suppressed_shares(n, n_left, SMALLEST)
    rows = [
        [parts.percent(one["risk"]), _("too few to show"), "–", f"{size:,}"]
        if is_hidden
        else [
            parts.percent(one["risk"]),
            parts.percent(one["case_share"]),
            parts.span([one["low"], one["high"]], parts.percent),
            f"{size:,}",
        ]
        for one, size, is_hidden in zip(bins, n, hidden, strict=True)
    ]
    columns = [_("Estimate, mean"), _("Left"), _("Range (95%)"), _("Snapshots")]
    found.append(parts.table(_("Estimates, and what happened"), columns, rows))
    return Section(key="calibration", title=_("Whether its estimates hold"), parts=found)


def groups(version: ModelVersion, *, with_crossed: bool = False) -> Section:
    """Show how the list treats groups, at the line where it is cut."""
    evaluation, title = version.evaluation, _("Whether it treats groups alike")
    if "gaps" not in evaluation:
        return Section(key="groups", title=title, parts=[parts.not_measured()])
    if not evaluation["gaps"]:
        said = _("By no protected attribute could groups be compared.")
        return Section(key="groups", title=title, parts=[parts.words(said)])
    tolerance = training_config.serving().promotion.maximum_recall_gap
    attributes = list(dict.fromkeys(row["attribute"] for row in evaluation["groups"]))
    tables = [
        parts.table(
            attribute.replace("_", " ").capitalize(),
            [_("Group"), _("Students"), *(_(label) for _name, label in GROUP_MEASURES), _("Enough to tell")],
            [_group(row) for row in evaluation["groups"] if row["attribute"] == attribute],
        )
        for attribute in attributes
        if with_crossed or " & " not in attribute
    ]
    hidden = evaluation.get("n_suppressed_groups", 0)
    small = _("%(n)s groups of fewer than %(smallest)s students are not shown.") % {"n": hidden, "smallest": SMALLEST}
    return Section(
        key="groups",
        title=title,
        parts=[
            parts.points([card_gaps.in_words(gap, tolerance=tolerance) for gap in evaluation["gaps"]]),
            *tables,
            parts.note(*([small] if hidden else []), _helped(evaluation)),
        ],
    )


def _group(row: dict[str, Any]) -> list[str]:
    cells = []
    for name, _label in GROUP_MEASURES:
        told = row.get(name) or {}
        ends = [told.get("low"), told.get("high")]
        value = parts.whole_percent(told.get("value"))
        cells.append(value if ends[0] is None else f"{value} ({parts.span(ends, parts.whole_percent)})")
    verdict = _("too few to tell") if row["verdict"] == "too_few" else _("yes")
    return [str(row["value"]), parts.count(row["n"]), *cells, verdict]


def _helped(evaluation: dict[str, Any]) -> str:
    share = evaluation.get("helped", {}).get("share")
    if share is None:
        return ""
    return _("Of those above the line, %(share)s were helped afterwards: some may have stayed for it.") % {
        "share": parts.percent(share)
    }


def chance(version: ModelVersion) -> Section:
    """Say how much of a list and of its reasons is chance."""
    stability, reasons = version.evaluation.get("stability"), version.specification.get("reasons")
    said = []
    if stability and stability.get("top5_jaccard") is not None:
        said.append(
            _("Learned anew %(n)s times from drawn students, %(top)s of the first 5%% of the list stayed the same.")
            % {"n": stability["n_refits"], "top": parts.percent(stability["top5_jaccard"])}
        )
        line = stability.get("capacity_jaccard")
        if line is not None:
            said.append(_("Of as many as the team can see, %(share)s did.") % {"share": parts.percent(line)})
    else:
        said.append(_("How much of the list is chance: not measured for this version."))
    return Section(key="chance", title=_("How much is chance"), parts=[parts.words(" ".join(said), _reasons(reasons))])


def _reasons(reasons: dict[str, Any] | None) -> str:
    if reasons is None or (reasons and "holds_share_after" not in reasons):
        return _("How many reasons hold: not measured for this version.")
    if not reasons:
        return _("There were too few students to tell which reasons hold, so all are told.")
    if reasons.get("margin") is None or reasons["holds_share_after"] is None:
        return _("No reason holds often enough to be told.")
    words = {
        "before": parts.percent(reasons["holds_share_before"]),
        "after": parts.percent(reasons["holds_share_after"]),
        "kept": parts.percent(reasons["kept_share"]),
    }
    said = _(
        "Reasons that might be chance are not told: %(kept)s of the first reasons are. Learned anew, %(after)s of "
        "those told come again; of all it would have been %(before)s."
    )
    return said % words
