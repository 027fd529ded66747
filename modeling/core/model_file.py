"""Says whether text and specification are one model before it is built: sizes, format, names, finite numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from modeling.core import booster_text, catalogue
from modeling.core.calibration import Calibration, UnreadableCalibration
from modeling.core.feature import Feature
from modeling.core.risk_model import FORMAT, UnreadableModel

# The largest forest the configuration allows is about 60 MB of text; the usual one is below one.
MOST_BYTES = 64 * 1024**2
MOST_FEATURES = 2000
LONGEST_HORIZON_DAYS = 3660


def check(text: str, specification_json: str) -> dict[str, Any]:
    """Return the specification of a model whose two halves, and the model of the term inside, are well-formed.

    Whether they are what was registered, a hash has to say before: a digit changed for another is well-formed too.

    Parameters
    ----------
    text : str
        LightGBM's own format.
    specification_json : str
        As stored.

    Raises
    ------
    UnreadableModel
        At the first thing that is not as it should be.
    """
    specification = read_specification(specification_json)
    _check_halves(text, specification)
    term = specification.get("term", {})
    _require(isinstance(term, dict), "its model of the term is no model")
    if "booster_text" in term:
        inner = term.get("specification")
        _require(isinstance(inner, dict), "its model of the term has no specification")
        _require("term" not in inner or "booster_text" not in inner["term"], "its model of the term holds another")
        _check_halves(term["booster_text"], inner)
    return specification


def read_specification(specification_json: str) -> dict[str, Any]:
    """Read a specification whose every number is finite and whose every key stands once."""
    _require(len(specification_json) <= MOST_BYTES, "its specification is too large")
    try:
        specification = json.loads(
            specification_json, parse_constant=_refused, parse_float=_finite, object_pairs_hook=_each_once
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableModel(f"The model cannot be read: its specification is no JSON. {error}") from None
    _require(isinstance(specification, dict), "its specification is no mapping")
    return dict(specification)


def _check_halves(text: Any, specification: Mapping[str, Any]) -> None:
    _require(isinstance(text, str) and len(text) <= MOST_BYTES, "its booster is too large, or no text")
    found = specification.get("format")
    _require(found == FORMAT, f"its format is {found!r}, expected {FORMAT!r}")
    features = _features(specification)
    try:
        Calibration.from_json(specification["calibration"])
        threshold, horizon = specification["threshold"], specification["horizon_days"]
    except (KeyError, TypeError, AttributeError, UnreadableCalibration) as error:
        raise UnreadableModel(f"The model cannot be read: {error}") from None
    _require(_is_number(threshold) and 0 <= threshold <= 1, "its threshold is outside 0 to 1")
    _require(_is_number(horizon) and 1 <= horizon <= LONGEST_HORIZON_DAYS, "its horizon is out of bounds")
    names = [feature.name for feature in features]
    of_category = [position for position, feature in enumerate(features) if feature.kind == "category"]
    try:
        n_trees = booster_text.check(text, booster_text.Columns(names=names, categories=of_category))
    except booster_text.DamagedBooster as error:
        raise UnreadableModel(str(error)) from None
    _require(specification.get("n_trees", n_trees) >= n_trees, "it has more trees than its specification says")


def _features(specification: Mapping[str, Any]) -> list[Feature]:
    listed, categories = specification.get("features"), specification.get("categories")
    _require(isinstance(listed, list) and 1 <= len(listed) <= MOST_FEATURES, "it lists no features, or too many")
    try:
        features = [catalogue.from_json(fields) for fields in listed or []]
    except (TypeError, ValueError) as error:
        raise UnreadableModel(f"The model cannot be read: a feature is not described as one. {error}") from None
    names = [feature.name for feature in features]
    _require(all(isinstance(name, str) and name for name in names), "a feature has no name")
    _require(len(set(names)) == len(names), "a feature is listed twice")
    expected = {feature.name for feature in features if feature.kind == "category"}
    _require(isinstance(categories, dict) and set(categories) == expected, "its categories are of other features")
    for codes in (categories or {}).values():
        _require(isinstance(codes, list) and len(set(map(str, codes))) == len(codes), "a category is listed twice")
    return features


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number.")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"{written} is beyond all bounds.")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("A key stands twice.")
    return fields


def _require(fits: bool, why: str) -> None:
    if not fits:
        raise UnreadableModel(f"The model cannot be read: {why}.")
