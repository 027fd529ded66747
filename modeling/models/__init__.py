"""Datasets, versions, trainings, searches, and what people decided about them."""

from modeling.models.decisions import ModelSwitch, Promotion, RuleSet
from modeling.models.reports import EdaReport
from modeling.models.trainings import TrainingRun
from modeling.models.tuning import TuningStudy, TuningTrial, TuningWorker
from modeling.models.versions import Dataset, ModelVersion

__all__ = [
    "Dataset",
    "EdaReport",
    "ModelSwitch",
    "ModelVersion",
    "Promotion",
    "RuleSet",
    "TrainingRun",
    "TuningStudy",
    "TuningTrial",
    "TuningWorker",
]
