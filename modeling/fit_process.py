"""Fit and judge a model in a process of its own: `python -m modeling.fit_process FOLDER`.

Reads FOLDER/task.json and the dataset it names; writes model.lgb, model.json, metrics.json and trial.json there.
It knows no Django: it can be killed, limited and thrown away without anything being lost.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modeling.core import evaluation, fitting, logistic, reference, rules, splits
from modeling.core.evaluation import NotMeasurable
from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, NotFittable
from modeling.core.splits import CannotSplit

REFUSED = 3
TRIAL_ROWS = 100


def main(folder: Path) -> int:
    """Do the task of a folder; a refusal is one sentence in refused.txt and exit code 3."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    try:
        fit_and_judge(task, pd.read_parquet(task["dataset"]), folder)
    except (NotFittable, NotMeasurable, CannotSplit) as refusal:
        (folder / "refused.txt").write_text(str(refusal), encoding="utf-8")
        return REFUSED
    return 0


def fit_and_judge(task: dict[str, Any], rows: pd.DataFrame, folder: Path) -> None:
    """Judge on rows the model has not seen, then fit on all of them; write both."""
    features = [Feature.from_json(fields) for fields in task["features"]]
    settings, seed = FitSettings(**task["settings"]), task["seed"]
    frame, y, groups = rows[[feature.name for feature in features]], rows["y"].to_numpy(), rows["student_id"].to_numpy()
    train, test, how = _split(rows, task)
    step("fit")
    judged = fitting.fit_risk_model(
        frame.iloc[train], y[train], groups=groups[train], features=features, settings=settings, seed=seed
    )
    step("judge")
    metrics = _metrics(task, judged, frame=frame, y=y, train=train, test=test)
    metrics["split"] = how | {
        "n_train": len(train),
        "n_test": len(test),
        "n_positive_test": int(y[test].sum()),
    }
    step("refit")
    final = fitting.fit_risk_model(frame, y, groups=groups, features=features, settings=settings, seed=seed)
    _add_usual_psi(final.specification["reference"], frame, rows["snapshot_on"])
    (folder / "model.lgb").write_text(final.booster_text, encoding="utf-8")
    _write(folder / "model.json", final.specification)
    _write(folder / "metrics.json", metrics)
    tried = frame.iloc[:TRIAL_ROWS]
    tried.to_parquet(folder / "trial.parquet")
    _write(folder / "trial.json", final.model().score(tried).probability.tolist())


def _add_usual_psi(references: dict[str, Any], frame: pd.DataFrame, snapshot_on: pd.Series) -> None:
    """Note in the reference how far the training dates lie from their pool."""
    # Without the first year on record, in which nobody has a history: beside it nothing would ever count as moved.
    later = snapshot_on >= snapshot_on.min() + pd.Timedelta(days=365)
    seen = later if later.any() else ~later
    chunks = snapshot_on[seen].dt.strftime("%Y-%m-%d").tolist()
    for name, psi in reference.usual_psi(references, frame[seen], chunks=chunks).items():
        references[name]["usual_psi"] = psi


def _split(rows: pd.DataFrame, task: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Part the rows by time where the years allow it, else by student; say which."""
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


def _metrics(
    task: dict[str, Any],
    judged: fitting.FittedRisk,
    *,
    frame: pd.DataFrame,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> dict[str, Any]:
    """Measure the model, the plain formula and the rule on the same rows."""
    features = [Feature.from_json(fields) for fields in task["features"]]
    capacity = max(1, round(task["capacity_share"] * len(test)))
    probability = judged.model().score(frame.iloc[test]).probability
    metrics = {
        "model": evaluation.metrics(
            y[test], probability, threshold=judged.specification["threshold"], capacity=capacity
        )
    }
    plain = logistic.logistic_pipeline(features, seed=task["seed"]).fit(frame.iloc[train], y[train])
    metrics["logistic"] = evaluation.metrics(
        y[test], plain.predict_proba(frame.iloc[test])[:, 1], threshold=0.5, capacity=capacity
    )
    rule = [rules.Rule(**fields) for fields in task["rules"]]
    if rule and {step.feature for step in rule} <= set(frame.columns):
        metrics["rule"] = _rule_metrics(rule, frame=frame, y=y, train=train, test=test, capacity=capacity)
    return metrics


def _rule_metrics(
    rule: list[rules.Rule], *, frame: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray, capacity: int
) -> dict[str, float]:
    """Measure the rule; its points are read as the share of training students with as many who left."""
    points = rules.rule_points(frame, rule)
    left = pd.Series(y[train]).groupby(points.iloc[train].to_numpy()).mean().sort_index().cummax()
    share = np.interp(points.iloc[test].to_numpy(), left.index.to_numpy(), left.to_numpy())
    threshold = evaluation.f1_threshold(y[train], np.interp(points.iloc[train].to_numpy(), left.index, left))
    return evaluation.metrics(y[test], share, threshold=threshold, capacity=capacity)


def step(name: str) -> None:
    """Tell the parent process what begins."""
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def die_with_worker() -> None:
    """Have the kernel end this process when the worker that started it dies, even by SIGKILL; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    die_with_worker()
    sys.exit(main(Path(sys.argv[1])))
