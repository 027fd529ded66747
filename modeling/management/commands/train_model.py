"""Train a model here and now; the same work as the page's button."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims
from jobs.models import State
from modeling import training, training_requests
from modeling.models import TrainingRun


class Command(InstitutionCommand):
    """Train, judge and register a model."""

    help = __doc__ or ""

    def handle(self, *args: object, **options: Any) -> None:
        """Queue the training, carry it out in this process, and print what came of it."""
        institution = self.institution(options)
        with scope.entered(scope.of_institution(institution)):
            run = training_requests.request(institution=institution, by=None, now=timezone.now(), wakes=False)
        claims.carry_out(job_id=run.job_id, work=training.train_model)
        with scope.entered(scope.of_institution(institution)):
            run = TrainingRun.objects.select_related("job", "model_version").get(pk=run.pk)
        if run.job.state != State.DONE or run.model_version is None:
            raise CommandError(run.job.error or "Another worker holds this training.")
        version = run.model_version
        figures = version.metrics["model"]
        self.answer(
            options,
            f"{version}: ROC-AUC {figures['roc_auc']:.3f}, precision at 10 % {figures['precision_at_10']:.2f} "
            f"({version.metrics['split']['kind']} split).",
            model_version=str(version),
            is_champion=version.is_champion,
            sha256=version.sha256,
            metrics=version.metrics,
        )
