"""Searches for better settings: what was asked for, who works on it, and what was tried."""

from __future__ import annotations

import datetime as dt
import itertools

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job, State
from modeling.models.trainings import TrainingRun
from modeling.models.versions import Dataset


class TuningStudy(models.Model):
    """One search asked for: what it may spend, the data it learns from, and the training that came of it."""

    class Method(models.TextChoices):
        OPTUNA = "optuna"
        GRID = "grid"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # None: the records as they are when the first worker begins; from then on the dataset that it froze.
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.PROTECT, related_name="tuning_studies")
    config_yaml = models.TextField()
    method = models.CharField(max_length=10, choices=Method)
    n_trials = models.PositiveIntegerField()
    minutes = models.FloatField()
    # How rows were set aside and folds made, as the first worker found it: {"test", "folds", "n_folds", "n_training"}.
    split = models.JSONField(default=dict)
    stop_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    training_run = models.ForeignKey(TrainingRun, null=True, on_delete=models.PROTECT, related_name="tuning_studies")

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(method__in=["optuna", "grid"]), name="tuning_method_known"),
            models.CheckConstraint(condition=Q(n_trials__gte=1, minutes__gt=0), name="tuning_budget_positive"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def ends_at(self) -> dt.datetime | None:
        """Return when its minutes are over; None before it began."""
        return self.started_at + dt.timedelta(minutes=self.minutes) if self.started_at else None

    def is_spent(self, now: dt.datetime) -> bool:
        """Tell whether nothing more may be tried: its minutes are over, or somebody stopped it."""
        return self.stop_asked_at is not None or (self.ends_at is not None and now >= self.ends_at)


class TuningWorker(models.Model):
    """One of the jobs that try settings for a study; several may at once, on several machines."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    study = models.ForeignKey(TuningStudy, on_delete=models.PROTECT, related_name="workers")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="tuning_worker")

    objects = ScopedManager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.study} {self.job_id}"

    @property
    def works(self) -> bool:
        """Tell whether its job waits or runs."""
        return self.job.state in (State.QUEUED, State.RUNNING)


class TuningTrial(models.Model):
    """Settings that were tried, and how each fold did."""

    class State(models.TextChoices):
        RUNNING = "running"
        COMPLETE = "complete"
        # Given up after a fold: the trials before had done better by then.
        PRUNED = "pruned"
        # The study ended while it ran.
        STOPPED = "stopped"
        # Its workers died over it, more than once.
        FAILED = "failed"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    study = models.ForeignKey(TuningStudy, on_delete=models.PROTECT, related_name="trials")
    number = models.PositiveIntegerField()
    parameters = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    # Of the folds tried so far, in their order.
    log_losses = ArrayField(models.FloatField(), default=list)
    roc_aucs = ArrayField(models.FloatField(), default=list)
    n_trees = ArrayField(models.PositiveIntegerField(), default=list)
    # Who tries it: an attempt at a job. A later attempt makes the token worthless, and takes the trial over.
    worker = models.ForeignKey(TuningWorker, on_delete=models.PROTECT, related_name="trials")
    token = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_trial_per_number"),
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | Q(state__in=["complete", "pruned", "stopped", "failed"], finished_at__isnull=False),
                name="trial_finished_at_when_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"trial {self.number}"

    @property
    def log_loss(self) -> float | None:
        """Return the mean of the folds tried so far; what a trial is judged by."""
        return self.running_means[-1] if self.log_losses else None

    @property
    def running_means(self) -> list[float]:
        """Return the mean log loss of the first fold, of the first two, and so on."""
        return [total / n for n, total in enumerate(itertools.accumulate(self.log_losses), start=1)]

    @property
    def roc_auc(self) -> float | None:
        """Return the mean of the folds tried so far."""
        return sum(self.roc_aucs) / len(self.roc_aucs) if self.roc_aucs else None
