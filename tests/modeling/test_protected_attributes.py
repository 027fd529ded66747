"""Protected attributes are looked at in the audit of groups; the model never sees one."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from accounts import scope
from modeling.models import ModelVersion
from modeling.training import fit_process, training_config
from students.models import ProtectedAttribute
from tests.modeling.core import judged
from tests.modeling.core.district_rows import FEATURES, SETTINGS

N = 600


def fitted(folder, protected: pd.DataFrame) -> dict[str, bytes]:
    """Fit in a folder of its own with the protected attributes given, and return the files by name."""
    folder.mkdir()
    config = training_config.load()
    judged.dataset(N).assign(y_term=np.nan).to_parquet(folder / "dataset.parquet")
    protected.to_parquet(folder / "protected.parquet")
    task = {
        "dataset": str(folder / "dataset.parquet"),
        "protected": str(folder / "protected.parquet"),
        "features": [feature.as_json() for feature in FEATURES],
        "settings": asdict(SETTINGS),
        "rules": [asdict(rule) for rule in judged.RULES],
        "seed": 1,
        "test_from": [],
        "test_share": 0.3,
        "holdout_share": 0.4,
        "capacity_share": 0.1,
        "evaluation": config.evaluation.model_dump() | {"n_refits": 2, "n_bootstraps": 20},
        "reasons": config.reasons.model_dump(),
        "urgency": config.urgency.model_dump(),
        "insufficient_data": config.insufficient_data.model_dump(),
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    assert fit_process.main(folder) == 0
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_changing_every_protected_value_changes_no_byte_of_the_model(tmp_path):
    one = fitted(tmp_path / "one", judged.protected(N, seed=1))
    other = fitted(tmp_path / "other", judged.protected(N, seed=2).assign(value="somebody else"))

    for name in ("model.lgb", "model.json", "metrics.json"):
        assert one[name] == other[name]
    assert json.loads(one["evaluation.json"])["groups"] != json.loads(other["evaluation.json"])["groups"]


@pytest.mark.parametrize("institution", ["riverside", "lakeside"])
def test_no_feature_of_a_model_is_a_protected_attribute(request, institution):
    with scope.entered(scope.of_institution(request.getfixturevalue(institution))):
        protected = set(ProtectedAttribute.objects.values_list("name", flat=True))
        version = ModelVersion.objects.first()

    assert protected
    assert not protected & {feature["name"] for feature in version.specification["features"]}
    assert not protected & set(version.specification["reference"])
    audited = {name for group in version.evaluation["groups"] for name in group["attribute"].split(" & ")}
    assert audited <= protected


def test_groups_are_named_in_the_words_of_the_schema(lakeside):
    with scope.entered(scope.of_institution(lakeside)):
        version = ModelVersion.objects.first()

    assert {"Female", "Male"} >= {
        group["value"] for group in version.evaluation["groups"] if group["attribute"] == "gender"
    }
