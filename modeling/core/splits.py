"""Splits that keep a student on one side and the future out of training."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold, train_test_split

from modeling.core.school_calendar import IntArray, days

FloatLike = npt.NDArray[np.float64]
Split = tuple[IntArray, IntArray]

# With fewer of either outcome a fold's figures say more about chance than about the settings that are compared.
MINIMUM_TESTED = 10


class CannotSplit(ValueError):
    """The rows do not allow the split that was asked for."""


def stratified_holdout(y: npt.ArrayLike, *, groups: npt.ArrayLike, test_share: float, seed: int) -> Split:
    """Return train and test rows with the same share of positives and no student in both.

    Parameters
    ----------
    y : array of float, shape (n_rows,)
        1.0 or 0.0; censored rows are left out beforehand.
    groups : array of int, shape (n_rows,)
        The student of each row. A student counts as positive when one of their rows is.
    test_share : float
        Share of the students in the test, in (0, 1).
    seed : int

    Returns
    -------
    train, test : arrays of int
        Positions of rows, sorted.

    Raises
    ------
    CannotSplit
        If there is one class only, or too few students of one for both sides.
    """
    labels = _labels(y)
    students, student_of_row = np.unique(np.asarray(groups), return_inverse=True)
    positive = _positive_students(labels, student_of_row, n=students.size)
    _check_classes(positive, at_least=2)
    try:
        _, test_students = train_test_split(
            np.arange(students.size), test_size=test_share, stratify=positive, random_state=seed
        )
    except ValueError as error:
        # The share leaves one side without room for both classes; scikit-learn's sentence says which.
        raise CannotSplit(str(error)) from error
    in_test = np.isin(student_of_row, test_students)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def grouped_folds(y: npt.ArrayLike, *, groups: npt.ArrayLike, n_folds: int, seed: int) -> list[Split]:
    """Return folds with about the same share of positives and no student in two of them.

    Parameters
    ----------
    y : array of float, shape (n_rows,)
        1.0 or 0.0.
    groups : array of int, shape (n_rows,)
        The student of each row.
    n_folds : int
        At least 2.
    seed : int

    Returns
    -------
    list of (train, test)
        Positions of rows; the tests are disjoint and cover every row.

    Raises
    ------
    CannotSplit
        If a class has fewer students than there are folds.
    """
    labels = _labels(y)
    students, student_of_row = np.unique(np.asarray(groups), return_inverse=True)
    _check_classes(_positive_students(labels, student_of_row, n=students.size), at_least=n_folds)
    if students.size == labels.size:
        # One row a student: the plain folds are the same thing.
        return list(StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(np.zeros((labels.size, 1)), labels))
    fold = _dealt(labels, student_of_row, n_students=students.size, n_folds=n_folds, seed=seed)[student_of_row]
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(n_folds)]


def rolling_origin_folds(
    y: npt.ArrayLike,
    *,
    snapshot_on: npt.ArrayLike,
    groups: npt.ArrayLike,
    horizon_days: int,
    n_folds: int,
    seed: int,
) -> list[Split]:
    """Return folds that each train on the past of what they test (Tashman, 2000: rolling origin).

    The snapshot dates that have something to learn from before them are cut into as many stretches as there are
    folds. Each fold tests one stretch and trains on the snapshots whose label window had closed by its first day.
    Students are dealt to the folds as in `grouped_folds`: a fold tests its own and trains on all others.

    Parameters
    ----------
    y : array of float, shape (n_rows,)
        1.0 or 0.0.
    snapshot_on : array of datetime64, shape (n_rows,)
    groups : array of int, shape (n_rows,)
        The student of each row.
    horizon_days : int
        Length of the label window.
    n_folds : int
        The most folds, at least 2; fewer where fewer dates can be tested.
    seed : int

    Returns
    -------
    list of (train, test)
        Positions of rows, sorted, the oldest stretch first. Tests are disjoint, but do not cover every row.

    Raises
    ------
    CannotSplit
        If fewer than two dates can be tested, or a fold would train or test on fewer than `MINIMUM_TESTED` rows of
        either outcome: then `grouped_folds` has to serve.
    """
    labels, taken_on = _labels(y), days(snapshot_on)
    dates = np.unique(taken_on)
    testable = dates[dates >= dates[:1] + np.timedelta64(horizon_days, "D")]
    n_folds = min(n_folds, testable.size)
    if n_folds < 2:
        raise CannotSplit(
            f"Folds along time need two snapshot dates with an earlier one whose {horizon_days} days had passed; "
            f"there are {testable.size}."
        )
    students, student_of_row = np.unique(np.asarray(groups), return_inverse=True)
    fold = _dealt(labels, student_of_row, n_students=students.size, n_folds=n_folds, seed=seed)[student_of_row]
    folds = []
    for number, stretch in enumerate(np.array_split(testable, n_folds)):
        closed = taken_on + np.timedelta64(horizon_days, "D") <= stretch[0]
        train = np.flatnonzero(closed & (fold != number))
        test = np.flatnonzero((taken_on >= stretch[0]) & (taken_on <= stretch[-1]) & (fold == number))
        _check_outcomes(labels, train, test, tested_from=stretch[0])
        folds.append((train, test))
    return folds


def temporal_split(
    snapshot_on: npt.ArrayLike,
    student_ids: npt.ArrayLike,
    *,
    horizon_days: int,
    test_from: date,
    test_share: float,
    seed: int,
) -> Split:
    """Return train rows of the past and test rows of the newest snapshots, no student in both.

    Training takes only snapshots whose label window had closed by the first test snapshot: what a model
    deployed on that day could have learned from. Most students of the test year were already at the school
    the year before. Leaving all of them out of training would leave only those who had gone, a school of
    dropouts and graduates; so a seeded hash sets a share of all students aside for testing, whatever
    became of them.

    Parameters
    ----------
    snapshot_on : array of datetime64, shape (n_rows,)
    student_ids : array of int, shape (n_rows,)
    horizon_days : int
        Length of the label window.
    test_from : date
        Snapshots on or after this day are for testing. Give matured ones only.
    test_share : float
        Share of the students set aside for testing, in (0, 1).
    seed : int

    Returns
    -------
    train, test : arrays of int
        Positions of rows, sorted. Rows in neither are a test student's past, a training student's future,
        or snapshots whose window was still open.

    Raises
    ------
    CannotSplit
        If either side would be empty.
    """
    taken_on = days(snapshot_on)
    newest = taken_on >= days(test_from)
    if not newest.any():
        raise CannotSplit(f"No snapshot on or after {test_from} to test on.")
    closed = taken_on + np.timedelta64(horizon_days, "D") <= taken_on[newest].min()
    set_aside = in_test_bucket(student_ids, test_share=test_share, seed=seed)
    train, test = np.flatnonzero(closed & ~set_aside), np.flatnonzero(newest & set_aside)
    if not train.size:
        raise CannotSplit(f"No snapshot whose {horizon_days} days had passed by {taken_on[newest].min()} to train on.")
    if not test.size:
        raise CannotSplit(f"No student set aside for testing on or after {test_from}. Test a larger share.")
    return train, test


def in_test_bucket(student_ids: npt.ArrayLike, *, test_share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which students are set aside for testing: the same ones in every training with this seed.

    Parameters
    ----------
    student_ids : array of int, shape (n_rows,)
    test_share : float
        Share set aside, in (0, 1).
    seed : int

    Returns
    -------
    array of bool, shape (n_rows,)
    """
    if not 0.0 < test_share < 1.0:
        raise CannotSplit(f"The test share must lie between 0 and 1, got {test_share}.")
    # splitmix64 (Steele, Lea & Flood 2014, figure 17): ids in a row spread evenly, and adding students moves
    # nobody else.
    seed_step = np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    mixed = np.asarray(student_ids, dtype=np.int64).astype(np.uint64) + seed_step + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    bucket: npt.NDArray[np.bool_] = mixed / 2.0**64 < test_share
    return bucket


def _labels(y: npt.ArrayLike) -> FloatLike:
    labels = np.asarray(y, dtype=np.float64)
    if np.isnan(labels).any():
        raise CannotSplit(f"{int(np.isnan(labels).sum())} rows have no label. Leave censored rows out first.")
    return labels


def _positive_students(labels: FloatLike, student_of_row: IntArray, *, n: int) -> npt.NDArray[np.bool_]:
    positive: npt.NDArray[np.bool_] = np.bincount(student_of_row, weights=labels, minlength=n) > 0
    return positive


def _dealt(labels: FloatLike, student_of_row: IntArray, *, n_students: int, n_folds: int, seed: int) -> IntArray:
    """Return the fold of each student, with as many of those who left, and of their rows, in each as can be.

    Students are dealt like cards: those who left first, and of them those with the most rows; ties are shuffled.
    scikit-learn's StratifiedGroupKFold weighs every student against every fold, in Python.
    """
    n_rows = np.bincount(student_of_row, minlength=n_students)
    n_positive = np.bincount(student_of_row, weights=labels, minlength=n_students)
    shuffled = np.random.default_rng(seed).permutation(n_students)
    order = np.lexsort((shuffled, -n_rows, -n_positive))
    fold = np.empty(n_students, dtype=np.int64)
    fold[order] = np.arange(n_students) % n_folds
    return fold


def _check_outcomes(labels: FloatLike, train: IntArray, test: IntArray, *, tested_from: np.datetime64) -> None:
    for side, rows in (("train", train), ("test", test)):
        n_left = int(labels[rows].sum())
        if min(n_left, rows.size - n_left) < MINIMUM_TESTED:
            raise CannotSplit(
                f"The fold that tests from {tested_from} on has {n_left} rows of students who left and "
                f"{rows.size - n_left} of those who stayed to {side} on; it needs {MINIMUM_TESTED} of each."
            )


def _check_classes(positive: npt.NDArray[np.bool_], *, at_least: int) -> None:
    n_left, n_stayed = int(positive.sum()), int((~positive).sum())
    if min(n_left, n_stayed) < at_least:
        raise CannotSplit(
            f"A split needs at least {at_least} students who left and {at_least} who stayed; "
            f"there are {n_left} and {n_stayed}."
        )
