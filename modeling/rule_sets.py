"""The school's own rule: which one is in force, and the only writer of a new one."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from modeling import facts
from modeling.core.feature import Feature
from modeling.core.rules import COMPARISONS, Rule
from modeling.facts import Terms
from modeling.models import RuleSet
from modeling.promotion import decider

MOST_RULES = 20
MOST_POINTS = 100.0
LONGEST = {"words": 200, "domain": 60}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with one rule: its place, counted from 0 (None: the rule as a whole), and the field."""

    row: int | None
    field: str
    sentence: str


class RuleRefused(Exception):
    """The rule cannot be used; `faults` say what is wrong where, `sentences` the same in words."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        self.sentences = [
            fault.sentence if fault.row is None else f"Sign {fault.row + 1}: {fault.sentence}" for fault in faults
        ]
        super().__init__(" ".join(self.sentences))


def offered() -> Terms:
    """Return what the records of the institution in scope offer, the rule in force included."""
    config = decider.configuration()
    return facts.terms(default_horizon_days=config.horizon_days, rule_name=config.rule)


def in_force() -> list[Rule]:
    """Return the rule of the institution in scope: as last written there, else the default of its records."""
    return offered().rules


@transaction.atomic
def change(
    *, institution: Institution, rules: Sequence[Mapping[str, Any]], by: User | None, now: dt.datetime
) -> RuleSet:
    """Write the rule anew. The next list uses it, and every later training is compared with it.

    :raises RuleRefused: with all faults at once, if anything of it cannot be used
    """
    known = {feature.name: feature for feature in offered().features}
    faults = [] if rules else [Fault(row=None, field="", sentence="A rule needs at least one sign. Add one.")]
    if len(rules) > MOST_RULES:
        sentence = f"These are {len(rules)} signs. Use at most {MOST_RULES}: nobody can follow more."
        faults.append(Fault(row=None, field="", sentence=sentence))
    read = [_read(row, fields, known, faults) for row, fields in enumerate(rules[:MOST_RULES])]
    if faults:
        raise RuleRefused(faults)
    return _add([asdict(rule) for rule in read if rule], institution=institution, by=by, now=now)


@transaction.atomic
def reset(*, institution: Institution, by: User | None, now: dt.datetime) -> RuleSet:
    """Return to the default: that of the cohort's schema, or configs/rules.yaml, as it stands from day to day."""
    return _add([], institution=institution, by=by, now=now)


def history() -> list[RuleSet]:
    """Return every change of the rule, the newest first. One without rules is a return to the default."""
    return list(RuleSet.objects.select_related("by"))


def _add(rules: list[dict[str, Any]], *, institution: Institution, by: User | None, now: dt.datetime) -> RuleSet:
    audit_log.record(action="rule_changed" if rules else "rule_reset", by=by, now=now)
    return RuleSet.objects.create(institution=institution, rules=rules, at=now, by=by)


def _read(row: int, fields: Mapping[str, Any], known: Mapping[str, Feature], faults: list[Fault]) -> Rule | None:
    """Return one rule; what is wrong with it is added to `faults`."""
    n_before = len(faults)

    def fault(field: str, sentence: str) -> None:
        faults.append(Fault(row=row, field=field, sentence=sentence))

    feature = known.get(str(fields.get("feature", "")))
    if feature is None:
        fault("feature", "The records here do not hold this. Choose something from the list.")
    if fields.get("op") not in COMPARISONS:
        fault("op", "Choose how to compare.")
    value = _value(fields, feature, fault) if feature else None
    points = _number(fields.get("points"))
    if points is None or not 0 < points <= MOST_POINTS:
        fault("points", f"Points are a number above 0, at most {MOST_POINTS:g}.")
    texts = {name: " ".join(str(fields.get(name) or "").split()) for name in LONGEST}
    if not texts["words"]:
        fault("words", "Say in words what a student who shows this sign has in common.")
    for name, text in texts.items():
        if len(text) > LONGEST[name]:
            fault(name, f"These are {len(text)} letters. Use at most {LONGEST[name]}.")
        if not text.isprintable():
            fault(name, "There is a letter in it that cannot be shown. Write it anew.")
    if len(faults) > n_before or feature is None or value is None or points is None:
        return None
    return Rule(feature=feature.name, op=fields["op"], value=value, points=points, **texts)


def _value(fields: Mapping[str, Any], feature: Feature, fault: Any) -> float | str | None:
    """Return what the feature is compared with, of the feature's kind and within its bounds."""
    written = str(fields.get("value", "")).strip()
    if feature.kind == "category":
        if fields.get("op") in COMPARISONS and fields["op"] != "equals":
            fault("op", "This has no order. Compare it with “is”.")
        if not written or (feature.levels and written not in feature.levels):
            known = ", ".join(feature.levels) or "any code"
            fault("value", f"“{written}” is no code of it. Known: {known}.")
            return None
        return written
    number = _number(written)
    if number is None:
        fault("value", f"“{written}” is not a number. Write one like 0.1.")
    elif feature.kind == "flag" and number not in (0, 1):
        fault("value", "Write 1 for yes or 0 for no.")
    elif not _within(number, feature):
        fault("value", f"{written} lies outside of what there can be: {_bounds(feature)}.")
    return number


def _number(written: Any) -> float | None:
    """Return a number; None where it is not one. A comma is read as a point where there is no other."""
    text = str(written if written is not None else "").strip()
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _within(number: float, feature: Feature) -> bool:
    return (feature.low is None or number >= feature.low) and (feature.high is None or number <= feature.high)


def _bounds(feature: Feature) -> str:
    low = "" if feature.low is None else f"{feature.low:g} or more"
    high = "" if feature.high is None else f"{feature.high:g} or less"
    return ", ".join(part for part in (low, high) if part)
