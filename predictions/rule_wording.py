"""What the school's rule says in words: why it makes the list, which signs a student shows, who shares their points."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.core.feature import Feature
from modeling.models import ModelSwitch, ModelVersion
from modeling.promotion import decider, promotion_gate
from predictions.models import DecidedBy, RiskScore, ScoringRun

# A rule as a run keeps it: a line of configs/rules.yaml, and whether a school can change what it asks about.
Step = dict[str, Any]


def why_the_rule(run: ScoringRun) -> str:
    """Return why the rule and not the model made a list, in a sentence; "" where the model did."""
    if run.decided_by != DecidedBy.RULE:
        return ""
    if run.why_rule == "switched_off":
        return _switched_off(run)
    if run.why_rule == "few_labels":
        n = decider.configuration().handover.minimum_labels
        return _("Fewer than %(n)s known outcomes: the model has too little to learn from.") % {"n": n}
    if run.why_rule == "file_changed":
        return _("What is stored of the model is not, byte for byte, what was registered, so it is not read.")
    if run.why_rule == "not_better":
        return _("The model is not better than the rule at your capacity.")
    if run.why_rule == "waits":
        return _waits()
    return _("There is no model yet.")


def _waits() -> str:
    """Return why the version that waits does so: the checks that speak against it, and who may overrule them."""
    version = ModelVersion.objects.defer("booster_text").select_related("dataset").filter(is_challenger=True).first()
    said = [_("The model waits until a named person lets it decide.")]
    if version is not None:
        said += promotion_gate.unresolved(promotion_gate.gate(version, champion=None, churn_share=None))
    return " ".join(said)


def _switched_off(run: ScoringRun) -> str:
    switches = ModelSwitch.objects.filter(is_on=False).select_related("by")
    switch = switches.filter(at__lte=run.published_at).first() or switches.first()
    if switch is None:
        return _("The model is switched off.")
    words = {"who": switch.by, "day": date_format(switch.at, "j F Y"), "reason": with_a_stop(switch.reason)}
    if switch.by is None:
        return _("The model was switched off on %(day)s: %(reason)s") % words
    return _("The model was switched off by %(who)s on %(day)s: %(reason)s") % words


def sentence(step: Step) -> str:
    """Return the words of one sign as a sentence."""
    return with_a_stop(_(str(step["words"])))


def with_a_stop(words: str) -> str:
    """Return words that end like a sentence."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


def sentences(rules: list[Step], positions: Collection[int]) -> list[str]:
    """Return the words of the signs a student shows, the weightiest first; of one trouble only the weightiest."""
    return [sentence(step) for step in _told(rules, positions)]


def signs(rules: list[Step], positions: Collection[int]) -> str:
    """Say how many of the rule's signs a student shows; what is of one domain, or about one thing, is one sign."""
    names = [step.get("domain") or step["feature"] for step in rules]
    n, of = len({names[position] for position in positions}), len(set(names))
    return ngettext("%(n)s of %(of)s sign", "%(n)s of %(of)s signs", of) % {"n": n, "of": of}


def not_known(rules: list[Step], unknown: Mapping[str, Any]) -> str:
    """Say of how many signs nobody can tell whether a student shows them; "" where all are known."""
    absent = set(unknown.get("not_recorded", ()))
    n = len({step["feature"] for step in rules} & absent)
    if not n:
        return ""
    return ngettext(
        "%(n)s thing that the rule asks about is not recorded.",
        "%(n)s things that the rule asks about are not recorded.",
        n,
    ) % {"n": n}


def sharing(run: ScoringRun, score: RiskScore) -> int:
    """Return how many students of a list have as many points as this one, this one included."""
    return int(run.rule_standing.get("n_by_points", {}).get(f"{score.rule_points or 0:g}", 0))


def shared_words(run: ScoringRun, score: RiskScore) -> str:
    """Say aloud that the rule cannot tell some students apart; "" where it can."""
    n = sharing(run, score)
    return _("%(n)s students share these points.") % {"n": n} if n > 1 else ""


def condition(step: Step, features: Mapping[str, Feature]) -> dict[str, Any]:
    """Return one sign of the rule in words: what it says of a student, when, and what it is worth."""
    feature = features[step["feature"]]
    value = step["value"]
    if feature.kind == "flag":
        shown = _("yes") if value else _("no")
    elif feature.kind == "category":
        shown = _(feature.levels.get(str(value), str(value)))
    elif feature.unit == "share":
        shown = _("%(n)s of 100") % {"n": f"{100 * value:g}"}
    else:
        shown = f"{value:g}"
    compared = {
        "at_least": _("%(what)s: %(value)s or more"),
        "above": _("%(what)s: more than %(value)s"),
        "at_most": _("%(what)s: %(value)s or less"),
        "below": _("%(what)s: less than %(value)s"),
        "equals": _("%(what)s: %(value)s"),
    }[step["op"]]
    points = step["points"]
    return {
        "sentence": sentence(step),
        "condition": compared % {"what": _(feature.label) if feature.label else feature.name, "value": shown},
        "points": ngettext("%(n)s point", "%(n)s points", 1 if points == 1 else 2) % {"n": f"{points:g}"},
        "domain": _(step["domain"]) if step.get("domain") else "",
    }


def reasons(rules: list[Step], positions: Collection[int]) -> list[dict[str, Any]]:
    """Return the signs a student shows in the form in which the API tells reasons."""
    return [
        {
            "code": step["feature"],
            "text": sentence(step),
            "value": None,
            "comparison": "",
            "direction": "raises",
            "changeable": bool(step.get("changeable")),
        }
        for step in _told(rules, positions)
    ]


def _told(rules: list[Step], positions: Collection[int]) -> list[Step]:
    """Return what is worth saying: who passed fewer than 3 units need not hear that these are fewer than 5."""
    met = [rules[position] for position in sorted(positions) if position < len(rules)]
    strictest: dict[tuple[str, bool], Step] = {}
    for step in met:
        about = (step["feature"], step["op"] in ("at_least", "above"))
        if about not in strictest or _strictness(step) > _strictness(strictest[about]):
            strictest[about] = step
    told: dict[str, Step] = {}
    for step in sorted(strictest.values(), key=lambda step: -step["points"]):
        told.setdefault(step.get("domain") or step["feature"], step)
    return list(told.values())


def _strictness(step: Step) -> float:
    if isinstance(step["value"], str) or step["op"] == "equals":
        return 0.0
    return float(step["value"] if step["op"] in ("at_least", "above") else -step["value"])


def until_when(run: ScoringRun) -> str:
    """Say by when help has to begin to fit into the term; "" where no term is known."""
    if run.act_by is None or run.term_ends_on is None:
        return ""
    words = {
        "act_by": date_format(run.act_by, "j F Y"),
        "ends": date_format(run.term_ends_on, "j F Y"),
        "n": (run.term_ends_on - run.act_by).days,
    }
    if run.act_by < run.as_of:
        return _("Help usually takes %(n)s days here. It no longer fits before the term ends on %(ends)s.") % words
    return _("Act by %(act_by)s: help usually takes %(n)s days here, and the term ends on %(ends)s.") % words
