"""Every contender's threshold is chosen as the model's is: best F1 on students it did not learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from modeling.core import contenders, evaluation
from tests.modeling.core import judged


@pytest.fixture(scope="module")
def evidence():
    return judged.inputs()


def repeated(n_students: int = 100, n_rows: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows of students who have several each, and a label of each row."""
    students = np.repeat(np.arange(n_students), n_rows)
    return pd.DataFrame({"student_id": students}), (students % 5 == 0).astype(float)


def watched(seen: list[tuple[set[int], set[int]]]):
    """Return a scorer that keeps who was learned from and who was asked about."""

    def score(learned, y, asked):
        seen.append((set(learned["student_id"]), set(asked["student_id"])))
        return np.linspace(0.1, 0.9, len(asked))

    return score


@pytest.mark.parametrize(("most_rows", "n_fits"), [(10_000, 5), (0, 1)])
def test_no_student_is_scored_by_a_fit_that_learned_from_them(most_rows, n_fits):
    rows, y = repeated()
    seen: list[tuple[set[int], set[int]]] = []

    contenders.out_of_fold_threshold(watched(seen), rows, y, n_folds=5, seed=0, most_rows=most_rows)

    assert len(seen) == n_fits
    assert all(not learned & asked for learned, asked in seen)
    assert all(len(learned | asked) == 100 for learned, asked in seen)


def test_it_is_the_threshold_of_scores_that_were_not_learned_from_them():
    rows, y = repeated()

    # By heart where it learned, and nothing but a guess elsewhere: on its own rows it would look sure.
    def by_heart(learned, labels, asked):
        known = dict(zip(learned["student_id"], labels, strict=True))
        return np.array([known.get(student, 0.3) for student in asked["student_id"]])

    threshold = contenders.out_of_fold_threshold(by_heart, rows, y, n_folds=5, seed=0)

    assert threshold <= 0.3


def test_the_plain_formula_is_not_cut_at_one_half(evidence):
    everyone = contenders.contenders(evidence)
    y = evidence.rows["y"].to_numpy()[evidence.test]
    plain = everyone["logistic"]

    ours = plain.metrics(y, capacity=evidence.capacity)["f1"]

    assert 0 < plain.threshold < 0.45
    assert ours > f1_score(y, plain.risks >= 0.5) + 0.05


def test_the_threshold_does_not_depend_on_the_rows_tested(evidence):
    fewer = replace(evidence, test=evidence.test[:100])

    found, again = contenders.contenders(evidence), contenders.contenders(fewer)

    assert {who: one.threshold for who, one in found.items()} == {who: one.threshold for who, one in again.items()}


def test_the_rules_threshold_is_the_best_on_the_training_rows(evidence):
    y = evidence.rows["y"].to_numpy(dtype=float)
    _, threshold = contenders.rule_risks(
        evidence.rules, rows=evidence.rows, y=y, train=evidence.train, test=evidence.test
    )
    learned, _ = contenders.rule_risks(
        evidence.rules, rows=evidence.rows, y=y, train=evidence.train, test=evidence.train
    )

    assert threshold == evaluation.f1_threshold(y[evidence.train], learned)


def test_the_boosting_machine_is_fitted_once_more_and_cut_by_f1(evidence, monkeypatch):
    fits = []
    original = contenders.ebm_risks
    monkeypatch.setattr(contenders, "ebm_risks", lambda *a, **k: fits.append(len(a[0])) or original(*a, **k))
    asked = replace(evidence, how=judged.HOW | {"explainable_boosting": True})

    found = contenders.contenders(asked)["ebm"]

    assert sorted(fits) == [len(evidence.train) * 3 // 4, len(evidence.train)]
    assert 0 < found.threshold < 0.45
