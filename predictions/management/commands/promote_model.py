"""Let a model version decide from the next list on, or the one before it again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from accounts.models import Institution, User
from accounts.permissions import can
from jobs import claims
from jobs.models import State
from modeling import registry
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion
from predictions import promotion_preview, runs
from predictions.models import PromotionPreview


class Command(InstitutionCommand):
    """Promote a version by its number, through the same gate as the page, or go back by one."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read which version, who answers for it, and why."""
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--number", type=int, help="the number of the version that shall decide")
        what.add_argument("--rollback", action="store_true", help="let the version decide again that did before")
        parser.add_argument("--by", metavar="EMAIL", help="who answers for it; a member who may promote models")
        parser.add_argument("--reason", default="", help="why, where a check of the gate speaks against it")

    def handle(self, *args: object, **options: Any) -> None:
        """Work out who comes and goes, promote or go back, and ask for the new list."""
        institution, now = self.institution(options), timezone.now()
        try:
            by = _person(options["by"], institution, now)
            if options["rollback"]:
                with scope.entered(scope.of_institution(institution)):
                    done = promotion_preview.roll_back_and_list(institution=institution, by=by, now=now)
            else:
                done = _promote(institution, number=options["number"], by=by, now=now, reason=options["reason"])
        except promotion.GateFailed as refusal:
            raise CommandError(" ".join([*refusal.sentences, "Say why with --reason."])) from None
        except promotion.NeedsPerson as refusal:
            raise CommandError(f"{refusal} Name a member with --by EMAIL.") from None
        except (promotion.Refused, registry.ModelFileChanged) as refusal:
            raise CommandError(str(refusal)) from None
        for check in done.gate:
            self.stdout.write(f"{'against' if check['passed'] is False else 'for'}: {check['sentence']}")
        self.answer(
            options,
            f"{done.version} decides from the next list on.",
            champion=str(done.version),
            previous=str(done.previous) if done.previous else None,
            kind=done.kind,
            gate=done.gate,
        )


def _person(email: str | None, institution: Institution, now: dt.datetime) -> User | None:
    if email is None:
        return None
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    members = person.memberships.select_related("institution").filter(institution=institution) if person else []
    if not any(member.holds_at(now) and can(member, "promote_models") for member in members):
        raise CommandError(f"{email} is no member of this institution who may promote models.")
    return person


def _promote(institution: Institution, *, number: int, by: User | None, now: dt.datetime, reason: str) -> Promotion:
    with scope.entered(scope.of_institution(institution)):
        version = ModelVersion.objects.defer("booster_text").filter(number=number).first()
        if version is None:
            raise CommandError(f"There is no model {number} at this institution.")
        preview = None
        if runs.latest_run() is not None and not version.is_champion:
            preview = promotion_preview.request(version=version, by=by, now=now, wakes=False)
    if preview is not None:
        claims.run_job(job_id=preview.job_id, work=promotion_preview.work_out)
    with scope.entered(scope.of_institution(institution)):
        if preview is not None:
            job = PromotionPreview.objects.select_related("job").get(pk=preview.pk).job
            if job.state != State.DONE:
                raise CommandError(job.error or "Another worker holds this preview. Try again.")
        return promotion_preview.promote_and_list(version=version, by=by, now=now, reason=reason)
