"""Measure the handover from the rule to the model and print one JSON line: `python -m benchmarks.handover`.

UCI 697 at the end of the first semester, without protected columns. Twelve times n students are drawn whose outcomes
are known; all others are a school that has to be listed. What the portal does is done with the n alone: a fifth is set
aside, model and rule are judged on it at a team that sees a tenth, `modeling.core.model_readiness` decides with
`configs/training_config.yaml`, and the model is fitted anew to all n. Nothing is chosen on the students who are listed.

For each n: the mean AUC of the model, of the rule and of the list that stood, and the share of draws in which the model
made it. The rule's AUC is that of its points, students who share them counted half. `DROPOUT_DATA` names the folder of
the data sets.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from benchmarks import cohort_facts
from benchmarks.reproduce_uci import CONFIG, ROOT, UCI_697_FIRST_SEMESTER, Task, fit, task_of
from modeling.core import catalogue, evaluation, model_readiness
from modeling.core.fitting import NotFittable
from modeling.core.rules import rule_points
from students.importing.cohort_schema import CohortSchema

LABELS = (100, 200, 400, 800, 1600)
N_DRAWS = 12
CAPACITY_SHARE = 0.1

Rows = NDArray[np.intp]


def main() -> int:
    """Print the figures of every number of labels as one JSON line."""
    path = Path(os.environ.get("DROPOUT_DATA", ROOT.parent / "shared" / "data")) / "uci697" / "data.csv"
    if not path.is_file():
        sys.stderr.write(f"There is no {path}. Set DROPOUT_DATA to the folder of the data sets.\n")
        return 1
    schema = CohortSchema.from_yaml(ROOT / "configs" / "cohorts" / "uci_697.yaml")
    task = task_of(
        cohort_facts.read(path, schema),
        schema,
        as_of=UCI_697_FIRST_SEMESTER,
        with_protected=False,
        extra=catalogue.COURSEWORK,
    )
    figures = {}
    for n in LABELS:
        draws = [of_draw(task, n=n, seed=seed) for seed in range(N_DRAWS)]
        figures[str(n)] = {name: round(float(np.mean([draw[name] for draw in draws])), 4) for name in draws[0]}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def of_draw(task: Task, *, n: int, seed: int) -> dict[str, float]:
    """Return the figures of one draw."""
    known, others = train_test_split(np.arange(len(task.y)), train_size=n, stratify=task.y, random_state=seed)
    y = task.y[others]
    rule = float(roc_auc_score(y, rule_points(task.frame.iloc[others], task.rules)))
    try:
        by_model = decides(task, known, seed=seed)
        model = float(roc_auc_score(y, fit(task, known, seed=seed).model().probabilities(task.frame.iloc[others])))
    except NotFittable:
        # No model comes of so few: the portal refuses the training, and the rule stays.
        by_model, model = False, 0.5
    return {
        "model_roc_auc": model,
        "rule_roc_auc": rule,
        "model_makes_list_share": float(by_model),
        "listed_roc_auc": model if by_model else rule,
        "best_roc_auc": max(model, rule),
    }


def decides(task: Task, known: Rows, *, seed: int) -> bool:
    """Tell whether the portal would let a model of these students make the list."""
    train, aside = train_test_split(known, test_size=CONFIG.holdout_share, stratify=task.y[known], random_state=seed)
    capacity = evaluation.n_at(CAPACITY_SHARE, len(aside))
    fitted, points = fit(task, train, seed=seed), rule_points(task.frame.iloc[aside], task.rules)
    most = sum(rule.points for rule in task.rules)
    risks = {"model": fitted.model().probabilities(task.frame.iloc[aside]), "rule": points.to_numpy() / most}
    figures = {
        who: evaluation.metrics(task.y[aside], scores, threshold=0.5, capacity=capacity)
        for who, scores in risks.items()
    }
    return not model_readiness.why_rule(figures, n_labels=len(known), **CONFIG.handover.model_dump())


if __name__ == "__main__":
    sys.exit(main())
