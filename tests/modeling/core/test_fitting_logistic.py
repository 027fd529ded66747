"""The logistic baseline: learns only from the rows it is fitted to, and reads whatever the model reads."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from modeling.core.logistic import OutlierClipper, logistic_pipeline
from tests.modeling.core.district_rows import FEATURES, rows


def test_it_finds_what_is_there() -> None:
    frame, y = rows(1500)
    other, other_y = rows(1500, seed=5)

    probability = logistic_pipeline(FEATURES, seed=0).fit(frame, y).predict_proba(other)[:, 1]

    assert roc_auc_score(other_y, probability) > 0.74


def test_statistics_come_from_the_training_rows_alone() -> None:
    frame, y = rows(400)
    extreme = pd.concat([frame, frame.assign(absence_rate_year=1e6, grade_level="13")], ignore_index=True)

    alone = logistic_pipeline(FEATURES, seed=0).fit(frame, y)
    beside = logistic_pipeline(FEATURES, seed=0).fit(extreme.iloc[:400], y)

    np.testing.assert_array_equal(alone.predict_proba(frame), beside.predict_proba(extreme)[:400])


def test_a_code_never_seen_and_a_column_of_nothing_are_read() -> None:
    frame, y = rows(400)
    empty = frame.assign(absence_rate_90d=np.nan)

    fitted = logistic_pipeline(FEATURES, seed=0).fit(empty, y)
    probability = fitted.predict_proba(frame.assign(grade_level="13", core_failures_term=np.nan))[:, 1]

    assert np.isfinite(probability).all()


def test_a_typing_mistake_is_pulled_back_to_the_fence() -> None:
    column = np.append(np.linspace(0, 1, 999), 1000.0)[:, None]

    clipped = OutlierClipper().fit(column).transform(column)

    assert clipped.max() < 3
    np.testing.assert_array_equal(clipped[:999], column[:999])


def test_a_rare_flag_and_a_missing_value_are_not_clipped() -> None:
    flags = np.append(np.zeros(998), [1.0, np.nan])[:, None]

    np.testing.assert_array_equal(OutlierClipper().fit(flags).transform(flags), flags)


def test_infinity_is_pulled_back_to_the_fence() -> None:
    clipper = OutlierClipper().fit(np.linspace(0, 1, 100)[:, None])

    assert np.isfinite(clipper.transform(np.array([[np.inf], [-np.inf]]))).all()
