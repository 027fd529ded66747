"""A specification is checked like its booster: finite numbers, known features, and the model of the term inside."""

import json

import numpy as np
import pytest

from modeling.core import model_file
from modeling.core.feature import Feature
from modeling.core.risk_model import FORMAT, UnreadableModel
from tests.modeling.core.test_booster_text import NAMES, grown

KINDS = ("number", "number", "number", "category")


@pytest.fixture(scope="module")
def text():
    rows = np.random.default_rng(0).normal(size=(400, 4))
    rows[:, 3] = 0
    return grown(rows, (rows[:, 0] > 0).astype(float), n_trees=5)


def specification(**changes):
    features = [Feature(name=name, kind=kind, label=name) for name, kind in zip(NAMES, KINDS, strict=True)]
    usual = {
        "format": FORMAT,
        "features": [feature.as_json() for feature in features],
        "categories": {"way": ["bus", "foot"]},
        "calibration": {"kind": "sigmoid", "a": 1.0, "b": 0.0},
        "threshold": 0.3,
        "horizon_days": 365,
        "n_trees": 5,
    }
    return usual | changes


def test_a_whole_model_passes(text):
    assert model_file.check(text, json.dumps(specification()))["threshold"] == 0.3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": "another-1"}, "its format is 'another-1'"),
        ({"features": []}, "lists no features"),
        ({"features": [{"colour": "blue"}] * 4}, "not described as one"),
        ({"features": [specification()["features"][0]] * 4}, "listed twice"),
        ({"features": specification()["features"][:3], "categories": {}}, "other features than the specification"),
        ({"categories": {}}, "categories are of other features"),
        ({"categories": {"way": ["bus", "bus"]}}, "a category is listed twice"),
        ({"calibration": {"kind": "sigmoid", "a": -1.0}}, "not a rising curve"),
        ({"threshold": 1.5}, "threshold is outside"),
        ({"threshold": True}, "threshold is outside"),
        ({"horizon_days": 0}, "horizon is out of bounds"),
        ({"n_trees": 3}, "more trees than its specification says"),
    ],
)
def test_what_does_not_belong_together_is_named(text, changes, why):
    with pytest.raises(UnreadableModel, match=why):
        model_file.check(text, json.dumps(specification(**changes)))


@pytest.mark.parametrize(
    "written", ['{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', '{"a": 1, "a": 2}', "[1]", "{", "[" * 100_000]
)
def test_json_that_means_no_one_thing_is_refused(text, written):
    with pytest.raises(UnreadableModel):
        model_file.check(text, written)


@pytest.mark.parametrize("number", ["1e999", "NaN"])
def test_a_number_that_is_none_is_refused_in_a_model_that_is_sound_otherwise(text, number):
    written = json.dumps(specification())
    assert model_file.check(text, written)

    with pytest.raises(UnreadableModel, match=number):
        model_file.check(text, written.replace('"threshold": 0.3', f'"threshold": {number}'))


def test_the_model_of_the_term_is_checked_alike(text):
    sound = specification(term={"booster_text": text, "specification": specification()})
    absent = specification(term={"absent": "Too few left within a term."})

    model_file.check(text, json.dumps(sound))
    model_file.check(text, json.dumps(absent))


@pytest.mark.parametrize(
    "term",
    [
        {"booster_text": "tree", "specification": specification()},
        {"booster_text": 7, "specification": specification()},
        {"booster_text": "tree"},
        {"booster_text": "tree", "specification": specification(threshold=7)},
        "none",
    ],
)
def test_a_damaged_model_of_the_term_is_refused(text, term):
    with pytest.raises(UnreadableModel):
        model_file.check(text, json.dumps(specification(term=term)))
