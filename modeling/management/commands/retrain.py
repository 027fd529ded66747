"""Train a registered model again, and say whether it comes out the same to the byte."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import scope
from accounts.command_output import InstitutionCommand
from accounts.models import Institution
from modeling.models import ModelVersion
from modeling.training import retraining
from modeling.training.retraining import CannotRetrain, Comparison, Half


class Command(InstitutionCommand):
    """Repeat a training from its frozen dataset, configuration and seed, and compare; nothing is registered."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --run; the institution may be left out, for a training's id names it."""
        parser.add_argument("--run", required=True, metavar="ID", help="the training's id, or the model's number")
        parser.add_argument("--institution", metavar="SLUG", help="needed where several have a model of that number")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")

    def handle(self, *args: object, **options: Any) -> None:
        """Train again and print what came of it."""
        try:
            version = self._version(options)
            compared = retraining.retrain(version)
        except CannotRetrain as refusal:
            raise CommandError(str(refusal)) from None
        self.answer(
            options,
            f"{version}: {_words(compared)}\n{_hashes(compared)}",
            model_version=str(version),
            dataset=version.dataset.content_sha256,
            seed=version.seed,
            is_same=compared.is_same,
            sha256=_both(compared.sha256),
            booster_sha256=_both(compared.booster),
            specification_sha256=_both(compared.specification),
            differs_in=compared.differs_in,
            changed=compared.changed,
        )
        if not compared.is_same:
            raise CommandError(f"{version} came out different.")

    def _version(self, options: dict[str, Any]) -> ModelVersion:
        at = [self.institution(options)] if options["institution"] else list(Institution.objects.order_by("slug"))
        found = []
        for institution in at:
            with scope.entered(scope.of_institution(institution)):
                version = retraining.version_of(options["run"])
            found += [version] if version else []
        if not found:
            raise CommandError(f'There is no training or model "{options["run"]}". Give an id, or a number such as 3.')
        if len(found) > 1:
            slugs = ", ".join(version.institution.slug for version in found)
            raise CommandError(f"Several institutions have a model {options['run']}: {slugs}. Add --institution.")
        return found[0]


def _both(part: Half) -> dict[str, str]:
    return {"stored": part.stored_sha256, "new": part.new_sha256}


def _words(compared: Comparison) -> str:
    if compared.is_same:
        return "the same to the byte."
    halves = " and ".join(half.name for half in (compared.booster, compared.specification) if not half.is_same)
    parts = f" (in {', '.join(compared.differs_in)})" if compared.differs_in else ""
    changed = "; ".join(f"{name} {then}, now {now}" for name, (then, now) in compared.changed.items())
    return f"different: {halves}{parts}." + (f" Made with {changed}." if changed else "")


def _hashes(compared: Comparison) -> str:
    hashed = (compared.booster, compared.specification, compared.sha256)
    return "\n".join(f"  {part.name}: {part.stored_sha256}, now {part.new_sha256}" for part in hashed)
