"""The second horizon: who may leave before the term ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from modeling.core import evaluation
from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, NotFittable, fit_risk_model

# Nobody compares a term's estimate with those of the training: the file is large enough without them.
NOT_KEPT = ("reference",)


def fit_term_model(
    rows: pd.DataFrame, *, features: Sequence[Feature], settings: FitSettings, minimum_positives: int, seed: int
) -> dict[str, Any]:
    """Return the model of the term as plain JSON types, or ``absent``: a sentence saying why there is none.

    The terms of the training had as many days left as the snapshots left them. On a day with fewer the probability is
    too high, for everybody alike: it says who comes first, not how many will leave.

    Parameters
    ----------
    rows : DataFrame of shape (n, any)
        The frozen dataset: features, ``student_id`` and ``y_term`` (1 left before the term ended, 0 did not, NaN
        censored).
    features : sequence of Feature
    settings : FitSettings
        Those of the model of the long horizon.
    minimum_positives : int
        With fewer rows of students who left within a term there is no model.
    seed : int

    Returns
    -------
    dict
        ``booster_text`` and ``specification``, as `RiskModel.from_text` reads them, ``n_positive``, and
        ``out_of_fold``: ``roc_auc``, ``average_precision``, ``brier`` and ``ece`` of each row judged by trees that
        never saw its student. Or ``absent``.
    """
    known = rows.loc[rows["y_term"].notna()]
    y = known["y_term"].to_numpy(dtype="float64")
    n_positive = int(y.sum())
    if n_positive < minimum_positives:
        return {
            "absent": f"Of {len(known)} rows with a label of the term, {n_positive} are of students who left before it "
            f"ended; an estimate needs {minimum_positives}."
        }
    try:
        fitted = fit_risk_model(
            known, y, groups=known["student_id"].to_numpy(), features=features, settings=settings, seed=seed
        )
    except NotFittable as refusal:
        return {"absent": str(refusal)}
    figures = evaluation.metrics(y, fitted.out_of_fold, threshold=fitted.specification["threshold"])
    return {
        "booster_text": fitted.booster_text,
        "specification": {name: part for name, part in fitted.specification.items() if name not in NOT_KEPT},
        "n_positive": n_positive,
        "out_of_fold": {name: figures[name] for name in ("roc_auc", "average_precision", "brier", "ece")},
    }
