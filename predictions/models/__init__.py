"""What was predicted and shown, what staff said of it, the meetings held on it, and what help it led to."""

from predictions.models.answers import PredictionLog, PromotionPreview
from predictions.models.digests import Digest
from predictions.models.help_lots import HelpLot
from predictions.models.lists import (
    HIGHEST_CAPACITY,
    CurrentRisk,
    HelpState,
    ListPlace,
    LocalHistory,
    SavedFilter,
    TeamCapacity,
)
from predictions.models.meetings import Meeting, MeetingDecision, MeetingHelp, MeetingItem
from predictions.models.runs import DecidedBy, RiskScore, ScoringRun, Tier
from predictions.models.verdicts import Verdict

__all__ = [
    "HIGHEST_CAPACITY",
    "CurrentRisk",
    "DecidedBy",
    "Digest",
    "HelpLot",
    "HelpState",
    "ListPlace",
    "LocalHistory",
    "Meeting",
    "MeetingDecision",
    "MeetingHelp",
    "MeetingItem",
    "PredictionLog",
    "PromotionPreview",
    "RiskScore",
    "SavedFilter",
    "ScoringRun",
    "TeamCapacity",
    "Tier",
    "Verdict",
]
