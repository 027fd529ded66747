"""Search for better settings here and now, then train with them; the same work as the page's button."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims
from jobs.models import State
from modeling.models import TuningStudy
from modeling.training import dataset_versions, training
from modeling.training.datasets import DatasetRefused
from modeling.training.training_config import ConfigRefused
from modeling.tuning import tuning_progress, tuning_requests, tuning_study
from modeling.tuning.tuning_progress import Progress
from modeling.tuning.tuning_requests import Budget


class Command(InstitutionCommand):
    """Try settings of the trees, and train with the best."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the budget; what is left out stands in configs/training_config.yaml."""
        super().add_arguments(parser)
        parser.add_argument("--trials", type=int, metavar="N", help="settings to try, at most")
        parser.add_argument("--minutes", type=float, metavar="M", help="minutes, at most")
        parser.add_argument("--method", choices=TuningStudy.Method.values, help="optuna learns where to look next")
        parser.add_argument("--dataset", metavar="SHA256", help="learn from this frozen dataset, not from the records")

    def handle(self, *args: object, **options: Any) -> None:
        """Queue the search, do its work in this process, then the training's, and print what came of it."""
        institution, now = self.institution(options), timezone.now()
        if (options["trials"] is not None and options["trials"] < 1) or (options["minutes"] or 1) <= 0:
            raise CommandError("A search needs at least one trial and some minutes.")
        # One worker: this process does its work, and others would wait for somebody to wake them.
        budget = Budget(method=options["method"], n_trials=options["trials"], minutes=options["minutes"], n_workers=1)
        try:
            with scope.entered(scope.of_institution(institution)):
                if tuning_requests.under_way():
                    raise CommandError("Another search of this institution is under way. Wait for its end.")
                dataset = dataset_versions.by_hash(options["dataset"]) if options["dataset"] else None
                study = tuning_requests.request(
                    institution=institution, by=None, now=now, budget=budget, dataset=dataset, wakes=False
                )
                job = study.workers.select_related("job").get().job
        except (ConfigRefused, DatasetRefused) as refusal:
            raise CommandError(str(refusal)) from None
        claims.run_job(job_id=job.pk, work=tuning_study.tune_model)
        with scope.entered(scope.of_institution(institution)):
            study = TuningStudy.objects.select_related("training_run__job").get(pk=study.pk)
            progress = tuning_progress.of(study, now=timezone.now())
        if progress.state != State.DONE:
            raise CommandError(progress.error or "Another worker holds this search.")
        if study.training_run:
            # Where a worker is awake it may have begun already; then this does nothing.
            claims.run_job(job_id=study.training_run.job_id, work=training.train_model)
        self._tell(options, progress)

    def _tell(self, options: dict[str, Any], progress: Progress) -> None:
        study, best, gain = progress.study, progress.best, progress.gain
        words = f"Tried {progress.n_done} settings, gave {progress.n_pruned} up early."
        if best is not None:
            words += f" Best: trial {best.number}, log loss {best.log_loss:.4f}, ROC-AUC {best.roc_auc:.3f}."
        if gain is not None:
            chance = "" if gain.is_clear else ", which may be chance"
            words += (
                f" That is {gain.log_loss:.4f} below the current settings (standard error {gain.standard_error:.4f}"
            )
            words += f"){chance}."
        self.answer(
            options,
            words,
            study=study.public_id,
            n_trials=progress.n_done,
            n_pruned=progress.n_pruned,
            best=best and {"number": best.number, "log_loss": best.log_loss, "roc_auc": best.roc_auc},
            parameters=best and best.parameters,
            gain=gain and {"log_loss": gain.log_loss, "roc_auc": gain.roc_auc, "standard_error": gain.standard_error},
            split=study.split,
            training=study.training_run and study.training_run.public_id,
        )
