"""The one door through which reasons, tiers and risks become sentences, in the reader's language when shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.core.feature import Feature
from modeling.core.spoken import OF_100, said_of, spoken, window_days
from predictions.wording.of_features import WORDS
from predictions.wording.phrases import Bound, grade_words, number_words

__all__ = [
    "comparison",
    "frequency",
    "grade_words",
    "no_clear_reason",
    "not_known",
    "number_words",
    "sentence",
    "tier_label",
    "tier_mark",
]

Reason = dict[str, Any]

# Of a student of whom most is not recorded a sentence names these.
MOST_NOT_RECORDED = 4
TIER_MARKS = {"review_first": "▲", "check_in": "●", "routine_support": "○"}


def sentence(reason: Reason, feature: Feature) -> str:
    """Return what was seen of this student, in one sentence.

    A reason may carry ``sessions``, the school days the student has been on the roll for: a student of
    11 days missed 3 of the last 11, not 8 of the last 30.
    """
    value = reason["value"]
    if _is_missing(value):
        return _nothing_recorded(feature)
    words = WORDS.get(feature.name)
    if words and feature.kind != "category":
        sessions = reason.get("sessions")
        return words.seen(spoken(feature, value, of=said_of(feature, sessions)), window_days(feature, sessions))
    if feature.name == "grade_level":
        return _("In %(grade)s.") % {"grade": grade_words(str(value))}
    return _("%(label)s: %(value)s.") % {"label": _label(feature), "value": _shown(feature, value)}


def comparison(reason: Reason, feature: Feature) -> str:
    """Return how the other students here compare, in one sentence; "" where nothing can be compared."""
    if _is_missing(reason["value"]) or _is_missing(reason.get("comparison")):
        return ""
    of = said_of(feature, reason.get("sessions"))
    seen = spoken(feature, reason["value"], of=of)
    usual = spoken(feature, reason["comparison"], of=of)
    if seen == usual:
        return _("That is usual here.")
    if feature.kind == "category":
        return _("Most common here: %(value)s.") % {"value": _shown(feature, usual)}
    # Worded to contrast: who missed 9 hears how few most miss, who missed 1 how many.
    bound: Bound = "at_most" if seen > usual else "at_least"
    words = WORDS.get(feature.name)
    if words:
        return words.usual(usual, bound)
    if feature.kind == "flag":
        return _("Most students here: %(value)s.") % {"value": _yes_no(usual)}
    return _half_here(feature, usual, bound)


def not_known(unknown: dict[str, Any], features: Mapping[str, Feature]) -> list[str]:
    """Return what is said of what is not known of a student: what is not recorded, and categories new here."""
    said = []
    absent = [_lower_first(_label(features[name])) for name in unknown.get("not_recorded", ()) if name in features]
    if absent:
        told = ", ".join(absent[:MOST_NOT_RECORDED])
        if len(absent) > MOST_NOT_RECORDED:
            told = _("%(told)s and %(n)d more") % {"told": told, "n": len(absent) - MOST_NOT_RECORDED}
        said.append(_("Not recorded, so it counts neither way: %(told)s.") % {"told": told})
    for name, code in unknown.get("unknown_categories", {}).items():
        if name in features:
            words = {"label": _label(features[name]), "value": _shown(features[name], code)}
            said.append(_("New or rare here, so it counts neither way: %(label)s: %(value)s.") % words)
    return said


def no_clear_reason(reasons: Sequence[Reason]) -> str:
    """Return what is said where no reason that raises is clear enough to be told; "" where one is."""
    if any(reason["direction"] == "raises" for reason in reasons):
        return ""
    return _("No single clear reason. Several small things add up. Ask how things are going.")


def tier_label(tier: str) -> str:
    """Return the words of a tier."""
    return {
        "review_first": _("Review first"),
        "check_in": _("Check in"),
        "routine_support": _("Routine support"),
    }[tier]


def tier_mark(tier: str) -> str:
    """Return the shape of a tier: it stands beside the words and needs no colour."""
    return TIER_MARKS[tier]


def frequency(probability: float) -> str:
    """Return a probability as people out of a hundred."""
    n = round(probability * 100)
    if n < 1:
        return _("Of 100 students with records like this, fewer than 1 leaves before finishing.")
    if n > 99:
        return _("Of 100 students with records like this, nearly all leave before finishing.")
    words = ngettext(
        "Of 100 students with records like this, about %(n)d leaves before finishing.",
        "Of 100 students with records like this, about %(n)d leave before finishing.",
        n,
    )
    return words % {"n": n}


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _nothing_recorded(feature: Feature) -> str:
    words = WORDS.get(feature.name)
    if words and words.nothing:
        return words.nothing()
    return _("No record of %(label)s yet.") % {"label": _lower_first(_label(feature))}


def _label(feature: Feature) -> str:
    # gettext("") answers with the header of the catalogue of messages, so an empty label never reaches it.
    return _(feature.label) if feature.label else feature.name.replace("_", " ").capitalize()


def _lower_first(label: str) -> str:
    # An acronym keeps its capitals: "GDP", not "gDP".
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _shown(feature: Feature, value: Any) -> str:
    if feature.name == "grade_level":
        return grade_words(str(value))
    if feature.kind == "category":
        return _(feature.levels.get(str(value), str(value)))
    if feature.kind == "flag":
        return _yes_no(value)
    return _with_unit(feature, spoken(feature, value, of=OF_100))


def _yes_no(value: Any) -> str:
    return _("yes") if value else _("no")


def _half_here(feature: Feature, usual: float, bound: Bound) -> str:
    shown = {"value": _with_unit(feature, usual)}
    if bound == "at_most":
        return _("Half of the students here have %(value)s or less.") % shown
    return _("Half of the students here have %(value)s or more.") % shown


def _with_unit(feature: Feature, spoken: float) -> str:
    if feature.unit == "share":
        return _("%(n)s of 100") % {"n": number_words(spoken)}
    if feature.unit in ("", "count"):
        return number_words(spoken)
    return _("%(n)s %(unit)s") % {"n": number_words(spoken), "unit": _(feature.unit)}
