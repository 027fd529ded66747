"""Splits: nobody on both sides, nothing of the future in training."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from modeling.core.splits import (
    CannotSplit,
    grouped_folds,
    in_test_bucket,
    rolling_origin_folds,
    stratified_holdout,
    temporal_split,
)

QUICK = settings(max_examples=25, deadline=None)
DATES = np.array(["2022-10-01", "2023-02-01", "2023-10-01", "2024-02-01", "2024-10-01"], dtype="datetime64[D]")


def snapshots(n_students: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the date and the student of one row per student and snapshot."""
    return np.repeat(DATES, n_students), np.tile(np.arange(n_students), len(DATES))


@QUICK
@given(seed=st.integers(0, 2**31), share=st.sampled_from([0.1, 0.2, 0.4]))
def test_a_holdout_keeps_each_student_and_the_share_of_positives(seed: int, share: float) -> None:
    groups = np.repeat(np.arange(200), 3)
    y = np.repeat((np.arange(200) % 5 == 0).astype(float), 3)

    train, test = stratified_holdout(y, groups=groups, test_share=share, seed=seed)

    assert not set(groups[train]) & set(groups[test])
    assert sorted([*train, *test]) == list(range(600))
    assert len(test) == pytest.approx(600 * share, abs=3)
    assert y[test].mean() == pytest.approx(y.mean(), abs=0.02)


@pytest.mark.parametrize("rows_each", [1, 3])
def test_folds_cover_every_row_once_and_part_no_student(rows_each: int) -> None:
    groups = np.repeat(np.arange(100), rows_each)
    y = np.repeat((np.arange(100) % 4 == 0).astype(float), rows_each)

    folds = grouped_folds(y, groups=groups, n_folds=5, seed=3)

    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(y)))
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)
    assert all(y[test].mean() == pytest.approx(0.25, abs=0.1) for _, test in folds)


@QUICK
@given(seed=st.integers(0, 2**31), n_folds=st.integers(2, 6))
def test_folds_share_rows_and_those_who_left_evenly(seed: int, n_folds: int) -> None:
    random = np.random.default_rng(seed)
    groups = random.integers(0, 300, 1500) * 11
    y = ((groups % 7 == 0) & (random.random(1500) < 0.4)).astype(float)

    folds = grouped_folds(y, groups=groups, n_folds=n_folds, seed=seed)

    most = np.bincount(groups).max()
    n_positive, n_rows = [y[test].sum() for _, test in folds], [len(test) for _, test in folds]
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(1500))
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)
    # Dealt in order of their rows, two hands differ by no more than one student's, twice.
    assert max(n_positive) - min(n_positive) <= most
    assert max(n_rows) - min(n_rows) <= 2 * most * n_folds


def test_folds_of_one_row_a_student_are_the_plain_ones() -> None:
    y = (np.arange(200) % 4 == 0).astype(float)

    folds = grouped_folds(y, groups=np.arange(200)[::-1], n_folds=5, seed=8)

    plain = StratifiedKFold(5, shuffle=True, random_state=8).split(np.zeros((200, 1)), y)
    assert [test.tolist() for _, test in folds] == [test.tolist() for _, test in plain]


def test_folds_of_a_million_rows_are_made_in_moments() -> None:
    random = np.random.default_rng(5)
    groups = random.integers(0, 250_000, 1_000_000)
    y = (random.random(1_000_000) < 0.05).astype(float)

    before = time.process_time()
    folds = grouped_folds(y, groups=groups, n_folds=5, seed=1)

    assert time.process_time() - before < 2
    assert sum(len(test) for _, test in folds) == 1_000_000


@QUICK
@given(seed=st.integers(0, 2**31), n_folds=st.integers(2, 9))
def test_rolling_folds_train_on_the_closed_past_of_other_students(seed: int, n_folds: int) -> None:
    taken_on, student = snapshots(300)
    y = (student % 3 == 0).astype(float)

    folds = rolling_origin_folds(y, snapshot_on=taken_on, groups=student, horizon_days=365, n_folds=n_folds, seed=seed)

    # The windows of the first two dates had closed by the last three.
    tested = [set(taken_on[test]) for _, test in folds]
    assert len(folds) == min(n_folds, 3)
    assert set.union(*tested) == set(DATES[2:])
    for train, test in folds:
        assert not set(student[train]) & set(student[test])
        assert taken_on[train].max() + np.timedelta64(365, "D") <= taken_on[test].min()
    assert len(np.concatenate([test for _, test in folds])) == len(set(np.concatenate([test for _, test in folds])))
    assert [max(of_fold) for of_fold in tested] == sorted(max(of_fold) for of_fold in tested)


def test_rolling_folds_learn_from_everybody_else() -> None:
    taken_on, student = snapshots(300)

    [_, (train, test)] = rolling_origin_folds(
        (student % 3 == 0).astype(float), snapshot_on=taken_on, groups=student, horizon_days=365, n_folds=2, seed=1
    )

    assert (len(set(student[train])), len(set(student[test]))) == (150, 150)


@pytest.mark.parametrize(
    ("horizon_days", "every", "said"),
    [(700, 3, "there are 1"), (3000, 3, "there are 0"), (365, 100, "left and .* it needs 10 of each")],
)
def test_rolling_folds_that_cannot_be_are_refused(horizon_days: int, every: int, said: str) -> None:
    taken_on, student = snapshots(300)
    y = (student % every == 0).astype(float)

    with pytest.raises(CannotSplit, match=said):
        rolling_origin_folds(y, snapshot_on=taken_on, groups=student, horizon_days=horizon_days, n_folds=3, seed=0)


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    y, groups = (np.arange(300) % 3 == 0).astype(float), np.arange(300)

    first, again, other = (stratified_holdout(y, groups=groups, test_share=0.2, seed=s)[1] for s in (1, 1, 2))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@QUICK
@given(seed=st.integers(-(2**40), 2**40))
def test_a_temporal_split_trains_on_closed_windows_of_other_students(seed: int) -> None:
    taken_on, student = snapshots(300)

    train, test = temporal_split(
        taken_on, student, horizon_days=365, test_from=date(2024, 2, 1), test_share=0.3, seed=seed
    )

    assert not set(student[train]) & set(student[test])
    assert set(taken_on[test]) == {DATES[3], DATES[4]}
    # The window of 2023-02-01 closes on 2024-02-01, that of 2023-10-01 does not.
    assert set(taken_on[train]) == {DATES[0], DATES[1]}


def test_students_who_stay_are_in_training_too() -> None:
    taken_on, student = snapshots(300)

    train, _ = temporal_split(taken_on, student, horizon_days=365, test_from=date(2024, 2, 1), test_share=0.3, seed=1)

    # All 300 are still there in the test year; seven in ten of them may be learned from.
    assert len(set(student[train])) == pytest.approx(210, abs=25)


def test_the_bucket_of_a_student_does_not_depend_on_the_others() -> None:
    some, all_students = np.array([5, 900, 77]), np.arange(1000)

    bucket = in_test_bucket(all_students, test_share=0.25, seed=4)

    assert in_test_bucket(some, test_share=0.25, seed=4).tolist() == bucket[some].tolist()
    assert bucket.mean() == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize(
    ("positives", "said"), [(0, "there are 0 and 12"), (12, "there are 12 and 0"), (1, "1 and 11")]
)
def test_too_few_of_a_class_are_counted_in_the_refusal(positives: int, said: str) -> None:
    y = (np.arange(12) < positives).astype(float)

    with pytest.raises(CannotSplit, match=said):
        stratified_holdout(y, groups=np.arange(12), test_share=0.2, seed=0)
    with pytest.raises(CannotSplit, match=said):
        grouped_folds(y, groups=np.arange(12), n_folds=3, seed=0)


def test_a_side_without_room_for_both_classes_is_refused() -> None:
    y = (np.arange(12) < 6).astype(float)

    with pytest.raises(CannotSplit, match="test_size = 1"):
        stratified_holdout(y, groups=np.arange(12), test_share=0.05, seed=0)


def test_censored_rows_are_refused() -> None:
    with pytest.raises(CannotSplit, match="1 rows have no label"):
        stratified_holdout([1.0, 0.0, np.nan], groups=[1, 2, 3], test_share=0.5, seed=0)


@pytest.mark.parametrize(
    ("test_from", "test_share", "said"),
    [
        (date(2025, 1, 1), 0.3, "No snapshot on or after 2025-01-01"),
        (date(2023, 2, 1), 0.3, "No snapshot whose 365 days had passed by 2023-02-01"),
        (date(2024, 2, 1), 1e-9, "No student set aside"),
        (date(2024, 2, 1), 1.5, "between 0 and 1, got 1.5"),
    ],
)
def test_a_temporal_split_that_cannot_be_is_refused(test_from: date, test_share: float, said: str) -> None:
    taken_on, student = snapshots(30)

    with pytest.raises(CannotSplit, match=said):
        temporal_split(taken_on, student, horizon_days=365, test_from=test_from, test_share=test_share, seed=0)
