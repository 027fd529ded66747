"""Train a registered version again from what was kept of it, and compare the two byte for byte."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts import scope
from jobs.claims import Refused
from modeling import registry
from modeling.models import ModelVersion, TrainingRun
from modeling.training import code_version, training
from modeling.training.training_config import TrainingConfig


class CannotRetrain(Exception):
    """There is nothing to train again from; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Half:
    """The hash of a part of a model: as it is stored, and as it came out now."""

    name: str
    stored_sha256: str
    new_sha256: str

    @property
    def is_same(self) -> bool:
        """Tell whether both are the same bytes."""
        return self.stored_sha256 == self.new_sha256


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A version beside its twin; `sha256` is over both halves.

    `differs_in` names the parts of the specification that differ; `changed` the code and libraries that do, as
    (then, now): where the bytes differ, the reason is mostly there.
    """

    booster: Half
    specification: Half
    sha256: Half
    differs_in: list[str]
    changed: dict[str, tuple[str, str]]

    @property
    def is_same(self) -> bool:
        """Tell whether the twin has the hash under which the version was registered."""
        return self.sha256.is_same


def version_of(run: str) -> ModelVersion | None:
    """Return the version at the institution in scope that a training's public id, or a model's number, names.

    :raises CannotRetrain: if that training did not end in a model
    """
    versions = ModelVersion.objects.select_related("dataset", "institution")
    if run.isdecimal():
        return versions.filter(number=int(run)).first()
    try:
        found = TrainingRun.objects.filter(public_id=uuid.UUID(run)).first()
    except ValueError:
        return None
    if found is None:
        return None
    if found.model_version_id is None:
        raise CannotRetrain(f"The training {run} has not ended in a model.")
    return versions.get(pk=found.model_version_id)


def retrain(version: ModelVersion, *, on_progress: Callable[[str], None] = lambda step: None) -> Comparison:
    """Train again from the frozen dataset, the configuration and the seed of a version; register nothing.

    Its evaluation is worked out again, but not compared: the school's rule and the team's capacity may have changed.

    :raises CannotRetrain: if the configuration was not kept, what is stored was changed, or the training is refused
    """
    if not version.config_yaml:
        raise CannotRetrain(
            f"{version} cannot be trained again: it was made before the portal kept the configuration with a model."
        )
    try:
        with scope.entered(scope.of_institution(version.institution)):
            registry.check_unchanged(version)
        with training.refusing(), training.workshop(f"again-{uuid.uuid4()}") as folder:
            with scope.entered(scope.of_institution(version.institution)):
                config = TrainingConfig.from_yaml(version.config_yaml)
                training.write_task(folder, dataset=version.dataset, config=config, institution=version.institution)
            training.fit(folder, on_progress=on_progress)
            booster_text = (folder / "model.lgb").read_text(encoding="utf-8")
            specification_json = (folder / "model.json").read_text(encoding="utf-8")
    except (Refused, registry.ModelFileChanged) as refusal:
        raise CannotRetrain(f"{version} cannot be trained again. {refusal}") from None
    return compare(version, booster_text=booster_text, specification_json=specification_json)


def compare(version: ModelVersion, *, booster_text: str, specification_json: str) -> Comparison:
    """Compare what is stored of a version with a booster and a specification."""
    now = {"code": code_version.commit(), **code_version.libraries()}
    then = {"code": version.code_version, **version.library_versions}
    return Comparison(
        booster=_half("booster", version.booster_text, booster_text),
        specification=_half("specification", version.specification_json, specification_json),
        sha256=Half(
            name="both",
            stored_sha256=version.sha256,
            new_sha256=registry.model_sha256(booster_text, specification_json),
        ),
        differs_in=_parts_that_differ(version.specification, json.loads(specification_json)),
        changed={name: (was, now.get(name, "")) for name, was in then.items() if was != now.get(name, "")},
    )


def _half(name: str, stored: str, new: str) -> Half:
    return Half(name=name, stored_sha256=_sha256(stored), new_sha256=_sha256(new))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parts_that_differ(stored: dict[str, Any], new: dict[str, Any]) -> list[str]:
    # As written, not as equal: 1 and 1.0, or another order of keys, are other bytes.
    return sorted(
        part
        for part in stored.keys() | new.keys()
        if part not in stored or part not in new or json.dumps(stored[part]) != json.dumps(new[part])
    )
