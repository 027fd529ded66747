"""The model of the term: fitted where enough left within a term, a sentence where not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from modeling.core.fitting import fit_risk_model
from modeling.core.risk_model import RiskModel
from modeling.core.term_risk import fit_term_model
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows


def frozen(n: int = 600, *, seed: int = 1) -> pd.DataFrame:
    """Return a dataset of n rows; of those who left about half did so within the term, every ninth is censored."""
    frame, y = rows(n, seed=seed)
    y_term = np.where(np.arange(n) % 2, y, 0.0)
    y_term[::9] = np.nan
    return frame.assign(student_id=np.arange(n) // 2, y=y, y_term=y_term)


def fitted(dataset: pd.DataFrame, *, minimum_positives: int = 20) -> dict[str, object]:
    return fit_term_model(dataset, features=FEATURES, settings=SETTINGS, minimum_positives=minimum_positives, seed=7)


def test_the_model_of_the_term_learns_from_the_rows_with_a_label_of_it() -> None:
    dataset = frozen()
    known = dataset[dataset["y_term"].notna()]

    term = fitted(dataset)

    alone = fit_risk_model(
        known, known["y_term"], groups=known["student_id"], features=FEATURES, settings=SETTINGS, seed=7
    )
    assert term["booster_text"] == alone.booster_text
    assert term["n_positive"] == known["y_term"].sum()
    assert term["out_of_fold"]["roc_auc"] == pytest.approx(roc_auc_score(known["y_term"], alone.out_of_fold))
    assert set(term["out_of_fold"]) == {"roc_auc", "average_precision", "brier", "ece"}


def test_the_same_rows_give_the_same_bytes_and_plain_json() -> None:
    first, second = json.dumps(fitted(frozen()), allow_nan=False), json.dumps(fitted(frozen()), allow_nan=False)

    assert first == second


def test_the_stored_model_of_the_term_can_be_read_back() -> None:
    term = json.loads(json.dumps(fitted(frozen())))

    model = RiskModel.from_text(term["booster_text"], term["specification"])

    unseen, y = rows(400, seed=5)
    assert roc_auc_score(y, model.probabilities(unseen)) > 0.7


def test_too_few_who_left_within_a_term_are_counted() -> None:
    term = fitted(frozen(), minimum_positives=500)

    assert set(term) == {"absent"}
    assert "an estimate needs 500" in term["absent"]


def test_without_any_label_of_the_term_there_is_no_estimate() -> None:
    term = fitted(frozen().assign(y_term=np.nan))

    assert term["absent"].startswith("Of 0 rows with a label of the term, 0 are of students who left before it ended")


def test_rows_that_cannot_carry_a_model_say_so() -> None:
    everybody_left = frozen().assign(y_term=1.0)

    assert "rows of each outcome" in fitted(everybody_left)["absent"]
