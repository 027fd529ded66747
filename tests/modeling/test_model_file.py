"""No damaged model is served: not from the database, not from a training, not with a hash of its own."""

import json
import subprocess
import sys

import pytest

from modeling import registry
from modeling.core import model_file as grammar
from modeling.core.risk_model import UnreadableModel
from modeling.models import ModelVersion
from modeling.training import model_file_trial
from tests.modeling import stored_models as stored

READ_AND_SCORE = """
import lightgbm, numpy, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        booster = lightgbm.Booster(model_str=path.read_text(encoding="utf-8"))
    except lightgbm.basic.LightGBMError:
        continue  # refused in words, as the portal refuses it then
    rows = numpy.random.default_rng(0).normal(size=(50, booster.num_feature()))
    assert numpy.isfinite(booster.predict(rows, raw_score=True, num_threads=1)).all(), path
"""


@pytest.fixture
def version(at_riverside):
    """The champion, read by nobody yet."""
    stored.forget()
    yield ModelVersion.objects.get(is_champion=True)
    stored.forget()


@pytest.mark.slow
def test_of_300_damaged_files_none_is_served_and_the_last_good_one_goes_on(version):
    serving = registry.load(version)
    n_refused = 0
    with stored.rewriting(version) as change:
        for text in stored.damaged(version.booster_text, n=300):
            # NUL and half letters do not get into a text column at all.
            change("booster_text", text.decode("utf-8", "replace").replace("\0", "?"))
            assert registry.load(version) is serving
            stored.versions._parsed.cache_clear()
            with pytest.raises(registry.ModelFileChanged):
                registry.load(version)
            n_refused += 1
            change("booster_text", version.booster_text)
            serving = registry.load(version)

    assert n_refused == 300


@pytest.mark.slow
def test_what_the_grammar_lets_pass_of_300_damaged_texts_kills_no_reader(version, tmp_path):
    passed = []
    for number, text in enumerate(stored.damaged(version.booster_text, n=300)):
        try:
            grammar.check(text.decode(), version.specification_json)
        except (UnreadableModel, UnicodeDecodeError):
            continue
        passed.append(number)
        (tmp_path / f"{number}.lgb").write_bytes(text)

    tried = subprocess.run([sys.executable, "-c", READ_AND_SCORE, str(tmp_path)], capture_output=True, text=True)

    assert tried.returncode == 0, tried.stderr
    assert len(passed) < 60


@pytest.fixture
def folder(version, tmp_path):
    """A new model as the fitting process leaves it, with rows to try it on."""
    import pandas as pd

    rows = pd.DataFrame([{fields["name"]: None for fields in version.specification["features"]}] * 3)
    rows.to_parquet(tmp_path / "trial.parquet")
    (tmp_path / "model.lgb").write_text(version.booster_text, encoding="utf-8")
    (tmp_path / "model.json").write_text(version.specification_json, encoding="utf-8")
    expected = registry.load(version).score(rows).probability.tolist()
    (tmp_path / "trial.json").write_text(json.dumps(expected), encoding="utf-8")
    return tmp_path


def test_a_sound_model_passes_its_trial(folder):
    model_file_trial.try_out(folder)


def test_a_model_that_answers_otherwise_is_not_registered(folder):
    (folder / "trial.json").write_text("[0.5, 0.5, 0.5]", encoding="utf-8")

    with pytest.raises(model_file_trial.ModelFailedTrial, match="Exit code 4"):
        model_file_trial.try_out(folder)


def test_a_damaged_model_is_refused_with_the_reason(folder):
    text = (folder / "model.lgb").read_text(encoding="utf-8")
    (folder / "model.lgb").write_text(text[:5000], encoding="utf-8")

    with pytest.raises(model_file_trial.ModelFailedTrial, match="The booster's text is damaged"):
        model_file_trial.try_out(folder)


def test_a_trial_that_hangs_is_ended(folder, monkeypatch):
    monkeypatch.setattr(model_file_trial, "LONGEST_SECONDS", 0.01)

    with pytest.raises(model_file_trial.ModelFailedTrial, match="not read back within"):
        model_file_trial.try_out(folder)


def test_a_trial_may_not_take_all_the_memory(tmp_path):
    greedy = "from modeling.training import trial_process as t; t.limit_self(); bytearray(5 * 1024**3)"

    tried = subprocess.run([sys.executable, "-c", greedy], capture_output=True, text=True)

    assert "MemoryError" in tried.stderr
