"""Every feature of four models: leaving its value out, or a category never seen, leads to the base rate, untold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, fit_risk_model
from modeling.core.reasons import top_reasons
from modeling.core.risk_model import RiskModel
from tests.modeling.core import district_rows, test_unknowns
from tests.students.importing.real_data import real_file

SETTINGS = FitSettings(
    horizon_days=365,
    n_trees=120,
    n_tree_stages=4,
    booster={"num_leaves": 8, "learning_rate": 0.06, "min_data_in_leaf": 20},
)
# How far averaging over one feature may move the mean risk. Read as 0 tuition moved it by .25, the second grade by .27.
TOLERANCE = 0.03
CODES = {"Course", "Application_mode", "Mother_s_occupation", "Father_s_occupation", "Mother_s_qualification"}
NUMBERS_IN_QUOTES = {"G1", "G2"}

Case = tuple[pd.DataFrame, np.ndarray, list[Feature], FitSettings]


def read(file: str, *, target: str) -> tuple[pd.DataFrame, list[Feature]]:
    frame = pd.read_csv(real_file(file), sep=";", encoding="utf-8-sig")
    frame.columns = frame.columns.str.replace(r"\W+", "_", regex=True).str.strip("_")
    features = []
    for name in frame.columns.drop(target):
        text = not pd.api.types.is_numeric_dtype(frame[name]) and name not in NUMBERS_IN_QUOTES
        is_category = text or name in CODES
        features.append(Feature(name=name, kind="category" if is_category else "number", label=""))
        frame[name] = frame[name].astype(object if is_category else "float64")
    return frame, features


def uci_697() -> Case:
    frame, features = read("uci697/data.csv", target="Target")
    return frame, (frame["Target"] == "Dropout").to_numpy(dtype=float), features, SETTINGS


def uci_320() -> Case:
    frame, features = read("uci320/student-por.csv", target="G3")
    return frame, (frame["G3"].astype(int) < 10).to_numpy(dtype=float), features, SETTINGS


def small_district() -> Case:
    return *district_rows.rows(1500), district_rows.FEATURES, district_rows.SETTINGS


def rare_categories() -> Case:
    return *test_unknowns.rows(), test_unknowns.FEATURES, test_unknowns.SETTINGS


def sent(frame: pd.DataFrame, features: list[Feature], learned: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows without each feature's value, unless gaps were learned, and with a category never seen."""
    for feature in features:
        if feature.name not in learned:
            yield feature.name, test_unknowns.without(frame, feature.name)
        if feature.kind == "category":
            yield feature.name, test_unknowns.without(frame, feature.name, "never seen")


def told(model: RiskModel, frame: pd.DataFrame) -> set[str]:
    some = frame.iloc[:60]
    return {reason["code"] for reasons in top_reasons(model, some, model.score(some)) for reason in reasons}


@pytest.mark.parametrize("case", [uci_697, uci_320, small_district, rare_categories])
def test_one_value_left_out_leads_to_the_base_rate_and_no_reason_speaks_of_it(case: Callable[[], Case]) -> None:
    frame, y, features, settings = case()
    model = fit_risk_model(frame, y, groups=None, features=features, settings=settings, seed=7).model()
    learned = model.specification["unknowns"]["learned_missing"]
    recorded = abs(model.probabilities(frame).mean() - y.mean())

    for name, asked in sent(frame, model.features, learned):
        assert abs(model.probabilities(asked).mean() - y.mean()) <= recorded + TOLERANCE, name
        assert name not in told(model, asked), name
