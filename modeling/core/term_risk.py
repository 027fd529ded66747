"""The second horizon: who may leave before the term ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings


def fit_term_model(
    rows: pd.DataFrame, *, features: Sequence[Feature], settings: FitSettings, minimum_positives: int, seed: int
) -> dict[str, Any]:
    """Return the model of the term as ``booster_text`` and ``specification``, or ``absent``: a sentence saying why."""
    return {"absent": "There are no labels of the term yet."}
