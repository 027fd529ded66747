"""Measure what a trial of a search costs, beside scikit-learn's grid over a whole pipeline; print one JSON line.

    python -m benchmarks.tuning_rates --rows 200000 --trials 50

The rows are made up: 28 numbers (half of them with 16 % gaps) and 12 categories, 8 % positive. Our search is the
portal's own: the process that holds the data, Optuna's suggestions, pruning after each fold; only its rows in the
database are left out. The other is what one would write: impute, one-hot, scale, LGBMClassifier and GridSearchCV over
as many folds, on one thread like ours; a few points are enough to know what one costs. Both may grow as many trees as
configured. Then each refits with its best settings and is judged on rows that neither search has seen, a quarter as
many. CPU seconds are process time, children's included, and starting and binning count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modeling.core import fitting, tuning_space
from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings
from modeling.training import training_config
from modeling.training.held_out import held_out

N_NUMBERS, N_CATEGORIES, N_FOLDS, SEED = 28, 12, 5, 7
# For both, as configured; ours may stop earlier.
MOST_TREES = training_config.load().trees.n_trees
GRID = {"boost__num_leaves": [8, 16, 31]}
FEATURES = [Feature(name=f"n{place}", kind="number", label="") for place in range(N_NUMBERS)] + [
    Feature(name=f"c{place}", kind="category", label="") for place in range(N_CATEGORIES)
]
NUMBERS, CATEGORIES = [f"n{place}" for place in range(N_NUMBERS)], [f"c{place}" for place in range(N_CATEGORIES)]


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=200_000)
    asked.add_argument("--trials", type=int, default=50)
    given = asked.parse_args()
    rows = made_up(given.rows * 5 // 4)
    with tempfile.TemporaryDirectory() as folder:
        task = _task(Path(folder), rows)
        train, fresh, _ = held_out(rows, task)
        ours = our_search(Path(folder), n_trials=given.trials)
    ours["roc_auc"] = _our_auc(rows, train, fresh, best=ours.pop("best"))
    grid = the_grid(rows, train, fresh)
    json.dump(
        {
            "rows": len(train),
            "fresh_rows": len(fresh),
            "load": round(os.getloadavg()[0], 1),
            "ours": ours,
            "grid": grid,
            "cpu_share": round(ours["cpu_seconds_per_trial"] / grid["cpu_seconds_per_trial"], 3),
        },
        sys.stdout,
    )
    sys.stdout.write("\n")


def made_up(n: int) -> pd.DataFrame:
    """Return rows whose log-odds bend, interact and hang on categories, as a frozen dataset has them."""
    random = np.random.default_rng(SEED)
    numbers = random.normal(0, 1, (n, N_NUMBERS))
    levels = random.integers(0, random.integers(3, 11, N_CATEGORIES), (n, N_CATEGORIES))
    effects = random.normal(0, 0.3, (N_CATEGORIES, 11))
    log_odds = numbers[:, :10] @ random.normal(0, 0.5, 10) + np.abs(numbers[:, 10]) + numbers[:, 11] * numbers[:, 12]
    log_odds = log_odds + effects[np.arange(N_CATEGORIES), levels].sum(axis=1) + random.logistic(0, 1, n)
    y = (log_odds > np.quantile(log_odds, 0.92)).astype(float)
    numbers[:, ::2][random.random((n, N_NUMBERS // 2)) < 0.16] = np.nan
    frame = pd.DataFrame(numbers, columns=NUMBERS)
    for place, name in enumerate(CATEGORIES):
        frame[name] = levels[:, place].astype(str)
    return frame.assign(y=y, student_id=np.arange(n), snapshot_on=pd.Timestamp("2024-10-15"))


def our_search(folder: Path, *, n_trials: int) -> dict[str, Any]:
    """Search as a worker does, and return what it cost and the best settings."""
    _without_a_database()
    from modeling.models import TuningTrial
    from modeling.tuning import tuning_data, tuning_sampler, tuning_trials

    before, since = _cpu_seconds(), time.monotonic()
    trials: list[Any] = []
    with tuning_data.started(folder) as data:
        space = tuning_space.search_space(n_training=data.ready["n_training"], imbalance=["none"])
        for number in range(n_trials):
            found = _current() if not trials else tuning_sampler.suggested(space, trials=trials, seed=SEED + number)
            trial = TuningTrial(pk=number, number=number, parameters={"imbalance": "none"} | found)
            for result in (folds := data.folds(trial.parameters)):
                trial.log_losses, trial.n_trees = (
                    [*trial.log_losses, result["log_loss"]],
                    [*trial.n_trees, result["n_trees"]],
                )
                if len(trial.log_losses) < N_FOLDS and tuning_trials.is_hopeless(trial, trials):
                    trial.state = TuningTrial.State.PRUNED
                    break
            folds.close()  # type: ignore[attr-defined]  # a generator
            trial.state = TuningTrial.State.COMPLETE if trial.state == TuningTrial.State.RUNNING else trial.state
            trials.append(trial)
    # The process is reaped by now, so its seconds count as a child's.
    spent, best = _cpu_seconds() - before, min(trials, key=lambda trial: (trial.state != "complete", trial.log_loss))
    return {
        "cpu_seconds_per_trial": round(spent / n_trials, 3),
        "cpu_seconds": round(spent, 1),
        "wall_seconds": round(time.monotonic() - since, 1),
        "n_trials": n_trials,
        "n_folds_tried": sum(len(trial.log_losses) for trial in trials),
        "n_pruned": sum(trial.state == TuningTrial.State.PRUNED for trial in trials),
        "log_loss": round(best.log_loss, 5),
        "current_log_loss": round(trials[0].log_loss, 5),
        "best": best,
    }


def the_grid(rows: pd.DataFrame, train: Any, fresh: Any) -> dict[str, Any]:
    """Search scikit-learn's way, and return what a point cost."""
    numeric = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    one_hot = Pipeline(
        [("impute", SimpleImputer(strategy="most_frequent")), ("encode", OneHotEncoder(handle_unknown="ignore"))]
    )
    columns = ColumnTransformer([("numbers", numeric, NUMBERS), ("categories", one_hot, CATEGORIES)])
    boost = LGBMClassifier(n_estimators=MOST_TREES, n_jobs=1, random_state=SEED, verbosity=-1)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED)
    search = GridSearchCV(
        Pipeline([("columns", columns.set_output(transform="default")), ("boost", boost)]),
        GRID,
        scoring="neg_log_loss",
        cv=folds,
        refit=False,
    )
    before, since = _cpu_seconds(), time.monotonic()
    search.fit(rows.iloc[train], rows["y"].iloc[train])
    spent, n_points = _cpu_seconds() - before, len(search.cv_results_["params"])
    best = search.estimator.set_params(**search.best_params_).fit(rows.iloc[train], rows["y"].iloc[train])
    return {
        "cpu_seconds_per_trial": round(spent / n_points, 3),
        "wall_seconds": round(time.monotonic() - since, 1),
        "n_points": n_points,
        "log_loss": round(-search.best_score_, 5),
        "roc_auc": round(roc_auc_score(rows["y"].iloc[fresh], best.predict_proba(rows.iloc[fresh])[:, 1]), 4),
    }


def _our_auc(rows: pd.DataFrame, train: Any, fresh: Any, *, best: Any) -> float:
    trees = {name: best.parameters[name] for name in tuning_space.TUNED} | {"bagging_freq": 1, "max_depth": 8}
    n_trees = round(sum(best.n_trees) / len(best.n_trees))
    settings = FitSettings(horizon_days=365, n_trees=n_trees, booster=trees)
    pipeline = fitting.risk_pipeline(FEATURES, settings=settings, n_trees=n_trees, seed=SEED)
    pipeline.fit(rows.iloc[train], rows["y"].to_numpy()[train])
    scores = pipeline["boost"].decision_function(pipeline["encode"].transform(rows.iloc[fresh]))
    return round(float(roc_auc_score(rows["y"].iloc[fresh], scores)), 4)


def _task(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_parquet(folder / "rows.parquet")
    task = {
        "dataset": str(folder / "rows.parquet"),
        "features": [feature.as_json() for feature in FEATURES],
        "settings": {"horizon_days": 365},
        "trees": {"n_trees": MOST_TREES, "max_depth": 8, "monotone": True},
        "seed": SEED,
        "test_from": [],
        "test_share": 0.2,
        "holdout_share": 0.2,
        "n_folds": N_FOLDS,
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    return task


def _current() -> dict[str, Any]:
    return tuning_space.current_parameters(training_config.load().trees.model_dump(), imbalance="none")


def _without_a_database() -> None:
    """Let Django know its models; nothing is read from any database here."""
    nowhere = {"SECRET_KEY": "unused", "DATABASE_URL": "postgres://nowhere/none", "REDIS_URL": "redis://nowhere"}
    os.environ.update({"PORTAL_TESTING": "1"} | nowhere)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")
    import django

    django.setup()


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
