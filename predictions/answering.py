"""Who answers for features that another system brings: the champion, or the rule in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modeling import registry
from modeling.models import ModelVersion
from modeling.promotion import decider
from modeling.promotion.decider import ListSource
from predictions import answers, runs
from predictions.models import DecidedBy
from students.records import grade_levels

if TYPE_CHECKING:
    from modeling.facts import Terms


GRADE_LEVEL = "grade_level"


class NothingDecides(Exception):
    """There is neither a model nor a rule that could answer."""


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """Who answers, and for which features: the champion's too where the rule does, so that a caller need not change."""

    decided: ListSource
    # The version that answers; None where the rule does.
    version: ModelVersion | None
    # What the rule may look at; None where the model answers.
    terms: Terms | None
    features: list[dict[str, Any]]

    def answer(self, *, as_of: dt.date, values: dict[str, Any]) -> dict[str, Any]:
        """Answer for features by name."""
        values = self._as_imported(values)
        if self.version is None:
            return _by_rule(self, as_of=as_of, values=values)
        try:
            return answers.for_values(version=self.version, as_of=as_of, values=values)
        except registry.ModelFileChanged:
            # Since it was asked who answers. Now the rule does, as it will from here on.
            instead = answerer()
            if instead.version is not None:
                raise
            return _by_rule(instead, as_of=as_of, values=values)

    def _as_imported(self, values: dict[str, Any]) -> dict[str, Any]:
        """Read a grade level as the importer does, unless the model learned it as it is written."""
        level = values.get(GRADE_LEVEL)
        learned = self.version.specification["categories"].get(GRADE_LEVEL, ()) if self.version else ()
        if not isinstance(level, str) or level in learned:
            return values
        return values | {GRADE_LEVEL: grade_levels.short_level(level) or None}


def answerer() -> Answerer:
    """Return who answers at the institution in scope at this moment.

    :raises NothingDecides: if there is neither a model nor a rule
    """
    decided = decider.decision()
    if decided.kind == DecidedBy.MODEL and decided.champion:
        return _by_champion(decided, decided.champion)
    # Imported here: they bring pandas, which a web process does without until the rule has to answer.
    from modeling import rule_sets, scoring

    terms = rule_sets.offered()
    if not terms.rules:
        decided = decider.decision(has_rule=False)
        if decided.kind == DecidedBy.RULE or decided.champion is None:
            raise NothingDecides
        return _by_champion(decided, decided.champion)
    # Of a version that cannot be read nothing is known, not even its features.
    version = None if decided.reason == "file_changed" else decided.champion
    wanted = scoring.looked_at(version, terms)
    return Answerer(decided=decided, version=None, terms=terms, features=[feature.as_json() for feature in wanted])


def _by_champion(decided: ListSource, champion: ModelVersion) -> Answerer:
    return Answerer(decided=decided, version=champion, terms=None, features=champion.specification["features"])


def _by_rule(answerer: Answerer, *, as_of: dt.date, values: dict[str, Any]) -> dict[str, Any]:
    from modeling import scoring
    from predictions import ranking

    terms = answerer.terms
    if terms is None:
        raise NothingDecides
    scored = scoring.score_values(None, values, terms=terms)
    insufficient = bool(scored.rule_insufficient[0])
    # The lines of the newest list, if it was made by the rule as it now stands.
    run = runs.latest_run()
    standing = run.rule_standing if run and run.rules == terms.kept_rules() else {}
    tier = "" if insufficient else ranking.tier_by_rule(scored.rule_sort_keys.iloc[0].tolist(), standing)
    said = answers.AnswerContext(tier=tier, insufficient=insufficient, as_of=as_of, unknown=scored.unknown[0])
    return answers.by_rule(terms.kept_rules(), scored.rules_met[0], why=answerer.decided.reason, said=said)
