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
from predictions import rule_wording, runs, scoring_run
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
        with scope.entered(scope.of_institution(institution)):
            run = runs.request(
                institution=institution, as_of=options["as_of"], by=None, now=timezone.now(), wakes=False
            )
        job = run.job
        if job is None:
            raise CommandError("This list was published anew and is made already.")
        claims.run_job(job_id=job.pk, work=scoring_run.score_students)
        job.refresh_from_db()
        if job.state != State.DONE:
            raise CommandError(job.error or "Another worker holds this run.")
        with scope.entered(scope.of_institution(institution)):
            run = ScoringRun.objects.get(pk=run.pk)
            why = rule_wording.why_the_rule(run)
        self.answer(
            options,
            f"Scored {run.n_scored} students as of {run.as_of}; {run.n_insufficient} are too little known. "
            f"The {run.decided_by} makes the list{f' ({run.why_rule}). {why}' if run.why_rule else '.'}",
            run=run.public_id,
            as_of=run.as_of,
            n_scored=run.n_scored,
            n_insufficient=run.n_insufficient,
            decided_by=run.decided_by,
            why_rule=run.why_rule,
        )
