"""How features, their values and what they do to the estimate are said on the page of a model."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modeling.core import catalogue
from modeling.core.feature import Feature
from predictions.wording import grade_words, number_words

# Sources of several features; one of a single feature has that one's label.
SOURCE_LABELS = {
    "absence": gettext_lazy("Missed school days"),
    "tardies": gettext_lazy("Coming late"),
    "course_average": gettext_lazy("Course grades"),
    "core_failures": gettext_lazy("Core courses not passed"),
    "credits": gettext_lazy("Credits"),
    "incidents": gettext_lazy("Incidents and removals"),
    "help": gettext_lazy("Help received"),
}
LABEL_WIDTH = 26
# What the odds are multiplied or divided by at the ticks of an axis, and how far it reaches at most with these.
TICKS = (((1.1, 1.25, 1.5), 1.6), ((1.5, 2.0, 3.0), 3.0), ((2.0, 4.0, 8.0), 16.0), ((4.0, 16.0, 64.0), math.inf))
LONGEST_NAME = 44


def features_of(specification: dict[str, Any]) -> dict[str, Feature]:
    """Return the features of a version by name."""
    return {fields["name"]: catalogue.from_json(fields) for fields in specification["features"]}


def label(feature: Feature) -> str:
    """Return the words for a feature."""
    # gettext("") answers with the header of the catalogue of messages.
    return _(feature.label) if feature.label else feature.name.replace("_", " ").capitalize()


def source_label(source: str, members: list[str], features: dict[str, Feature]) -> str:
    """Return the words for a source: its own, or those of its only or strongest feature."""
    return str(SOURCE_LABELS[source]) if source in SOURCE_LABELS else label(features[members[0]])


def in_sentence(words: str) -> str:
    """Return a label as it stands inside a sentence; an acronym keeps its capitals."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def broken(words: str) -> str:
    """Return a label in lines short enough to stand beside a chart on a phone."""
    return "<br>".join(textwrap.wrap(words, LABEL_WIDTH))


def shortened(words: str) -> str:
    """Return a label that stands in one line of a chart on a phone; the table below has all of it."""
    return textwrap.shorten(words, LONGEST_NAME, placeholder=" …")


def value_words(feature: Feature, value: float) -> str:
    """Return a value with its unit."""
    if feature.kind == "flag":
        return _("yes") if value else _("no")
    if feature.unit == "share":
        return _("%(n)s of 100") % {"n": number_words(value * 100)}
    if feature.unit in ("", "count"):
        return number_words(value)
    return _("%(n)s %(unit)s") % {"n": number_words(value), "unit": _(feature.unit)}


def level_words(feature: Feature, code: str) -> str:
    """Return the words for a level of a category."""
    return grade_words(code) if feature.name == "grade_level" else _(feature.levels.get(code, code))


def odds_words(contribution: float) -> str:
    """Return a contribution in log-odds as what it does to the odds: "× 1.4"."""
    return _("× %(n)s") % {"n": number_format(math.exp(contribution), decimal_pos=2)}


def odds_axis(lowest: float, highest: float) -> dict[str, Any]:
    """Return an axis of contributions in log-odds whose ticks say what they do to the odds."""
    reach = math.exp(max(-lowest, highest))
    factors = next(factors for factors, furthest in TICKS if reach <= furthest)
    ticks = [(-math.log(factor), f"÷ {factor:g}") for factor in reversed(factors)]
    ticks += [(0.0, _("same")), *((math.log(factor), f"× {factor:g}") for factor in factors)]
    return {
        "tickvals": [round(place, 4) for place, _words in ticks],
        "ticktext": [words for _place, words in ticks],
        "tickangle": 0,
        "zeroline": True,
        "zerolinecolor": "var(--edge)",
    }
