"""Small training rows whose truth is known: absence and failed courses raise the risk, the rest is noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings

FEATURES = [
    Feature(
        name="absence_rate_30d",
        kind="number",
        label="",
        source="absence",
        window_sessions=30,
        said_in_days=True,
        unit="share",
        changeable=True,
        risk_direction=1,
    ),
    Feature(
        name="absence_rate_90d",
        kind="number",
        label="",
        source="absence",
        window_sessions=90,
        said_in_days=True,
        unit="share",
        changeable=True,
        risk_direction=1,
    ),
    Feature(
        name="absence_rate_year",
        kind="number",
        label="",
        source="absence",
        unit="share",
        changeable=True,
        risk_direction=1,
    ),
    Feature(name="core_failures_term", kind="number", label="", unit="count", changeable=True, risk_direction=1),
    Feature(name="repeated_grade", kind="flag", label=""),
    Feature(name="grade_level", kind="category", label=""),
]
SETTINGS = FitSettings(
    horizon_days=365,
    n_trees=60,
    n_tree_stages=3,
    booster={"num_leaves": 6, "learning_rate": 0.1, "min_data_in_leaf": 15, "bagging_fraction": 0.7, "bagging_freq": 1},
)


def rows(n: int = 600, *, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a frame of n students and whether each dropped out."""
    random = np.random.default_rng(seed)
    absence = random.beta(1.2, 9, n)
    failures = random.poisson(0.7, n).astype(float)
    frame = pd.DataFrame(
        {
            "absence_rate_30d": np.where(
                random.random(n) < 0.1, np.nan, np.clip(absence + random.normal(0, 0.03, n), 0, 1)
            ),
            "absence_rate_90d": np.clip(absence + random.normal(0, 0.02, n), 0, 1),
            "absence_rate_year": absence,
            "core_failures_term": failures,
            "repeated_grade": (random.random(n) < 0.03).astype(float),
            "grade_level": random.choice(["9", "10", "11", "12"], n).astype(object),
        }
    )
    log_odds = -3.2 + 9 * absence + 0.9 * failures + 0.4 * (frame["grade_level"] == "9")
    return frame, (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)
