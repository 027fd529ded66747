"""What hardly varied in training has no say in the plain formula, and nothing far outside decides alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from modeling.core.feature import Feature
from modeling.core.logistic import MOST_DEVIATIONS, RAREST_CATEGORY, NearConstantColumns, logistic_pipeline
from tests.modeling.core.district_rows import FEATURES, rows

N = 1500
NUMBER = Feature(name="extra", kind="number", label="")
CATEGORY = Feature(name="extra", kind="category", label="")


def values(kind: str, where: np.ndarray) -> object:
    """Return a column that is common except where it is said to differ."""
    if kind == "missing":
        return np.where(where, np.nan, 4.0)
    if kind == "known":
        return np.where(where, 4.0, np.nan)
    if kind == "category":
        return pd.Series(np.where(where, "moved", "stayed"), dtype=object)
    return np.where(where, 1.0, 0.0)


def area_with(kind: str, n_differing: int) -> tuple[float, float]:
    """Return the area with a column in which n who left, and then half of those tested, differ; and without."""
    frame, y = rows(N)
    tested, tested_y = rows(N, seed=5)
    rare = np.isin(np.arange(N), np.flatnonzero(y == 1)[:n_differing])
    shifted = np.random.default_rng(0).random(N) < 0.5
    more = FEATURES + [CATEGORY if kind == "category" else NUMBER]

    def area(features: list[Feature]) -> float:
        fitted = logistic_pipeline(features, seed=0).fit(frame.assign(extra=values(kind, rare)), y)
        asked = tested.assign(extra=values(kind, shifted))
        return float(roc_auc_score(tested_y, fitted.predict_proba(asked)[:, 1]))

    return area(more), area(FEATURES)


@pytest.mark.parametrize("kind", ["flag", "missing", "known", "category"])
@pytest.mark.parametrize("n_differing", [0, 1, 2, 3, RAREST_CATEGORY - 1])
def test_a_column_that_hardly_varied_changes_nothing_where_it_is_common(kind: str, n_differing: int) -> None:
    with_it, without = area_with(kind, n_differing)

    assert with_it == pytest.approx(without, abs=0.005)


@pytest.mark.parametrize("n_differing", [RAREST_CATEGORY - 1, RAREST_CATEGORY])
def test_a_column_has_a_say_from_as_many_rows_on_as_a_category(n_differing: int) -> None:
    column = (np.arange(200) < n_differing).astype(float)[:, None]

    varied = np.ptp(NearConstantColumns().fit(column).transform(column)) > 0

    assert varied == (n_differing >= RAREST_CATEGORY)


@example(n_differing=RAREST_CATEGORY, asked=1.0, scaling="standard")
@settings(max_examples=40, deadline=None)
@given(
    n_differing=st.integers(0, 60),
    asked=st.one_of(st.floats(-1e12, 1e12), st.just(np.nan), st.just(np.inf), st.just(-np.inf)),
    scaling=st.sampled_from(["standard", "min_max"]),
)
def test_no_value_is_read_as_further_from_the_mean_than_the_bound(n_differing: int, asked: float, scaling: str) -> None:
    frame, y = rows(N)
    frame["extra"] = (np.arange(N) < n_differing) * 0.001
    fitted = logistic_pipeline([*FEATURES, NUMBER], seed=0, scaling=scaling).fit(frame, y)

    read = fitted[:-1].transform(frame.assign(extra=asked, absence_rate_year=asked))

    assert np.abs(read).max() <= (MOST_DEVIATIONS if scaling == "standard" else 1.0)


def test_beyond_the_training_rows_a_number_is_read_as_their_end() -> None:
    frame, y = rows(600)
    fitted = logistic_pipeline(FEATURES, seed=0).fit(frame, y)

    end, beyond = (
        fitted.predict_proba(frame.assign(absence_rate_year=value))
        for value in (frame["absence_rate_year"].max(), 0.99)
    )

    np.testing.assert_allclose(end, beyond)
