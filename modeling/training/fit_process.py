"""Fit and judge a model in a process of its own: `python -m modeling.training.fit_process FOLDER`.

Reads FOLDER/task.json and the files it names; writes model.lgb, model.json, metrics.json, evaluation.json, trial.json.
It knows no Django: it can be killed, limited and thrown away without anything being lost.
"""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modeling.core import (
    bootstrap_refits,
    catalogue,
    fitting,
    global_importance,
    reason_stability,
    reference,
    term_risk,
    too_little_known,
    version_evaluation,
)
from modeling.core.evaluation import NotMeasurable
from modeling.core.evaluation_inputs import EvaluationInputs
from modeling.core.feature import Feature
from modeling.core.fitting import FitSettings, NotFittable
from modeling.core.risk_model import RiskModel
from modeling.core.rules import Rule
from modeling.core.splits import CannotSplit
from modeling.training.held_out import held_out
from modeling.training.process_ends import die_with_worker

REFUSED, NO_ROOM = 3, 4
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
TRIAL_ROWS = 100


def main(folder: Path) -> int:
    """Do the task of a folder; a refusal is one sentence in refused.txt and exit code 3, a full disk exit code 4."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    try:
        fit_and_judge(task, pd.read_parquet(task["dataset"]), folder)
    except (NotFittable, NotMeasurable, CannotSplit) as refusal:
        (folder / "refused.txt").write_text(str(refusal), encoding="utf-8")
        return REFUSED
    except OSError as error:
        # Not a sentence in a file, for which there is no room.
        if error.errno in DISK_FULL:
            return NO_ROOM
        raise
    return 0


def fit_and_judge(task: dict[str, Any], rows: pd.DataFrame, folder: Path) -> None:
    """Judge on rows the model has not seen, then fit on all of them; write both."""
    features = [catalogue.from_json(fields) for fields in task["features"]]
    settings, seed = FitSettings(**task["settings"]), task["seed"]
    frame, y, groups = rows[[feature.name for feature in features]], rows["y"].to_numpy(), rows["student_id"].to_numpy()
    train, test, how = held_out(rows, task)
    step("fit")
    judged = fitting.fit_risk_model(
        frame.iloc[train], y[train], groups=groups[train], features=features, settings=settings, seed=seed
    )
    step("judge")
    inputs = _inputs(task, rows=rows, features=features, settings=settings, judged=judged, split=(train, test))
    metrics, judgement = version_evaluation.evaluate(inputs)
    metrics["split"] = how | {
        "n_train": len(train),
        "n_test": len(test),
        "n_positive_test": int(y[test].sum()),
    }
    unseen, model = frame.iloc[test], judged.model()
    holding = reason_stability.stability_threshold(
        model, inputs.refits, unseen, holds_share=task["reasons"]["holds_share"], groups=groups[test]
    )
    judgement |= global_importance.describe(model, unseen, seed=seed)
    judgement["as_shown"] = _as_shown(task, model, unseen, y[test].astype(float))
    step("refit")
    final = fitting.fit_risk_model(frame, y, groups=groups, features=features, settings=settings, seed=seed)
    _add_usual_psi(final.specification["reference"], frame, rows["snapshot_on"])
    final.specification["reasons"] = holding
    final.specification["term"] = term_risk.fit_term_model(
        rows,
        features=features,
        settings=settings,
        minimum_positives=task["urgency"]["minimum_positives"],
        seed=seed,
    )
    as_stored = final.model()
    judgement["contributions"] = as_stored.tree_contributions.as_json()
    (folder / "model.lgb").write_text(final.booster_text, encoding="utf-8")
    _write(folder / "model.json", final.specification)
    _write(folder / "metrics.json", metrics)
    _write(folder / "evaluation.json", judgement)
    tried = frame.iloc[:TRIAL_ROWS]
    tried.to_parquet(folder / "trial.parquet")
    _write(folder / "trial.json", as_stored.score(tried).probability.tolist())


def _as_shown(task: dict[str, Any], model: RiskModel, unseen: pd.DataFrame, y: np.ndarray) -> dict[str, Any]:
    """Measure the list without those who would get no rank."""
    scores = model.score(unseen)
    unranked = too_little_known.too_little_known(unseen, scores.missing_share, limits=task["insufficient_data"])
    threshold = model.threshold
    return too_little_known.as_shown(
        y, scores.probability, unranked, threshold=threshold, capacity_share=task["capacity_share"]
    )


def _inputs(
    task: dict[str, Any],
    *,
    rows: pd.DataFrame,
    features: list[Feature],
    settings: FitSettings,
    judged: fitting.FittedRisk,
    split: tuple[np.ndarray, np.ndarray],
) -> EvaluationInputs:
    """Refit on resamples, and gather what the evaluation looks at."""
    train, test = split
    again = bootstrap_refits.refits(
        rows.iloc[train],
        rows["y"].to_numpy()[train],
        groups=rows["student_id"].to_numpy()[train],
        features=judged.model().features,
        settings=replace(settings, n_trees=judged.specification["n_trees"]),
        n_refits=task["evaluation"]["n_refits"],
        seed=task["seed"],
    )
    rule = [Rule(**fields) for fields in task["rules"]]
    return EvaluationInputs(
        rows=rows,
        train=train,
        test=test,
        features=features,
        rules=rule if {step.feature for step in rule} <= set(rows.columns) else [],
        judged=judged,
        refits=again,
        protected=pd.read_parquet(task["protected"]),
        capacity_share=task["capacity_share"],
        how=task["evaluation"],
        settings=settings,
        seed=task["seed"],
    )


def _add_usual_psi(references: dict[str, Any], frame: pd.DataFrame, snapshot_on: pd.Series) -> None:
    """Note in the reference how far the training dates lie from their pool."""
    # Without the first year on record, in which nobody has a history: beside it nothing would ever count as moved.
    later = snapshot_on >= snapshot_on.min() + pd.Timedelta(days=365)
    seen = later if later.any() else ~later
    chunks = snapshot_on[seen].dt.strftime("%Y-%m-%d").tolist()
    for name, psi in reference.usual_psi(references, frame[seen], chunks=chunks).items():
        references[name]["usual_psi"] = psi


def step(name: str) -> None:
    """Tell the parent process what begins."""
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    die_with_worker()
    sys.exit(main(Path(sys.argv[1])))
