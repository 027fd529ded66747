"""What was predicted and shown, what the API answered, and what staff said of the list."""

from predictions.models.answers import IdempotentAnswer, PredictionLog, PromotionPreview
from predictions.models.digests import DigestMail
from predictions.models.lists import HIGHEST_CAPACITY, CurrentRisk, HelpState, ListCount, SchoolAttendance, TeamCapacity
from predictions.models.runs import DecidedBy, RiskScore, ScoringRun, Tier
from predictions.models.verdicts import Verdict

__all__ = [
    "HIGHEST_CAPACITY",
    "CurrentRisk",
    "DecidedBy",
    "DigestMail",
    "HelpState",
    "IdempotentAnswer",
    "ListCount",
    "PredictionLog",
    "PromotionPreview",
    "RiskScore",
    "SchoolAttendance",
    "ScoringRun",
    "TeamCapacity",
    "Tier",
    "Verdict",
]
