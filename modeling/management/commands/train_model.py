"""Train a model here and now; the same work as the page's button."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from accounts.models import Institution
from jobs import claims
from jobs.models import State
from modeling.models import Dataset, ModelVersion, TrainingRun
from modeling.promotion import promotion_gate
from modeling.training import dataset_folder, dataset_versions, training, training_requests
from modeling.training.datasets import DatasetRefused
from modeling.training.training_config import ConfigRefused, TrainingConfig


class Command(InstitutionCommand):
    """Train, judge and register a model."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --dataset and --from."""
        super().add_arguments(parser)
        parser.add_argument("--dataset", metavar="SHA256", help="learn from this frozen dataset, not from the records")
        parser.add_argument(
            "--from", dest="folder", metavar="DIR", help="the folder of freeze_dataset that the dataset lies in"
        )

    def handle(self, *args: object, **options: Any) -> None:
        """Queue the training, carry it out in this process, and print what came of it."""
        institution, now = self.institution(options), timezone.now()
        with scope.entered(scope.of_institution(institution)):
            dataset, config_yaml = _asked_for(options, institution, now=now)
            run = training_requests.request(
                institution=institution, by=None, now=now, dataset=dataset, config_yaml=config_yaml, wakes=False
            )
        if (run.dataset_id, run.config_yaml) != (dataset.pk if dataset else None, config_yaml):
            raise CommandError("Another training of this institution is under way. Wait for its end, then try again.")
        claims.run_job(job_id=run.job_id, work=training.train_model)
        with scope.entered(scope.of_institution(institution)):
            run = TrainingRun.objects.select_related("job", "model_version__dataset").get(pk=run.pk)
            against = _against(run.model_version) if run.model_version else []
        if run.job.state != State.DONE or run.model_version is None:
            raise CommandError(run.job.error or "Another worker holds this training.")
        version = run.model_version
        figures = version.metrics["model"]
        self.answer(
            options,
            f"{version}: ROC-AUC {figures['roc_auc']:.3f}, precision at 10 % {figures['precision_at_10']:.2f} "
            f"({version.metrics['split']['kind']} split)."
            f"{_standing(version, against)}",
            model_version=str(version),
            is_champion=version.is_champion,
            against=against,
            sha256=version.sha256,
            dataset=version.dataset.content_sha256,
            metrics=version.metrics,
        )


def _against(version: ModelVersion) -> list[str]:
    return promotion_gate.unresolved(promotion_gate.gate(version, champion=None, churn_share=None))


def _standing(version: ModelVersion, against: list[str]) -> str:
    """Say that a version waits, what speaks against it, and how a person lets it decide."""
    if version.is_champion:
        return ""
    how = f"promote_model --number {version.number} --by EMAIL"
    said = " ".join(["It waits for a person to let it decide.", *against])
    return f" {said} To let it: {how}{' --reason WHY' if against else ''}."


def _asked_for(options: dict[str, Any], institution: Institution, *, now: dt.datetime) -> tuple[Dataset | None, str]:
    """Return the dataset to learn from and the configuration kept with it; None and "" for the records as they are."""
    digest, folder = options["dataset"], options["folder"]
    if digest is None and folder is not None:
        raise CommandError("--from names a folder of datasets. Say with --dataset which one.")
    if digest is None:
        return None, ""
    try:
        if folder is None:
            return dataset_versions.by_hash(digest), ""
        restored = dataset_folder.restore(Path(folder), digest, institution=institution, now=now)
        if restored.config_yaml:
            TrainingConfig.from_yaml(restored.config_yaml)
    except (DatasetRefused, ConfigRefused) as refusal:
        raise CommandError(str(refusal)) from None
    return restored.dataset, restored.config_yaml
