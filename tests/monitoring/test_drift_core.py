"""Drift: what moved since training, what only looks so by chance, and what nobody has a value of."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from modeling.core.feature import Feature
from modeling.core.reference import training_reference
from monitoring.core.drift import chance_bound, drift_table, population_stability_index

FEATURES = [
    Feature(name="absence", kind="number", label=""),
    Feature(name="debtor", kind="flag", label=""),
    Feature(name="course", kind="category", label=""),
]


def cohort(n: int, *, seed: int = 0, shift: float = 0.0, course: str = "abc") -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "absence": random.normal(shift, 1, n),
            "debtor": (random.random(n) < 0.03).astype(float),
            "course": random.choice(list(course), n).astype(object),
        }
    )


def specification(frame: pd.DataFrame) -> dict[str, object]:
    return {"reference": training_reference(frame, FEATURES)}


def levels(frame: pd.DataFrame, training: pd.DataFrame) -> dict[str, str]:
    return {row["feature"]: row["level"] for row in drift_table(frame, specification(training))}


def test_the_training_rows_themselves_have_not_moved() -> None:
    frame = cohort(1000)

    table = drift_table(frame, specification(frame))

    assert {row["feature"] for row in table} == {"absence", "debtor", "course"}
    for row in table:
        assert row["psi"] == pytest.approx(0, abs=1e-12)
        assert row["level"] == "stable"
        assert row["n"] == 1000


def test_the_index_of_two_bins_by_hand() -> None:
    training = pd.DataFrame({"absence": [0.0] * 80 + [1.0] * 20})
    reference = training_reference(training, FEATURES[:1])["absence"]

    psi = population_stability_index(reference, pd.Series([0.0] * 50 + [1.0] * 50))

    assert psi == pytest.approx((0.5 - 0.8) * math.log(0.5 / 0.8) + (0.5 - 0.2) * math.log(0.5 / 0.2))


def test_a_shift_is_found_and_stands_first() -> None:
    table = drift_table(cohort(500, seed=1, shift=1.0), specification(cohort(2000)))

    assert table[0]["feature"] == "absence"
    assert table[0]["level"] == "drifted"


def test_values_that_go_missing_are_drift() -> None:
    frame = cohort(500, seed=1)
    frame.loc[:149, "absence"] = np.nan

    table = {row["feature"]: row for row in drift_table(frame, specification(cohort(2000)))}

    assert table["absence"]["level"] == "drifted"
    assert table["absence"]["missing_share"] == pytest.approx(0.3)
    assert table["absence"]["reference_missing_share"] == 0.0


def test_a_feature_missing_throughout_or_absent_is_drift_and_no_error() -> None:
    frame = cohort(200).drop(columns="debtor").assign(absence=np.nan, course=None)

    assert levels(frame, cohort(2000)) == {"absence": "drifted", "debtor": "drifted", "course": "drifted"}


def test_a_feature_that_was_missing_throughout_in_training_works() -> None:
    nothing = cohort(500).assign(absence=np.nan, course=None, debtor=np.nan)

    assert set(levels(nothing, nothing).values()) == {"stable"}
    assert set(levels(cohort(500), nothing).values()) == {"drifted"}


def test_codes_never_seen_are_drift() -> None:
    assert levels(cohort(500, seed=1, course="abz"), cohort(2000))["course"] == "drifted"


def test_a_rare_flag_that_becomes_common_is_drift() -> None:
    assert levels(cohort(500, seed=1).assign(debtor=1.0), cohort(2000))["debtor"] == "drifted"


def test_a_constant_that_changes_is_drift() -> None:
    constant = cohort(500).assign(debtor=1.0)

    assert levels(constant.assign(debtor=0.0), constant)["debtor"] == "drifted"
    assert levels(constant.assign(debtor=2.0), constant)["debtor"] == "drifted"


def test_values_beyond_all_bounds_fall_into_the_outer_bins() -> None:
    frame = cohort(500, seed=1)
    frame.loc[:9, "absence"] = [1e300] * 5 + [-1e300] * 5

    assert levels(frame, cohort(2000))["absence"] == "stable"


def test_a_small_cohort_that_differs_by_chance_only_is_stable() -> None:
    training = cohort(2000)
    reference = training_reference(training, FEATURES)["absence"]
    by_chance = [cohort(60, seed=seed) for seed in range(100)]

    psi = [population_stability_index(reference, frame["absence"]) for frame in by_chance]

    assert np.mean(np.array(psi) > 0.1) > 0.5  # what the bare threshold would report
    assert np.mean(np.array(psi) > chance_bound(reference, n=60)) < 0.1


@pytest.mark.parametrize(("n", "level"), [(0, "too_few"), (49, "too_few"), (50, "drifted")])
def test_fewer_than_fifty_rows_are_too_few(n: int, level: str) -> None:
    frame = cohort(60, seed=1, shift=3.0).iloc[:n]

    assert levels(frame, cohort(2000))["absence"] == level


def test_nobody_gives_no_number() -> None:
    [row, *_] = drift_table(cohort(0), specification(cohort(500)))

    assert row["psi"] is None
    assert row["missing_share"] is None
