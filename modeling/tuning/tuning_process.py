"""Hold the data of a search and try settings on it, apart: `python -m modeling.tuning.tuning_process FOLDER`.

Reads FOLDER/task.json, bins the training rows once, and says {"ready": …}. Then, line by line: settings come in on
stdin, a fold's figures go out on stdout, and "on" or "stop" comes in after each fold. The end of stdin is its end. It
knows no Django and no Optuna: the worker that started it holds the study.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from modeling.core import catalogue, fitting
from modeling.core.fitting import NotFittable
from modeling.core.splits import CannotSplit
from modeling.core.tuning import FoldedDataset, tuning_folds
from modeling.training.held_out import held_out
from modeling.training.process_ends import die_with_worker

REFUSED = 3
GO_ON = "on"


def main(folder: Path, asked: TextIO, told: TextIO) -> int:
    """Answer until nothing more is asked; data that cannot carry a search is one sentence and exit code 3."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    try:
        data, ready = folded(task, pd.read_parquet(task["dataset"]))
    except (NotFittable, CannotSplit) as refusal:
        _say(told, {"refused": str(refusal)})
        return REFUSED
    _say(told, {"ready": ready})
    while line := asked.readline():
        _try(data, json.loads(line), asked, told)
    return 0


def folded(task: dict[str, Any], rows: pd.DataFrame) -> tuple[FoldedDataset, dict[str, Any]]:
    """Bin the training rows and cut the folds; the rows the next model is judged on are left out.

    :raises NotFittable: if no feature varies
    :raises CannotSplit: if an outcome has too few students
    """
    train, _, how = held_out(rows, task)
    rows = rows.iloc[train]
    features = fitting.usable_features(rows, [catalogue.from_json(fields) for fields in task["features"]])
    y = rows["y"].to_numpy(dtype=float)
    folds, kind = tuning_folds(
        y,
        snapshot_on=rows["snapshot_on"],
        groups=rows["student_id"].to_numpy(),
        horizon_days=task["settings"]["horizon_days"],
        n_folds=task["n_folds"],
        seed=task["seed"],
    )
    data = FoldedDataset(rows, y, features=features, folds=folds, trees=task["trees"], seed=task["seed"])
    return data, {"test": how, "folds": kind, "n_folds": len(folds), "n_training": len(rows)}


def _try(data: FoldedDataset, parameters: dict[str, Any], asked: TextIO, told: TextIO) -> None:
    for fold in range(data.n_folds):
        _say(told, data.try_fold(parameters, fold).as_json())
        if asked.readline().strip() != GO_ON:
            return


def _say(told: TextIO, what: dict[str, Any]) -> None:
    told.write(json.dumps(what, allow_nan=False) + "\n")
    told.flush()


if __name__ == "__main__":
    die_with_worker()
    sys.exit(main(Path(sys.argv[1]), sys.stdin, sys.stdout))
