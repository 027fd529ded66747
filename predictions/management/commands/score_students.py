"""Score every student on the roll here and now; the same work as the page's button."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from jobs import claims
from jobs.models import State
from modeling import registry
from predictions import runs, scoring_run
from predictions.models import ScoringRun


class Command(InstitutionCommand):
    """Make the list as of a day."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the day."""
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=dt.date.fromisoformat, help="the day of the list (today)")

    def handle(self, *args: object, **options: Any) -> None:
        """Queue the run, carry it out in this process, and print what came of it."""
        institution = self.institution(options)
        try:
            with scope.entered(scope.of_institution(institution)):
                run = runs.request(
                    institution=institution, as_of=options["as_of"], by=None, now=timezone.now(), wakes=False
                )
        except registry.NoChampion as refusal:
            raise CommandError(f"{refusal} Run train_model first.") from None
        claims.carry_out(job_id=run.job_id, work=scoring_run.score_students)
        with scope.entered(scope.of_institution(institution)):
            run = ScoringRun.objects.select_related("job").get(pk=run.pk)
        if run.job.state != State.DONE:
            raise CommandError(run.job.error or "Another worker holds this run.")
        self.answer(
            options,
            f"Scored {run.n_scored} students as of {run.as_of}; {run.n_insufficient} are too little known.",
            run=run.public_id,
            as_of=run.as_of,
            n_scored=run.n_scored,
            n_insufficient=run.n_insufficient,
        )
