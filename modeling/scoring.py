"""Score students as of a date, by the model and by the rule: the same for the list, the student page and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from modeling import facts, kept_snapshot, registry
from modeling.core import catalogue, features, not_known, rules
from modeling.core.feature import Feature
from modeling.core.too_little_known import DAYS_ON_ROLL, EARLIER_RECORDS, too_little_known
from modeling.core.usual import shared_values
from modeling.kept_snapshot import KeptSnapshot
from modeling.models import ModelVersion
from modeling.training import training_config

if TYPE_CHECKING:
    from modeling.core.reasons import Told
    from modeling.core.rules import Rule
    from modeling.facts import Terms


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What the model and the rule say of n students, in the order of `frame`.

    `contributions` hold one column per feature and the base last; a row adds up to its log-odds before calibration.
    Without a model the probabilities are NaN and there are no contributions; `told` is None.

    `rule_sort_keys` is what the rule's list is sorted by (`modeling.core.rules.sort_keys`), `rules_met` the positions
    of the rules each student meets, and `rule_insufficient` who is too little known for the rule. `unknown` holds what
    was not known of each: ``not_recorded``, names, and ``unknown_categories``, codes by name. `usual` holds the values
    that at least half of the list share: no reason is told of them.
    """

    frame: pd.DataFrame
    probability: np.ndarray
    log_odds: np.ndarray
    contributions: np.ndarray
    term_probability: np.ndarray
    told: Told | None
    insufficient: np.ndarray
    rule_sort_keys: pd.DataFrame
    rules_met: list[list[int]]
    rule_insufficient: np.ndarray
    unknown: list[dict[str, Any]]
    usual: dict[str, Any]

    @property
    def students(self) -> pd.Index:
        """Return the students' keys."""
        return self.frame.index

    @cached_property
    def reasons(self) -> list[list[dict[str, Any]]]:
        """Return the reasons of each student as plain JSON types: `told`, one by one."""
        return [[] for _ in range(len(self.frame))] if self.told is None else self.told.as_dicts()

    @property
    def has_model(self) -> bool:
        """Tell whether a model scored, or the rule alone."""
        return self.contributions.shape[1] > 0

    @property
    def rule_points(self) -> np.ndarray:
        """Return the points of each student by the rule."""
        return self.rule_sort_keys["points"].to_numpy()


def looked_at(version: ModelVersion | None, terms: Terms | None) -> list[Feature]:
    """Return the features that a version looks at, then those that only the rule does."""
    described = version.specification["features"] if version else []
    wanted = {fields["name"]: catalogue.from_json(fields) for fields in described}
    if terms is not None:
        asked = {rule.feature for rule in terms.rules} | {DAYS_ON_ROLL, *EARLIER_RECORDS}
        wanted |= {
            feature.name: feature for feature in terms.features if feature.name in asked and feature.name not in wanted
        }
    return list(wanted.values())


def snapshot(
    version: ModelVersion | None,
    *,
    as_of: dt.date,
    student_ids: Sequence[int] | None = None,
    terms: Terms | None = None,
) -> pd.DataFrame:
    """Return what a version looks at, and with `terms` the rule too, of every student on the roll as of a day."""
    known = facts.frames(student_ids=student_ids)
    return features.snapshot(known, as_of=as_of, features=looked_at(version, terms))


def kept(version: ModelVersion | None, *, as_of: dt.date, terms: Terms, n_students: int, folder: Path) -> KeptSnapshot:
    """Return what `snapshot` does of every student, held on disk; so many are in memory at a time."""
    wanted = looked_at(version, terms)
    # No name holds a portion's facts while the next one is made.
    of_portion = partial(features.snapshot, as_of=as_of, features=wanted)
    return kept_snapshot.of_frames(map(of_portion, facts.portions(n_students=n_students)), folder=folder)


def score(
    version: ModelVersion | None,
    frame: pd.DataFrame,
    rule: Sequence[Rule] = (),
    *,
    listed: Mapping[str, Any] | None = None,
) -> Scored:
    """Score the students of a snapshot, by the rule alone where there is no version.

    `listed` is what is usual on the list they belong to; left out, what these students share.
    """
    by_rule: dict[str, Any] = {
        "rule_sort_keys": rules.sort_keys(frame, rule),
        "rules_met": _positions_met(frame, rule),
        "rule_insufficient": too_little_known(frame, rules.missing_share(frame, rule), limits=_limits()),
    }
    if version is None:
        return Scored(frame=frame, **_nothing(len(frame)), **by_rule, unknown=not_known.of_students(frame))
    from modeling.core import reasons  # brings LightGBM, at the first prediction and no sooner

    model = registry.load(version)
    scores = model.score(frame)
    if listed is None:
        listed = shared_values(frame, model.features)
    term = scores.term_probability
    return Scored(
        frame=frame,
        probability=scores.probability,
        log_odds=scores.log_odds,
        contributions=scores.contributions,
        term_probability=np.full(len(frame), np.nan) if term is None else term,
        told=reasons.told(model, frame, scores, listed=listed),
        insufficient=too_little_known(frame, scores.missing_share, limits=_limits()),
        **by_rule,
        unknown=not_known.of_students(frame, model.features, scores.unfamiliar),
        usual=dict(listed),
    )


def usual_of(version: ModelVersion | None, kept: KeptSnapshot) -> dict[str, Any]:
    """Return what at least half of the students of a snapshot share of what a version looks at; {} without one.

    :raises ModelFileChanged: if what is stored is not what was registered
    """
    wanted = [] if version is None else registry.load(version).features
    # One column of all students at a time.
    return {name: value for each in wanted for name, value in shared_values(kept.columns([each.name]), [each]).items()}


def score_values(
    version: ModelVersion | None,
    values: Mapping[str, Any],
    *,
    terms: Terms | None = None,
    listed: Mapping[str, Any] | None = None,
) -> Scored:
    """Score one student from values by feature name; what is left out is missing."""
    frame = one_row(looked_at(version, terms), values)
    return score(version, frame, terms.rules if terms else (), listed=listed)


def one_row(wanted: Sequence[Feature], values: Mapping[str, Any]) -> pd.DataFrame:
    """Return values by name as a snapshot of one student, typed as `features.snapshot` types them."""
    columns = {
        feature.name: pd.Series([values.get(feature.name)], dtype=object if feature.kind == "category" else "float64")
        for feature in wanted
    }
    return pd.DataFrame(columns)


def _nothing(n: int) -> dict[str, Any]:
    """Return the half of a model that is not there."""
    unknown = np.full(n, np.nan)
    return {
        "probability": unknown,
        "log_odds": unknown,
        "contributions": np.empty((n, 0)),
        "term_probability": unknown,
        "usual": {},
        "told": None,
        "insufficient": np.ones(n, dtype=bool),
    }


def _positions_met(frame: pd.DataFrame, rule: Sequence[Rule]) -> list[list[int]]:
    """Return which rules each student meets, by position."""
    met = rules.met(frame, rule).to_numpy()
    # There are far fewer ways to meet some rules than students: each is written out once.
    ways, of_student = np.unique(met @ (1 << np.arange(len(rule), dtype=np.int64)), return_inverse=True)
    written = [[n for n in range(len(rule)) if int(way) >> n & 1] for way in ways]
    return [written[way] for way in of_student]


def _limits() -> dict[str, Any]:
    return training_config.serving().insufficient_data.model_dump()
