"""One small fit with everything that its judging looks at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from modeling.core import bootstrap_refits, fitting, splits
from modeling.core.evaluation_inputs import EvaluationInputs
from modeling.core.rules import Rule
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows

RULES = [
    Rule(feature="absence_rate_year", op="at_least", value=0.15, points=1, words=""),
    Rule(feature="core_failures_term", op="at_least", value=2, points=1, words=""),
]
HOW = {
    "n_bootstraps": 60,
    "smallest_group": 10,
    "smallest_group_positives": 10,
    "suspicious_roc_auc": 0.98,
    "explainable_boosting": False,
}
SEED = 1


def dataset(n: int = 1200) -> pd.DataFrame:
    """Return frozen rows of n students, with keys."""
    frame, y = rows(n)
    random = np.random.default_rng(SEED)
    keys = {"student_id": np.arange(n), "snapshot_on": pd.Timestamp("2025-01-31"), "y": np.asarray(y)}
    return frame.assign(**keys, helped=random.random(n) < 0.2)


def protected(n: int = 1200, *, seed: int = SEED) -> pd.DataFrame:
    """Return two protected attributes of each student that mean nothing."""
    random = np.random.default_rng(seed)
    values = {"gender": ["f", "m"], "language": ["Arabic", "English", "Polish"]}
    parts = [
        pd.DataFrame({"student_id": np.arange(n), "name": name, "value": random.choice(levels, n)})
        for name, levels in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def inputs(table: pd.DataFrame | None = None, **changes: Any) -> EvaluationInputs:
    """Return the inputs of a fit to the rows given; `changes` are fields of it."""
    table = dataset() if table is None else table
    features, settings = changes.get("features", FEATURES), changes.get("settings", SETTINGS)
    y, students = table["y"].to_numpy(), table["student_id"].to_numpy()
    train, test = splits.stratified_holdout(y, groups=students, test_share=0.4, seed=SEED)
    learned = table.iloc[train]
    fitted = fitting.fit_risk_model(
        learned, y[train], groups=students[train], features=features, settings=settings, seed=SEED
    )
    again = bootstrap_refits.refits(
        learned,
        y[train],
        groups=students[train],
        features=fitted.model().features,
        settings=replace(settings, n_trees=fitted.specification["n_trees"]),
        n_refits=3,
        seed=SEED,
    )
    fields: dict[str, Any] = {
        "rows": table,
        "train": train,
        "test": test,
        "features": features,
        "rules": RULES,
        "judged": fitted,
        "refits": again,
        "protected": protected(len(table)),
        "capacity_share": 0.1,
        "how": HOW,
        "settings": settings,
        "seed": SEED,
    }
    return EvaluationInputs(**(fields | changes))
