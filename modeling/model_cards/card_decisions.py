"""The sections of a model card on its limits, on who let it decide, and on what changed since."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from modeling.model_cards import card_parts as parts
from modeling.model_cards import card_statements as statements
from modeling.model_cards.card_measures import AT_LINE
from modeling.model_cards.card_parts import Part, Section
from modeling.model_cards.card_statements import Reasons, Standing, State
from modeling.models import ModelSwitch, ModelVersion, Promotion
from modeling.promotion import promotion_gate
from modeling.promotion.decider import ListSource
from modeling.training import training_config

# With fewer who left among those tested a share has a range of twenty in a hundred and more.
FEW_WHO_LEFT = 100
NEARLY_NEVER = 0.99
WHY_RULE = {
    "no_model": "there is no model yet",
    "waits": "the model waits until a named person lets it decide",
    "few_labels": "too few outcomes are known for a model to learn from",
    "not_better": "the model was not better than the rule",
    "switched_off": "the model is switched off",
    "file_changed": "what is stored of the model is not what was registered",
}


CHECKED = {
    "labels": "Enough known outcomes to learn from",
    "lift": "Right more often than the school's rule",
    "calibration": "Estimates close to what happened",
    "recall_gap": "No large gap between groups",
    "churn": "Few names change at once",
    "suspicious": "No record that is the outcome in disguise",
}


def state(version: ModelVersion, decision: ListSource, *, has_rule: bool) -> State:
    """Return what is so of the version and its institution at this moment."""
    came = tuple(Promotion.objects.filter(version=version).order_by("at", "pk").values_list("kind", flat=True))
    standing: Standing = "retired" if came else "never"
    if version.is_champion or version.is_challenger:
        standing = "champion" if version.is_champion else "waiting"
    return State(
        standing=standing,
        came=came,
        has_champion=decision.champion is not None or version.is_champion,
        has_rule=has_rule,
        is_on=decision.reason != "switched_off",
        needs_person=training_config.serving().promotion.needs_person,
        reasons=_which_reasons(version.specification.get("reasons")),
        learned_here=version.dataset.institution_id == version.institution_id,
    )


def _which_reasons(found: dict[str, Any] | None) -> Reasons:
    if found is None or (found and "holds_share_after" not in found):
        return "unknown"
    if not found:
        return "all"
    return "none" if found.get("margin") is None or found["holds_share_after"] is None else "held"


def standing(version: ModelVersion, decision: ListSource) -> str:
    """Say what the version does now."""
    if not version.is_champion:
        return (
            _("This model waits to be let decide.")
            if version.is_challenger
            else _("This model does not make the list.")
        )
    if decision.kind == "model":
        return _("This model makes the list now.")
    return _("The school's own rule makes the list now: %(why)s.") % {"why": _(WHY_RULE[decision.reason])}


def limits(version: ModelVersion, at: State, *, is_open: bool) -> Section:
    """Say what the figures do not carry."""
    found = [
        *_of_the_test(version, is_open=is_open),
        *_of_the_records(version),
        *_of_the_groups(version),
        *statements.only_here(at),
    ]
    return Section(
        key="limits",
        title=_("What it cannot do"),
        parts=[parts.points(found), parts.points([statements.not_cause()], is_fixed=True)],
    )


def _of_the_test(version: ModelVersion, *, is_open: bool) -> list[str]:
    metrics, config, found = version.metrics, training_config.serving(), []
    n_left = metrics["split"].get("n_positive_test", metrics["model"]["n_positive"])
    if n_left < FEW_WHO_LEFT:
        found.append(
            _("Only %(n)s of the looks it was tested on ended in leaving. Any figure here may be off by chance.")
            % {"n": parts.count(n_left) if is_open else _("a few")}
        )
    if metrics["split"]["kind"] != "temporal":
        found.append(_("It was not tested on a later year, so what changes from year to year is not seen."))
    if version.dataset.n_students < config.handover.minimum_labels:
        found.append(
            _("It learned from %(n)s students. At least %(minimum)s are asked before a model may make the list.")
            % {"n": f"{version.dataset.n_students:,}", "minimum": config.handover.minimum_labels}
        )
    worse = [name for name, _label in AT_LINE if _is_worse(metrics, name)]
    if worse or _is_worse(metrics, "roc_auc"):
        found.append(_("In part of the figures the school's own rule did as well or better."))
    if metrics["model"].get("ece", 0.0) > config.promotion.maximum_calibration_error:
        limit = {"limit": parts.percent(config.promotion.maximum_calibration_error)}
        found.append(_("Its estimates are off by more than the %(limit)s allowed: read places, not numbers.") % limit)
    return found


def _is_worse(metrics: dict[str, Any], name: str) -> bool:
    rule = metrics.get("rule", {})
    return name in rule and name in metrics["model"] and metrics["model"][name] <= rule[name]


def _of_the_records(version: ModelVersion) -> list[str]:
    specification, found = version.specification, []
    labels = {fields["name"]: _(fields["label"] or fields["name"]) for fields in specification["features"]}
    reference = specification.get("reference", {})
    never = [
        labels[name] for name, seen in reference.items() if name in labels and seen["missing_share"] > NEARLY_NEVER
    ]
    if never:
        found.append(_("It never saw a record of this: %(labels)s.") % {"labels": "; ".join(never)})
    for row in version.evaluation.get("suspicious", []):
        words = {"label": labels.get(row["feature"], row["feature"]), "auc": parts.measure(row["roc_auc"])}
        found.append(
            _("“%(label)s” alone tells who left (ROC-AUC %(auc)s) and may be the outcome in disguise.") % words
        )
    if version.institution.is_synthetic:
        found.append(_("It learned from synthetic students, invented by a simulation. It says nothing of real ones."))
    return found


def _of_the_groups(version: ModelVersion) -> list[str]:
    gaps = version.evaluation.get("gaps")
    if gaps is None:
        return [_("Whether it misses some groups more than others was not measured.")]
    unknown = [gap["attribute"].replace("_", " ") for gap in gaps if gap["verdict"] == "too_few"]
    if not gaps:
        return [_("No groups could be compared: unfairness to one would not be seen.")]
    if not unknown:
        return []
    return [
        _("Too few were tested to tell whether it treats groups alike by %(names)s.") % {"names": ", ".join(unknown)}
    ]


def oversight(version: ModelVersion, decision: ListSource, at: State, *, names: bool, technical: bool) -> Section:
    """Say who let it decide, by which checks, and how the switch was turned."""
    own = list(Promotion.objects.filter(version=version).select_related("by"))
    found: list[Part] = [
        parts.points(statements.oversight(), is_fixed=True),
        parts.words(standing(version, decision)),
        parts.points(statements.in_charge(at)),
        *(part for promotion in own for part in _promotion(promotion, names=names, technical=technical)),
        *_switches(version, names=names),
        parts.words(statements.monitoring(at)),
    ]
    return Section(key="oversight", title=_("Who answers for it"), parts=found)


def _promotion(promotion: Promotion, *, names: bool, technical: bool) -> list[Part]:
    words = {
        "day": parts.day(promotion.at, promotion.institution),
        "who": parts.person(promotion.by, names=names),
        "version": promotion.version.number,
        "checks": _checks(promotion),
    }
    said = {
        Promotion.Kind.FIRST: _("On %(day)s it came to decide by itself: %(checks)s. %(who)s had it trained."),
        Promotion.Kind.PROMOTED: _("On %(day)s %(who)s let it decide: %(checks)s."),
        Promotion.Kind.ROLLED_BACK: _("On %(day)s %(who)s went back to it."),
    }[Promotion.Kind(promotion.kind)]
    found = [parts.words(said % words)]
    if promotion.gate:
        passed = {True: _("passed"), False: _("failed"), None: _("nothing to check by")}
        rows = [
            [_said(check, technical=technical), _("cannot tell") if check.get("too_few") else passed[check["passed"]]]
            for check in promotion.gate
        ]
        found.append(parts.table(_("The checks of that day"), [_("Check"), _("Result")], rows, n_text_columns=2))
    if promotion.reason:
        found.append(parts.words(_reason(promotion, names=names)))
    return found


def _said(check: dict[str, Any], *, technical: bool) -> str:
    """Say what was checked. The check's own sentence has figures that could give a few people away."""
    return str(check["sentence"]) if technical else _(CHECKED.get(check["check"], check["check"]))


def _checks(promotion: Promotion) -> str:
    """Say what the checks of the day said, as far as they are on record."""
    if not promotion.gate:
        return _("what the checks said is not on record")
    if promotion_gate.failed(promotion.gate):
        return _("a check spoke against it")
    if promotion_gate.unresolved(promotion.gate):
        return _("a check could not tell")
    return _("no check spoke against it")


def _reason(promotion: Promotion, *, names: bool) -> str:
    """Say why it was let decide: what staff write may name a student, so the public reads that it is on record."""
    was_overruled, reason = bool(promotion_gate.failed(promotion.gate)), {"reason": promotion.reason}
    if not names:
        overruled = _("A check was overruled. The reason is on record.")
        return overruled if was_overruled else _("A reason was given. It is on record.")
    said = _("A check was overruled, for this reason: %(reason)s") if was_overruled else _("The reason: %(reason)s")
    return said % reason


def _switches(version: ModelVersion, *, names: bool) -> list[Part]:
    turns = list(ModelSwitch.objects.select_related("by")[:20])
    if not turns:
        return [parts.words(_("The off switch: on. Nobody ever switched a model off here."))]
    rows = [
        [
            parts.day(turn.at, version.institution),
            _("on") if turn.is_on else _("off"),
            parts.person(turn.by, names=names),
            (turn.reason if names else _("on record")) or "–",
        ]
        for turn in turns
    ]
    state = _("The off switch: on.") if turns[0].is_on else _("The off switch: off. No estimate is shown.")
    columns = [_("Day"), _("Turned"), _("By"), _("Why")]
    return [parts.words(state), parts.table(_("Every turn of the switch"), columns, rows, n_text_columns=4)]


def changes(version: ModelVersion, *, technical: bool) -> Section:
    """Show every version so far and when it was let decide."""
    light = ModelVersion.objects.defer("booster_text", "specification_json", "evaluation", "config_yaml")
    told = {
        Promotion.Kind.FIRST: _("first model, %(day)s"),
        Promotion.Kind.PROMOTED: _("let decide %(day)s"),
        Promotion.Kind.ROLLED_BACK: _("gone back to %(day)s"),
    }
    turns: dict[int, list[str]] = {}
    for promotion in Promotion.objects.order_by("at", "pk"):
        day = parts.day(promotion.at, version.institution)
        turns.setdefault(promotion.version_id, []).append(told[Promotion.Kind(promotion.kind)] % {"day": day})
    rows = [
        [
            _("Model %(number)s") % {"number": one.number},
            parts.day(one.trained_at, version.institution),
            "; ".join(turns.get(one.pk, [])) or _("never"),
            *(_figures_of(one) if technical else ()),
        ]
        for one in light
    ]
    # Each version's own card says what may be told of it in public.
    columns = [_("Version"), _("Trained"), _("Decided")]
    if technical:
        columns += [_("ROC-AUC"), _("Right within the first 10%")]
    return Section(
        key="changes",
        title=_("What changed"),
        parts=[parts.table(_("Every version so far"), columns, rows, n_text_columns=3)],
    )


def _figures_of(version: ModelVersion) -> list[str]:
    model = version.metrics["model"]
    return [parts.measure(model.get("roc_auc")), parts.percent(model.get("precision_at_10"))]
