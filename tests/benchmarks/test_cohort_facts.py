"""What the benchmarks measure on is what the file of a cohort holds, read as an upload is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks import cohort_facts, reproduce_uci
from modeling.core.rules import rule_points
from students.importing.cohort_schema import CohortSchema
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_cohort import ANA, BEN, csv_bytes, small_schema

UCI_697 = CohortSchema.from_yaml(COHORTS / "uci_697.yaml")


@pytest.fixture(scope="module")
def task() -> reproduce_uci.Task:
    facts = cohort_facts.read(real_file("uci697/data.csv"), UCI_697)
    return reproduce_uci.task_of(facts, UCI_697, as_of=reproduce_uci.UCI_697_SECOND_SEMESTER, with_protected=True)


def test_the_task_of_the_real_file_holds_what_the_file_holds(task: reproduce_uci.Task) -> None:
    wanted = pd.read_csv(real_file("uci697/data.csv"), sep=";", encoding="utf-8-sig")
    wanted.columns = wanted.columns.str.strip()

    assert len(task.features) == 36
    np.testing.assert_array_equal(task.y == 1, wanted["Target"] == "Dropout")
    for column in UCI_697.columns:
        if column.kind != "outcome":
            cells = wanted[column.header]
            np.testing.assert_array_equal(task.frame[column.name].astype(cells.dtype), cells, err_msg=column.header)


def test_the_rule_of_the_real_cohort_ranks_as_its_comment_says(task: reproduce_uci.Task) -> None:
    auc = roc_auc_score(task.y, rule_points(task.frame, task.rules))

    assert auc == pytest.approx(0.8547, abs=0.0005)


def test_a_file_with_a_bad_line_is_not_measured_on_the_others(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_bytes(csv_bytes(ANA, BEN + ",x"))

    with pytest.raises(ValueError, match=r"cohort.csv has bad lines; the first: .*'ragged'"):
        cohort_facts.read(tmp_path / "cohort.csv", small_schema())
