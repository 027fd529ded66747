"""Measure contributions by tables beside LightGBM's own and its raw prediction, and print one JSON line.

    OMP_NUM_THREADS=1 python -m benchmarks.tree_tables_rates

`--portal` measures the models that the portal fits to the public data sets instead; `DROPOUT_DATA` names their folder.

Made-up rows of 28 numbers, half of them with 8 % of gaps, and 12 categories of 2 to 40 levels. Microseconds of CPU
time per row on one thread, the median of a few rounds in which all ways take turns; `pred_contrib` of a batch is timed
on its first rows only, for it costs the same for each. Also how long the tables take to make, and to make and check,
and the largest difference.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks import portal_models
from modeling.core.booster import REPRODUCIBLE
from modeling.core.tree_contributions import TreeContributions
from modeling.core.tree_few_rows import FewRows
from modeling.core.tree_tables import TreeTables

FloatArray = NDArray[np.float64]

N_NUMBERS, N_WITH_GAPS, GAP_SHARE = 28, 14, 0.08
LEVELS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40)
CATEGORIES = list(range(N_NUMBERS, N_NUMBERS + len(LEVELS)))
SETTINGS = {**REPRODUCIBLE, "max_depth": 8, "learning_rate": 0.06, "seed": 0}
BATCHES = ((120, 8), (500, 8), (120, 16), (120, 24))
SINGLES = ((120, 8), (500, 8), (120, 16), (120, 24))
N_BY_LIGHTGBM, N_SINGLE_ROWS = 1000, 50


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--portal", action="store_true")
    given = asked.parse_args()
    if given.portal:
        models = portal_models.fitted(n_rows=given.rows)
        measured = {
            name: {"batch": _batch(booster, X, given.rounds), "one_row": _single(booster, X, given.rounds)}
            for name, (booster, X) in models.items()
        }
        print(json.dumps({"rows": given.rows, **measured}))
        return
    X, y = made_up_rows(given.rows)
    boosters = {size: fitted(X, y, *size) for size in {*BATCHES, *SINGLES}}
    batches = [_batch(boosters[size], X, given.rounds) for size in BATCHES]
    singles = [_single(boosters[size], X, given.rounds) for size in SINGLES]
    print(json.dumps({"rows": given.rows, "columns": X.shape[1], "batch": batches, "one_row": singles}))


def made_up_rows(n: int) -> tuple[FloatArray, FloatArray]:
    """Return a matrix of 28 numbers and 12 categories, and an outcome that hangs on them."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n, N_NUMBERS))
    categories = rng.integers(0, LEVELS, (n, len(LEVELS))).astype(np.float64)
    log_odds = numbers @ rng.normal(size=N_NUMBERS) * 0.3 + (categories[:, 7] == 2) + (categories[:, 10] % 3 == 1)
    gaps = rng.random((n, N_WITH_GAPS)) < GAP_SHARE
    numbers[:, :N_WITH_GAPS][gaps] = np.nan
    return np.column_stack([numbers, categories]), (log_odds + rng.normal(size=n) > 2.2).astype(np.float64)


def fitted(X: FloatArray, y: FloatArray, n_trees: int, n_leaves: int) -> lightgbm.Booster:
    """Return a booster of that size; of columns beyond the numbers it splits by category."""
    settings = {**SETTINGS, "num_leaves": n_leaves}
    categories = [column for column in CATEGORIES if column < X.shape[1]]
    data = lightgbm.Dataset(X, label=y, categorical_feature=categories, params=settings)
    return lightgbm.train(settings, data, num_boost_round=n_trees)


def _batch(booster: lightgbm.Booster, X: FloatArray, n_rounds: int) -> dict[str, Any]:
    begin = time.process_time()
    tables = TreeTables.of(booster)
    made_in = time.process_time() - begin
    TreeContributions(booster)
    ready_in = time.process_time() - begin - made_in
    some = X[:N_BY_LIGHTGBM]
    times = timed(
        {
            "tables": (lambda: tables.contributions(X), len(X)),
            "raw": (lambda: booster.predict(X, raw_score=True, num_threads=1), len(X)),
            "pred_contrib": (lambda: booster.predict(some, pred_contrib=True, num_threads=1), len(some)),
        },
        n_rounds,
    )
    size = sum(table.values.nbytes for table in tables.tables)
    made = {"made_in_s": round(made_in, 2), "made_and_checked_in_s": round(ready_in, 2)}
    made |= {"tables_mb": round(size / 1e6, 1), "n_tables": len(tables.tables)}
    error = _error(tables.contributions(some), booster, some)
    return {**_told(booster, times), "times_raw": _ratio(times, "raw"), **made, "error": error}


def _single(booster: lightgbm.Booster, X: FloatArray, n_rounds: int) -> dict[str, Any]:
    few = FewRows(TreeTables.of(booster))
    rows = [np.ascontiguousarray(X[number : number + 1]) for number in range(N_SINGLE_ROWS)]
    times = timed(
        {
            "tables": (lambda: [few.contributions(row) for row in rows], len(rows)),
            "pred_contrib": (lambda: [booster.predict(r, pred_contrib=True, num_threads=1) for r in rows], len(rows)),
            "tables_of_100": (lambda: few.contributions(X[:100]), 100),
            "batch_of_100": (lambda: few.tables.contributions(X[:100]), 100),
        },
        n_rounds,
    )
    return {**_told(booster, times), "error": max(_error(few.contributions(row), booster, row) for row in rows)}


def _error(found: FloatArray, booster: lightgbm.Booster, rows: FloatArray) -> float:
    expected = np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)
    return float(np.abs(found - expected).max())


def timed(ways: Mapping[str, tuple[Callable[[], object], int]], n_rounds: int) -> dict[str, float]:
    """Return the microseconds per row of each way, all taking turns after one round that does not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(n_rounds + 1):
        for name, (call, n) in ways.items():
            begin = time.process_time()
            call()
            found[name].append((time.process_time() - begin) / n * 1e6)
    return {name: statistics.median(times[1:]) for name, times in found.items()}


def _told(booster: lightgbm.Booster, times: Mapping[str, float]) -> dict[str, Any]:
    n_leaves = int(booster.trees_to_dataframe().query("left_child.isnull()").groupby("tree_index").size().max())
    in_us = {f"{name}_us": round(value, 2) for name, value in times.items()}
    return {
        "trees": booster.num_trees(),
        "leaves": n_leaves,
        **in_us,
        "times_pred_contrib": _ratio(times, "pred_contrib"),
    }


def _ratio(times: Mapping[str, float], other: str) -> float:
    """Return how many times as fast as another way the tables are."""
    return round(times[other] / times["tables"], 2)


if __name__ == "__main__":
    main()
