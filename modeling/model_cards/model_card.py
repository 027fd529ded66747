"""The model card: what a version is, what it is worth and where it ends, every figure from the version's own row."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.models import Institution
from modeling.model_cards import card_data, card_decisions, card_measures, card_public, card_technical
from modeling.model_cards import card_parts as parts
from modeling.model_cards.card_parts import Card, Section
from modeling.models import ModelSwitch, ModelVersion, Promotion
from modeling.promotion import decider
from modeling.promotion.decider import ListSource


class NoSuchVersion(Exception):
    """The institution has no version of that number."""


def published(
    *, institution: Institution, number: int | None = None, names: bool = False, technical: bool = False
) -> Card:
    """Return the card of one version of the institution in scope, or of what makes its list now.

    :raises NoSuchVersion: if there is none of that number
    """
    # Imported here: they read students through pandas, which a web process does without until its first prediction.
    from modeling import rule_sets

    signs = [rule.words for rule in rule_sets.in_force()]
    decision = decider.decision(has_rule=bool(signs))
    versions = ModelVersion.objects.defer("booster_text").select_related("dataset", "institution")
    version = versions.filter(is_champion=True).first() if number is None else versions.filter(number=number).first()
    if version is not None:
        return card(version, decision=decision, signs=signs, names=names, technical=technical)
    if number is not None or technical:
        raise NoSuchVersion(f"There is no model {number or ''} at {institution.name}.".replace("  ", " "))
    return card_of_the_rule(institution, signs=signs)


def card(
    version: ModelVersion,
    *,
    decision: ListSource,
    signs: Sequence[str] = (),
    names: bool = False,
    technical: bool = False,
) -> Card:
    """Return the card of a version.

    `signs` are the sentences of the rule, shown while the rule makes the list in this version's place. With `names`
    it says who decided and why in their words: for those who work there. `technical` makes it the technical file.
    """
    is_open = technical or card_public.ranking(version).is_open
    at = card_decisions.state(version, decision, has_rule=bool(signs))
    sections = [
        _standing(version, decision, signs),
        card_data.purpose(version),
        *_figures(version, technical=technical),
        card_measures.chance(version),
        card_decisions.limits(version, at, is_open=is_open),
        card_data.data(version, is_open=is_open),
        card_data.features(version),
        card_decisions.oversight(version, decision, at, names=names, technical=technical),
        card_decisions.changes(version, technical=technical),
        card_technical.made_of(version),
    ]
    if technical:
        sections += [card_technical.bounds(version), card_technical.settings(version)]
        sections.insert(0, card_technical.annex(sections))
    institution, number = version.institution, _number(version)
    title = _("Technical file of model %(number)s") if technical else _("Model card: model %(number)s")
    words = {
        "name": institution.name,
        "day": parts.day(version.trained_at, institution),
        "card": number,
        "sha": version.sha256[:12],
    }
    return Card(
        title=title % {"number": version.number},
        subtitle=_("%(name)s · trained %(day)s · model %(sha)s · card %(card)s") % words,
        version=number,
        sections=sections,
    )


def _figures(version: ModelVersion, *, technical: bool) -> list[Section]:
    """Return the figures of the test: all in the technical file, else what gives nobody away."""
    if technical:
        return [
            card_measures.measures(version),
            card_measures.calibration(version),
            card_measures.groups(version, with_crossed=True),
        ]
    return [card_public.measures(version), card_public.calibration(version), card_public.groups(version)]


def card_of_the_rule(institution: Institution, *, signs: Sequence[str]) -> Card:
    """Return the card of an institution without a model: its own rule makes the list."""
    said = " ".join([_no_champion(), *_the_rule(signs)])
    found = [parts.words(said)]
    if signs:
        found += [parts.words(_("A student moves up the list for each of these:")), parts.points(signs)]
    section = Section(key="standing", title=_("What makes the list"), parts=found)
    number = f"0.{ModelSwitch.objects.count()}"
    subtitle = _("%(name)s · card %(card)s") % {"name": institution.name, "card": number}
    return Card(title=_("Model card: the school's own rule"), subtitle=subtitle, version=number, sections=[section])


def _no_champion() -> str:
    """Say that no model makes the list, and whether there is none or one waits."""
    if not ModelVersion.objects.exists():
        return _("There is no model here.")
    if ModelVersion.objects.filter(is_challenger=True).exists():
        return _("No model makes the list here: one waits until a named person lets it decide.")
    return _("No model makes the list here.")


def _the_rule(signs: Sequence[str]) -> list[str]:
    if signs:
        return [_("The school's own rule makes the list.")]
    return [_("The records answer no rule either, so there is no list.")]


def _standing(version: ModelVersion, decision: ListSource, signs: Sequence[str]) -> Section:
    institution = version.institution
    found = [parts.words(card_decisions.standing(version, decision))]
    if version.is_champion and decision.kind == "rule" and signs:
        found += [parts.words(_("A student moves up the list for each of these:")), parts.points(signs)]
    if institution.is_synthetic:
        found.append(parts.words(_("The students here are synthetic: invented by a simulation, no real person.")))
    return Section(key="standing", title=_("What makes the list"), parts=found)


def _number(version: ModelVersion) -> str:
    """Return the card's own version: the model's number, and how often something was decided here since the first."""
    n_decided = Promotion.objects.count() + ModelSwitch.objects.count() + ModelVersion.objects.count()
    return f"{version.number}.{n_decided}"
