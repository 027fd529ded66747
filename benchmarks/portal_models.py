"""Models as the portal fits them to the two public data sets, and rows for them, for what measures their speed."""

from __future__ import annotations

import os
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks import cohort_facts, reproduce_uci
from benchmarks.reproduce_uci import Task
from modeling.core import catalogue
from students.importing.cohort_schema import CohortSchema

FloatArray = NDArray[np.float64]
BoosterAndRows = tuple[lightgbm.Booster, FloatArray]

DATA = Path(os.environ.get("DROPOUT_DATA", reproduce_uci.ROOT.parent / "shared" / "data"))


def fitted(*, n_rows: int) -> dict[str, BoosterAndRows]:
    """Return the booster of each data set, fitted as configured, and as many of its rows as asked, some repeated.

    :raises FileNotFoundError: if `DROPOUT_DATA` lacks a data set
    """
    return {name: _booster_and_rows(task, n_rows) for name, task in _tasks().items()}


def _tasks() -> dict[str, Task]:
    cohorts = reproduce_uci.ROOT / "configs" / "cohorts"
    schemas = {name: CohortSchema.from_yaml(cohorts / f"{name}.yaml") for name in ("uci_697", "uci_320_por")}
    return {
        "UCI 697": reproduce_uci.task_of(
            cohort_facts.read(DATA / "uci697" / "data.csv", schemas["uci_697"]),
            schemas["uci_697"],
            as_of=reproduce_uci.UCI_697_FIRST_SEMESTER,
            with_protected=False,
            extra=catalogue.COURSEWORK,
        ),
        "UCI 320": reproduce_uci.task_of(
            cohort_facts.read(DATA / "uci320" / "student-por.csv", schemas["uci_320_por"]),
            schemas["uci_320_por"],
            as_of=reproduce_uci.UCI_320_END_OF_LESSONS,
            with_protected=True,
        ),
    }


def _booster_and_rows(task: Task, n_rows: int) -> BoosterAndRows:
    model = reproduce_uci.fit(task, np.arange(len(task.y)), seed=0).model()
    drawn = np.random.default_rng(0).integers(0, len(task.y), n_rows)
    return model.booster, np.ascontiguousarray(model.matrix(task.frame)[drawn])
