"""Intervals come from resamples of the students, and each resample is measured as the test itself was."""

from __future__ import annotations

import numpy as np
import pytest

from modeling.core import evaluation, intervals
from modeling.core.intervals import Resamples


def labelled(n: int = 400, *, seed: int = 0):
    """Return labels and risks with many ties, and the student of each row, some with several."""
    random = np.random.default_rng(seed)
    risks = random.integers(1, 40, n) / 41
    y = (random.random(n) < risks).astype(float)
    return y, risks, random.integers(n // 2, size=n)


def everybody_once(n: int) -> Resamples:
    return Resamples(counts=np.ones((1, n), dtype=np.uint8), student_of_row=np.arange(n))


@pytest.mark.parametrize("seed", range(4))
def test_a_resample_with_everybody_once_measures_as_the_test_does(seed):
    y, risks, _ = labelled(seed=seed)

    found = intervals.replicates(everybody_once(len(y)), y, risks, threshold=0.6, capacity=37)

    expected = evaluation.metrics(y, risks, threshold=0.6, capacity=37)
    assert {name: values[0] for name, values in found.items()} == pytest.approx(
        {name: expected[name] for name in found}
    )
    assert set(expected) - set(found) == {"n", "n_positive", "threshold", "capacity"}


def test_a_resample_measures_as_its_rows_written_out():
    y, risks, students = labelled()
    drawn = intervals.resamples(students, n_bootstraps=5, seed=3)

    found = intervals.replicates(drawn, y, risks, threshold=0.5, capacity=40)

    for number, counts in enumerate(drawn.counts):
        rows = np.repeat(np.arange(len(y)), counts[drawn.student_of_row])
        capacity = max(1, round(0.1 * len(rows)))
        expected = evaluation.metrics(y[rows], risks[rows], threshold=0.5, capacity=capacity)
        measured = {name: values[number] for name, values in found.items()}
        assert measured == pytest.approx({name: expected[name] for name in measured})


def test_a_student_is_drawn_with_all_rows():
    students = np.array([7, 7, 7, 9, 9, 4])

    drawn = intervals.resamples(students, n_bootstraps=50, seed=1)

    assert drawn.counts.shape == (50, 3)
    assert (drawn.counts.sum(axis=1) == 3).all()
    (weights,) = list(drawn.weights(np.arange(6)))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()


def test_rows_of_one_student_do_not_feign_certainty():
    y, risks, _ = labelled(200)
    one_each, five_each = np.arange(200), np.arange(1000) % 200

    def width(students, repeated):
        drawn = intervals.resamples(students, n_bootstraps=300, seed=0)
        low, high = intervals.interval(
            intervals.replicates(
                drawn, np.tile(y, repeated), np.tile(risks, repeated), threshold=0.5, capacity=20 * repeated
            )["roc_auc"]
        )
        return high - low

    assert width(five_each, 5) == pytest.approx(width(one_each, 1), rel=0.05)
    assert width(np.arange(1000), 5) < 0.7 * width(one_each, 1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        risks = random.random(150)
        y = (random.random(150) < 0.3).astype(float)
        drawn = intervals.resamples(np.arange(150), n_bootstraps=200, seed=int(random.integers(1e9)))
        low, high = intervals.interval(intervals.replicates(drawn, y, risks, threshold=0.5, capacity=15)["roc_auc"])
        held += low <= 0.5 <= high

    assert 0.89 <= held / 200 <= 0.99


def test_the_same_seed_gives_the_same_resamples():
    students = np.arange(60)

    one, other = (intervals.resamples(students, n_bootstraps=20, seed=4) for _ in range(2))

    assert (one.counts == other.counts).all()
    assert (one.counts != intervals.resamples(students, n_bootstraps=20, seed=5).counts).any()


def test_of_many_students_fewer_resamples_are_drawn(monkeypatch):
    monkeypatch.setattr(intervals, "MOST_WEIGHTS", 40_000)

    assert len(intervals.resamples(np.arange(200), n_bootstraps=500, seed=0).counts) == 200
    assert len(intervals.resamples(np.arange(4000), n_bootstraps=500, seed=0).counts) == intervals.FEWEST_BOOTSTRAPS


def test_chunks_of_resamples_change_nothing(monkeypatch):
    y, risks, students = labelled()
    drawn = intervals.resamples(students, n_bootstraps=30, seed=1)
    whole = intervals.replicates(drawn, y, risks, threshold=0.5, capacity=40)

    monkeypatch.setattr(intervals, "CHUNK", 1000)
    parted = intervals.replicates(drawn, y, risks, threshold=0.5, capacity=40)

    for name, values in whole.items():
        np.testing.assert_allclose(parted[name], values)


def test_a_measure_that_most_resamples_lack_has_no_interval():
    assert intervals.interval(np.array([0.5, np.nan, np.nan])) is None
    assert intervals.interval(np.array([0.5, 0.5, np.nan])) == [0.5, 0.5]
    assert intervals.interval(np.array([])) is None


def test_a_resample_without_anybody_who_left_is_not_measured():
    y = np.array([1.0, *[0.0] * 19])

    found = intervals.replicates(
        intervals.resamples(np.arange(20), n_bootstraps=200, seed=0),
        y,
        np.linspace(0.9, 0.1, 20),
        threshold=0.5,
        capacity=2,
    )

    assert np.isnan(found["roc_auc"]).any()
    assert np.isfinite(found["brier"]).all()
