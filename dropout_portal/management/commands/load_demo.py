"""Fill the demo: a synthetic district with its people, a trained model, lists, and var/demo.json for scripts."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from accounts import scope
from accounts.models import Institution
from dropout_portal import demo_life, demo_people
from modeling.models import ModelVersion
from predictions import demo_example
from predictions.models import ScoringRun

DISTRICT, OTHER = "riverside", "lakeside"
YEARS, SEED, CAPACITY = 6, 7, 60
# Lists of the last months, so that a student's page has a history to show.
LISTS_BACK = [dt.timedelta(weeks=weeks) for weeks in (16, 12, 8, 5, 2, 0)]
# Pages that scripts open, as they are called in demo.json; None where there is none yet.
PAGES = {
    "today": "front",
    "risk_list": "risk_list",
    "interventions": "interventions",
    "help_kinds": "help_kinds",
    "outcomes": "missing_outcomes",
    "exit_codes": "exit_codes",
    "caseloads": "caseloads",
    "data_cases": "data_cases",
    "cases": "way_back",
    "concerns": "concerns",
    "people": "people",
    "uploads": "uploads",
    "models": "models",
    "monitoring": "drift",
} | dict.fromkeys(
    (
        *("meetings", "environment", "effects", "programme", "keys", "audit"),
        *("performance", "alarms", "operations", "timeline"),
    )
)


class Command(BaseCommand):
    """Load what is missing; run twice it changes nothing."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the port for the addresses in demo.json, and the size of the district."""
        parser.add_argument("--port", default="8000")
        parser.add_argument("--students", type=int, default=3000)

    def handle(self, *args: object, **options: Any) -> None:
        """Load, train, score, and write var/demo.json."""
        if not settings.DEMO:
            raise CommandError("Demo logins need no second factor. They are made only with PORTAL_DEMO=1.")
        now = timezone.now()
        self._district(DISTRICT, "Riverside Unified", options["students"], now)
        self._district(OTHER, "Lakeside College", 150, now)
        told_before = _read(Path(settings.VAR_DIR) / "demo.json")
        people = demo_people.ensure(now=now, district=DISTRICT, other=OTHER, before=told_before)
        self._model(people["users"]["model_owner"]["login"])
        self._lists(now.date())
        self._life(people["users"], now)
        told = people | self._addresses(options["port"])
        path = Path(settings.VAR_DIR) / "demo.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(told, indent=1, default=str), encoding="utf-8")

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    def _district(self, slug: str, name: str, n_students: int, now: dt.datetime) -> None:
        institution = demo_people.ensure_institution(slug=slug, name=name, capacity=CAPACITY)
        if institution.is_synthetic:
            return
        self._say(f"3/5 Simulating {name}: {n_students:,} students over {YEARS} school years")
        years = YEARS if slug == DISTRICT else 2
        size = ["--students", str(n_students), "--years", str(years), "--seed", str(SEED)]
        call_command("generate_district", "--institution", slug, *size, stdout=self.stdout)

    def _let_decide(self, owner: str) -> None:
        """Let the demo's model owner answer for a first model that waits: its students are invented."""
        with scope.entered(scope.of_institution(Institution.objects.get(slug=DISTRICT))):
            waits = ModelVersion.objects.filter(is_challenger=True).values_list("number", flat=True).first()
            has_champion = ModelVersion.objects.filter(is_champion=True).exists()
        if waits and not has_champion:
            why = ["--by", owner, "--reason", "The students are invented; the demo shows a model at work."]
            call_command("promote_model", "--institution", DISTRICT, "--number", str(waits), *why, stdout=self.stdout)

    def _model(self, owner: str) -> None:
        with scope.entered(scope.of_institution(Institution.objects.get(slug=DISTRICT))):
            trained = ModelVersion.objects.filter(is_champion=True).exists()
        if not trained:
            self._say("4/5 Training the first model on past school years (about a minute)")
            call_command("train_model", "--institution", DISTRICT, stdout=self.stdout)
            self._let_decide(owner)

    def _lists(self, today: dt.date) -> None:
        days = [today - back for back in LISTS_BACK]
        self._say(f"5/5 Making the lists that are missing, the newest of {today}")
        # The college has no model: its own rule makes its list.
        for slug, wanted in ((DISTRICT, days), (OTHER, days[-1:])):
            with scope.entered(scope.of_institution(Institution.objects.get(slug=slug))):
                made = set(ScoringRun.objects.filter(published_at__isnull=False).values_list("as_of", flat=True))
            for day in wanted if not made else wanted[-1:]:
                if day not in made:
                    call_command("score_students", "--institution", slug, "--as-of", str(day), stdout=self.stdout)

    def _life(self, users: dict[str, dict[str, str]], now: dt.datetime) -> None:
        institution = Institution.objects.get(slug=DISTRICT)
        logins = {name: user["login"] for name, user in users.items()}
        if demo_life.tell(institution=institution, logins=logins, now=now):
            self._say("    Its people work with it: students given to them, help, verdicts, outcomes")

    def _addresses(self, port: str) -> dict[str, Any]:
        institution = Institution.objects.get(slug=DISTRICT)
        with scope.entered(scope.of_institution(institution)):
            example = demo_example.of_first_student(demo_people.counsellors_school(institution))
        paths = {name: view and reverse(view) for name, view in PAGES.items()}
        return {
            "url": f"http://127.0.0.1:{port}",
            "login_path": "/login/",
            "paths": paths | {"student": example["student_path"]},
            "institution": DISTRICT,
            "predict_example": example["body"],
        }


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
