"""Datasets, versions, trainings, and what people decided about them."""

from modeling.models.decisions import ModelSwitch, Promotion, RuleSet
from modeling.models.trainings import TrainingRun
from modeling.models.versions import Dataset, ModelVersion

__all__ = ["Dataset", "ModelSwitch", "ModelVersion", "Promotion", "RuleSet", "TrainingRun"]
