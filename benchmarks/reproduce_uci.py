"""Measure the model on two public data sets and print one JSON line: `python -m benchmarks.reproduce_uci`.

The files are read by the portal's own schemas, dated facts become features as of a day, labels come from the outcomes,
and the model is fitted with `configs/training_config.yaml` and scored as the portal does it. Thresholds, calibration
and the number of trees come from training folds only. `DROPOUT_DATA` names the folder of the data sets.

UCI 697: means over `StratifiedShuffleSplit(5, test_size=.2, random_state=s)` for s = 0 … 3; the calibration error is
pooled over 5 folds, out of fold. "Enrolled" counts as a negative; only the figure marked `enrolled_left_out` is without
those students, an easier question that must not be compared with the others.

UCI 320, Portuguese, a final grade below 10: pooled 5 folds, mean over 6 seeds, with every column of the file, the
year's absences and the protected ones included.

Stability: the mean pairwise Jaccard index of the top 5 % of the rows held out, over 8 refits on bootstraps of the rest
(44 of 885 students in UCI 697, only 6 of 130 in UCI 320: there it says little).

The rule is that of the schema, two facts a teacher has at hand, on the latest term that the figure looks at; what it
asks about and the figure leaves out gives no points.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from benchmarks import cohort_facts
from modeling.core import catalogue, evaluation, features, fitting, labels, logistic
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.rules import Rule, rule_points
from modeling.training import training_config
from students.importing.cohort_schema import CohortSchema

ROOT = Path(__file__).resolve().parent.parent
CONFIG = training_config.load()
SETTINGS = CONFIG.fit_settings()
N_BOOTSTRAPS = 8
# After the last fact of each file and before its outcomes.
UCI_697_FIRST_SEMESTER = date(2019, 2, 28)
UCI_697_SECOND_SEMESTER = date(2019, 7, 31)
UCI_320_END_OF_LESSONS = date(2006, 6, 16)
MEASURES = ("roc_auc", "f1", "average_precision", "precision_at_10", "brier", "ece")
PRINTED = (*MEASURES, "top5_jaccard", "rule_roc_auc", "logistic_roc_auc")

FloatArray = NDArray[np.float64]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]
Figure = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one figure is measured on: n students as a snapshot, their labels, and the rule beside the model."""

    frame: pd.DataFrame
    y: FloatArray
    features: list[Feature]
    rules: list[Rule]

    def without(self, *names: str) -> Task:
        """Return the task without some features, for the model and the rule alike."""
        return replace(
            self,
            features=[feature for feature in self.features if feature.name not in names],
            rules=[rule for rule in self.rules if rule.feature not in names],
        )

    def only(self, rows: NDArray[np.bool_]) -> Task:
        """Return the task with some of the students."""
        return replace(self, frame=self.frame[rows], y=self.y[rows])


def main() -> int:
    """Print every figure as one JSON line."""
    data = Path(os.environ.get("DROPOUT_DATA", ROOT.parent / "shared" / "data"))
    absent = [name for name in ("uci697/data.csv", "uci320/student-por.csv") if not (data / name).is_file()]
    if absent:
        sys.stderr.write(f"{data} lacks {' and '.join(absent)}. Set DROPOUT_DATA to the folder that holds them.\n")
        return 1
    figures = uci_697_figures(data / "uci697" / "data.csv") | uci_320_figures(data / "uci320" / "student-por.csv")
    rounded = {name: {key: round(figure[key], 4) for key in PRINTED} for name, figure in figures.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")
    return 0


def uci_697_figures(path: Path) -> dict[str, Figure]:
    """Return the figures of UCI 697, and the marked one without the students still enrolled."""
    schema = CohortSchema.from_yaml(ROOT / "configs" / "cohorts" / "uci_697.yaml")
    facts = cohort_facts.read(path, schema)
    first = task_of(facts, schema, as_of=UCI_697_FIRST_SEMESTER, with_protected=False, extra=catalogue.COURSEWORK)
    everything = task_of(facts, schema, as_of=UCI_697_SECOND_SEMESTER, with_protected=True, extra=catalogue.COURSEWORK)
    second_rules = [replace(rule, feature=rule.feature.replace("_1st", "_2nd")) for rule in everything.rules]
    decided = (facts.outcomes["kind"] != "continued").to_numpy(dtype=np.bool_)
    return {
        "uci697_all": over_draws(replace(everything, rules=second_rules)),
        "uci697_first_semester_unprotected": over_draws(first),
        "uci697_first_semester_unprotected_enrolled_left_out": over_draws(first.only(decided)),
    }


def uci_320_figures(path: Path) -> dict[str, Figure]:
    """Return the figures of UCI 320 with both earlier grades, with the first one, and with neither."""
    schema = CohortSchema.from_yaml(ROOT / "configs" / "cohorts" / "uci_320_por.yaml")
    facts = cohort_facts.read(path, schema)
    first = task_of(facts, schema, as_of=UCI_320_END_OF_LESSONS, with_protected=True)
    second_rules = [replace(rule, feature=rule.feature.replace("_1st", "_2nd")) for rule in first.rules]
    return {
        "uci320_por_g1_g2": over_seeds(replace(first, rules=second_rules)),
        "uci320_por_g1": over_seeds(first.without("grade_2nd")),
        "uci320_por": over_seeds(first.without("grade_1st", "grade_2nd")),
    }


def task_of(
    facts: FactFrames, schema: CohortSchema, *, as_of: date, with_protected: bool, extra: Sequence[Feature] = ()
) -> Task:
    """Return a cohort as a snapshot with labels, the way a training sees it.

    `facts` come from `cohort_facts`; `extra` are features of the catalogue that the records allow. Protected columns,
    and the school where it is a column of the file, are attributes there: the portal's own snapshots have neither.
    """
    wanted = [Feature(**described) for described in schema.feature_descriptions()] + list(extra)
    if with_protected:
        wanted += [Feature(**described) for described in schema.protected_descriptions()]
        wanted += [Feature(name="school", kind="category", label="School")] if schema.columns_of("school") else []
    frame = features.snapshot(facts, as_of=as_of, features=wanted)
    became = labels.labels(
        facts.outcomes,
        student_ids=frame.index.tolist(),
        as_of=as_of,
        horizon_days=schema.horizon_days,
        known_by=as_of + timedelta(days=schema.horizon_days),
    )
    known = [feature for feature in wanted if frame[feature.name].notna().any()]
    rules = [Rule(**step.model_dump()) for step in schema.rule]
    return Task(frame=frame, y=became.y.to_numpy(dtype=np.float64), features=known, rules=rules)


def over_draws(task: Task) -> Figure:
    """Return the mean over 20 draws of a fifth for testing; the calibration error is pooled over 5 folds."""
    draws = [(seed, split) for seed in range(4) for split in draws_of(task, seed=seed)]
    figures = []
    for seed, (train, test) in draws:
        fitted = fit(task, train, seed=seed)
        measured = evaluation.metrics(
            task.y[test],
            fitted.model().probabilities(task.frame.iloc[test]),
            threshold=fitted.specification["threshold"],
        )
        figures.append({name: measured[name] for name in MEASURES} | baselines(task, [(train, test)], seed=seed))
    pooled = pooled_predictions(task, seed=0)
    return mean_of(figures) | {
        "ece": evaluation.expected_calibration_error(task.y, pooled.risks),
        "top5_jaccard": stability(task),
    }


def over_seeds(task: Task) -> Figure:
    """Return the mean over 6 seeds of measures pooled over 5 folds: too few rows for a test part of their own."""
    figures = []
    for seed in range(6):
        pooled = pooled_predictions(task, seed=seed)
        measured = evaluation.metrics(task.y, pooled.risks, threshold=0.5)
        measured["f1"] = float(f1_score(task.y, pooled.flagged))
        figures.append({name: measured[name] for name in MEASURES} | baselines(task, folds_of(task, seed), seed=seed))
    return mean_of(figures) | {"top5_jaccard": stability(task)}


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """Risks of every row from a model that never saw it, and whether they reach that model's threshold."""

    risks: FloatArray
    flagged: NDArray[np.bool_]


def pooled_predictions(task: Task, *, seed: int) -> Pooled:
    """Return the predictions of 5 folds, each by a model of the other four."""
    risks, flagged = np.empty(len(task.y)), np.empty(len(task.y), dtype=np.bool_)
    for train, test in folds_of(task, seed):
        fitted = fit(task, train, seed=seed)
        risks[test] = fitted.model().probabilities(task.frame.iloc[test])
        flagged[test] = risks[test] >= fitted.specification["threshold"]
    return Pooled(risks=risks, flagged=flagged)


def fit(task: Task, rows: NDArray[np.intp], *, seed: int) -> fitting.FittedRisk:
    """Fit the portal's model to some rows."""
    return fitting.fit_risk_model(
        task.frame.iloc[rows], task.y[rows], groups=None, features=task.features, settings=SETTINGS, seed=seed
    )


def baselines(task: Task, splits: Sequence[Split], *, seed: int) -> Figure:
    """Return the AUC of logistic regression and of the rule on the rows tested, pooled over the splits."""
    tested = np.concatenate([test for _, test in splits])
    linear = [
        logistic.logistic_pipeline(task.features, seed=seed)
        .fit(task.frame.iloc[train], task.y[train])
        .predict_proba(task.frame.iloc[test])[:, 1]
        for train, test in splits
    ]
    points = rule_points(task.frame.iloc[tested], task.rules)
    return {
        "rule_roc_auc": float(roc_auc_score(task.y[tested], points)),
        "logistic_roc_auc": float(roc_auc_score(task.y[tested], np.concatenate(linear))),
    }


def stability(task: Task) -> float:
    """Return how much of the top 5 % of the rows held out is shared by refits on bootstraps of the rest.

    Calibration rises strictly and moves nobody, so that the trees alone are refitted, as many as the out-of-fold loss
    of the training rows asks for.
    """
    shared = []
    for seed in range(4):
        train, test = draws_of(task, seed=seed)[0]
        n_trees = fit(task, train, seed=seed).specification["n_trees"]
        drawn = np.random.default_rng(seed)
        scores = []
        for _ in range(N_BOOTSTRAPS):
            rows = drawn.choice(train, len(train))
            pipeline = fitting.risk_pipeline(task.features, settings=SETTINGS, n_trees=n_trees, seed=seed)
            pipeline.fit(task.frame.iloc[rows], task.y[rows])
            scores.append(pipeline.decision_function(task.frame.iloc[test]))
        shared.append(evaluation.top_share_jaccard(scores))
    return float(np.mean(shared))


def draws_of(task: Task, *, seed: int) -> list[Split]:
    """Return five draws of a fifth of the rows for testing."""
    return list(StratifiedShuffleSplit(5, test_size=0.2, random_state=seed).split(task.frame, task.y))


def folds_of(task: Task, seed: int) -> list[Split]:
    """Return five folds."""
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(task.frame, task.y))


def mean_of(figures: Sequence[Figure]) -> Figure:
    """Return the mean of each measure."""
    return {name: float(np.mean([figure[name] for figure in figures])) for name in figures[0]}


if __name__ == "__main__":
    sys.exit(main())
