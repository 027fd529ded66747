"""Score students as of a date, with the reasons: the same numbers for the list, the student page and the API."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from modeling import facts, registry, training_config
from modeling.core import features, reasons
from modeling.models import ModelVersion

if TYPE_CHECKING:
    from modeling.core.feature import Feature
    from modeling.core.risk_model import RiskModel
    from modeling.training_config import InsufficientData

# A student is also too little known while all that is on file are a few days of this school year.
DAYS_ON_ROLL, EARLIER_RECORDS = "days_enrolled", ("course_average", "absence_rate_last_year")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What the model says of n students, in the order of `frame`.

    `contributions` hold one column per feature and the base last; a row adds up to its log-odds before calibration.
    """

    frame: pd.DataFrame
    probability: np.ndarray
    log_odds: np.ndarray
    contributions: np.ndarray
    reasons: list[list[dict[str, Any]]]
    insufficient: np.ndarray


def snapshot(version: ModelVersion, *, as_of: dt.date, student_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the features a version looks at, of every student on the roll as of a day."""
    model = registry.load(version)
    return features.snapshot(facts.frames(student_ids=student_ids), as_of=as_of, features=model.features)


def score(version: ModelVersion, frame: pd.DataFrame) -> Scored:
    """Score the students of a snapshot."""
    model = registry.load(version)
    scores = model.score(frame)
    found = reasons.top_reasons(model, frame, scores)
    return Scored(
        frame=frame,
        probability=scores.probability,
        log_odds=scores.log_odds,
        contributions=scores.contributions,
        reasons=_with_sessions(found, frame),
        insufficient=_insufficient(model, frame, scores.missing_share),
    )


def score_values(version: ModelVersion, values: Mapping[str, Any]) -> Scored:
    """Score one student from values by feature name; what is left out is missing."""
    model = registry.load(version)
    return score(version, one_row(model.features, values))


def one_row(wanted: Sequence[Feature], values: Mapping[str, Any]) -> pd.DataFrame:
    """Return values by name as a snapshot of one student, typed as `features.snapshot` types them."""
    columns = {
        feature.name: pd.Series([values.get(feature.name)], dtype=object if feature.kind == "category" else "float64")
        for feature in wanted
    }
    return pd.DataFrame(columns)


def _with_sessions(found: list[list[dict[str, Any]]], frame: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """Add the school days a new student has been here for: a window may not speak of days before they came."""
    if DAYS_ON_ROLL not in frame:
        return found
    is_new = frame.reindex(columns=["absence_rate_last_year"]).isna().all(axis=1).to_numpy()
    for of_student, days, new in zip(found, frame[DAYS_ON_ROLL].to_numpy(), is_new, strict=True):
        if new and days == days:
            of_student[:] = [reason | {"sessions": int(days)} for reason in of_student]
    return found


@functools.cache
def _limits() -> InsufficientData:
    return training_config.load().insufficient_data


def _insufficient(model: RiskModel, frame: pd.DataFrame, missing_share: np.ndarray) -> np.ndarray:
    limits = _limits()
    too_empty = missing_share > limits.maximum_missing_share
    if DAYS_ON_ROLL not in frame:
        return too_empty
    few_days = (frame[DAYS_ON_ROLL] < limits.minimum_sessions).to_numpy()
    earlier = frame.reindex(columns=list(EARLIER_RECORDS)).notna().any(axis=1).to_numpy()
    return too_empty | (few_days & ~earlier)
