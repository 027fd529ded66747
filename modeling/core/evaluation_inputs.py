"""What a version is judged by: the model of the training rows, its refits, and the rows that none of them saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, FittedRisk
from modeling.core.rules import Rule


@dataclass(frozen=True, kw_only=True)
class EvaluationInputs:
    """Everything the evaluation of one training looks at.

    Attributes
    ----------
    rows : DataFrame of shape (n, any)
        The frozen dataset: features, ``student_id``, ``snapshot_on``, ``y``, ``helped``.
    train, test : ndarray of int
        Positions in `rows`.
    features : list of Feature
        What was offered to the model; `judged.model().features` is what it took.
    rules : sequence of Rule
        Empty, or about features that `rows` has.
    judged : FittedRisk
        Fitted to the training rows alone.
    refits : sequence of Pipeline
        As `modeling.core.bootstrap_refits` returns them.
    protected : DataFrame
        ``student_id``, ``name``, ``value``: protected attributes, for the audit of groups alone. May be empty.
    capacity_share : float
        Share of the students that the team can see.
    how : mapping
        ``n_bootstraps``, ``smallest_group``, ``smallest_group_positives``, ``suspicious_roc_auc``,
        ``explainable_boosting`` of the configuration.
    settings : FitSettings
    seed : int
    """

    rows: pd.DataFrame
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    features: list[Feature]
    rules: Sequence[Rule]
    judged: FittedRisk
    refits: Sequence[Pipeline]
    protected: pd.DataFrame
    capacity_share: float
    how: Mapping[str, Any]
    settings: FitSettings
    seed: int

    @property
    def capacity(self) -> int:
        """Return how many of the test rows stand above the line."""
        return max(1, round(self.capacity_share * len(self.test)))
