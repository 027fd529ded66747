"""Which reasons hold: how far a contribution must stand out to be among the top ones in refits as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from modeling.core.risk_model import RiskModel


def bound(model: RiskModel, refits: Sequence[Pipeline], frame: pd.DataFrame, *, holds_share: float) -> dict[str, Any]:
    """Return what scoring needs to tell reasons that hold from chance, as plain JSON types."""
    return {}
