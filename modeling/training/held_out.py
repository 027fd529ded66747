"""Which rows of a dataset a model is judged on: neither its trees nor its settings have seen them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from modeling.core import fitting, splits
from modeling.core.school_calendar import IntArray
from modeling.core.splits import CannotSplit


def held_out(rows: pd.DataFrame, task: dict[str, Any]) -> tuple[IntArray, IntArray, dict[str, Any]]:
    """Part the rows by time where the years allow it, else by student; return training and test rows, and which.

    The same task parts the same rows the same way: a search for settings trains on the first part alone, and the
    training that follows is judged on the second.

    :raises CannotSplit: if an outcome has too few students for both sides
    """
    test_share, seed = task["test_share"], task["seed"]
    for test_from in task["test_from"]:
        try:
            train, test = splits.temporal_split(
                rows["snapshot_on"].to_numpy(),
                rows["student_id"].to_numpy(),
                horizon_days=task["settings"]["horizon_days"],
                test_from=date.fromisoformat(test_from),
                test_share=test_share,
                seed=seed,
            )
        except CannotSplit:
            continue
        if min(rows["y"].iloc[test].sum(), rows["y"].iloc[train].sum()) >= fitting.MINIMUM_OF_EACH_OUTCOME:
            return train, test, {"kind": "temporal", "test_from": test_from}
    train, test = splits.stratified_holdout(
        rows["y"].to_numpy(), groups=rows["student_id"].to_numpy(), test_share=task["holdout_share"], seed=seed
    )
    return train, test, {"kind": "holdout", "test_share": task["holdout_share"]}
