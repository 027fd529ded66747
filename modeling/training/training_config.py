"""How a model is trained, read from `configs/training_config.yaml`; a key that is unknown or wrong is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from modeling.core.feature import Feature
    from modeling.core.fitting import FitSettings

PATH = Path(__file__).resolve().parents[2] / "configs" / "training_config.yaml"

# Any leap year will do: only month and day are kept of it.
_A_LEAP_YEAR = 2024


class ConfigRefused(Exception):
    """The configuration cannot be used; `sentences` says why, naming each key."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = list(sentences)
        super().__init__(" ".join(self.sentences))


def _month_and_day(written: Any) -> Any:
    """Return a date in a leap year for "MM-DD"; pydantic names the key if this fails."""
    try:
        day = dt.date.fromisoformat(f"{_A_LEAP_YEAR}-{written}")
    except ValueError:
        raise ValueError('must be month and day, such as "10-15"') from None
    if (day.month, day.day) == (2, 29):
        raise ValueError("must be a day of every year; 29 February is not")
    return day


MonthAndDay = Annotated[dt.date, BeforeValidator(_month_and_day)]
Share = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Imbalance = Literal["none", "class_weights", "smote"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Trees(_Part):
    """The booster's settings; LightGBM's own names where it has one."""

    n_trees: Annotated[int, Field(ge=1, le=5000)]
    n_tree_stages: Annotated[int, Field(ge=1, le=100)] = 1
    learning_rate: Fraction
    num_leaves: Annotated[int, Field(ge=2, le=255)]
    # Exact explanations are summed over sets of the features on a path: their cost doubles with each level.
    max_depth: Annotated[int, Field(ge=1, le=8)] = 8
    min_data_in_leaf: Annotated[int, Field(ge=1)]
    lambda_l2: Annotated[float, Field(ge=0)] = 0.0
    bagging_fraction: Fraction = 1.0
    bagging_freq: Annotated[int, Field(ge=0)] = 0
    feature_fraction: Fraction = 1.0
    monotone: bool = True


class Handover(_Part):
    """When the model may make the list in the rule's place."""

    minimum_labels: Annotated[int, Field(ge=0)]
    minimum_gain: Annotated[float, Field(ge=-1, le=1)]


class Urgency(_Part):
    """The second horizon: the end of the term."""

    usual_help_days: Annotated[int, Field(ge=1, le=365)]
    minimum_positives: Annotated[int, Field(ge=1)]


class Evaluation(_Part):
    """How a version is judged beside its figures."""

    n_refits: Annotated[int, Field(ge=2, le=50)]
    n_bootstraps: Annotated[int, Field(ge=20, le=10_000)]
    smallest_group: Annotated[int, Field(ge=2)]
    smallest_group_positives: Annotated[int, Field(ge=1)]
    suspicious_roc_auc: Annotated[float, Field(gt=0.5, le=1)]
    explainable_boosting: bool = False


class Reasons(_Part):
    """Which reasons hold."""

    holds_share: Share


class Promotion(_Part):
    """What the gate asks of a version before it may decide."""

    needs_person: bool
    minimum_lift: Annotated[float, Field(ge=0)]
    maximum_calibration_error: Share
    maximum_recall_gap: Share
    maximum_churn_share: Fraction


class Tuning(_Part):
    """How the search for better trees is done."""

    method: Literal["optuna", "grid"]
    n_trials: Annotated[int, Field(ge=1, le=10_000)]
    minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)]
    n_folds: Annotated[int, Field(ge=2, le=20)]
    n_workers: Annotated[int, Field(ge=1, le=64)] = 1
    imbalance: Annotated[list[Imbalance], Field(min_length=1)]


class InsufficientData(_Part):
    """When a student is too little known for a rank."""

    minimum_sessions: Annotated[int, Field(ge=0)]
    maximum_missing_share: Annotated[float, Field(ge=0, le=1)]


class TrainingConfig(_Part):
    """Everything a training run can be told."""

    features: Literal["catalogue"] | Annotated[list[str], Field(min_length=1)]
    rule: str
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    snapshot_days: Annotated[list[MonthAndDay], Field(min_length=1)]
    test_share: Share
    holdout_share: Share
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    n_folds: Annotated[int, Field(ge=2, le=20)]
    calibration: Literal["best", "identity", "sigmoid", "isotonic"]
    imbalance: Imbalance = "none"
    trees: Trees
    handover: Handover
    urgency: Urgency
    evaluation: Evaluation
    reasons: Reasons
    promotion: Promotion
    tuning: Tuning
    insufficient_data: InsufficientData

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Return the configuration that stands in a YAML text.

        :raises ConfigRefused: with a sentence per fault, each naming its key
        """
        try:
            fields = yaml.load(text, Loader=_OneMeaningLoader)  # noqa: S506 -- derived from SafeLoader
        except yaml.YAMLError as error:
            sentence = f"The training configuration is not valid YAML. {' '.join(str(error).split())}"
            raise ConfigRefused([sentence]) from None
        if not isinstance(fields, dict):
            raise ConfigRefused(["The training configuration must be a YAML mapping of keys to values."])
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise ConfigRefused([_sentence(dict(fault)) for fault in error.errors()]) from None

    def choose_features(self, offered: Sequence[Feature]) -> list[Feature]:
        """Return the features to train with, of those that an institution's records offer.

        :raises ConfigRefused: if a name is listed that is not offered
        """
        if self.features == "catalogue":
            return list(offered)
        known = {feature.name: feature for feature in offered}
        unknown = sorted(set(self.features) - set(known))
        if unknown:
            raise ConfigRefused(
                [f'"features" names {", ".join(unknown)}, which the records do not offer. Offered: {", ".join(known)}.']
            )
        return [known[name] for name in dict.fromkeys(self.features)]

    def fit_settings(self, *, horizon_days: int | None = None) -> FitSettings:
        """Return what `modeling.core.fitting` needs; a flat cohort brings its own horizon."""
        # Imported here: it brings LightGBM, which a web process does without until its first prediction.
        from modeling.core.fitting import FitSettings

        booster = self.trees.model_dump(exclude={"n_trees", "n_tree_stages", "monotone"})
        return FitSettings(
            horizon_days=horizon_days or self.horizon_days,
            n_trees=self.trees.n_trees,
            n_tree_stages=self.trees.n_tree_stages,
            booster=booster,
            monotone=self.trees.monotone,
            n_folds=self.n_folds,
            calibration=self.calibration,
            imbalance=self.imbalance,
        )

    def parameters(self) -> dict[str, str | int | float | bool]:
        """Return every setting under a flat name, "trees.num_leaves", as runs record them."""
        flat: dict[str, str | int | float | bool] = {}
        for name, value in self.model_dump().items():
            if isinstance(value, dict):
                flat |= {
                    f"{name}.{inner}": ", ".join(setting) if isinstance(setting, list) else setting
                    for inner, setting in value.items()
                }
            elif name == "snapshot_days":
                flat[name] = ", ".join(f"{day:%m-%d}" for day in value)
            else:
                flat[name] = ", ".join(value) if isinstance(value, list) else value
        return flat


def text() -> str:
    """Return what stands in the portal's configuration file.

    :raises ConfigRefused: if it cannot be read
    """
    try:
        return PATH.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused([f"The training configuration cannot be read: {error}."]) from None


def load() -> TrainingConfig:
    """Return the configuration of the portal's file.

    :raises ConfigRefused: with a sentence per fault, each naming its key
    """
    return TrainingConfig.from_yaml(text())


@dataclass(frozen=True, kw_only=True)
class InUse:
    """The configuration that serves, and what is wrong with the file as it now stands, in sentences."""

    config: TrainingConfig
    faults: tuple[str, ...] = ()


def in_use() -> InUse:
    """Return the last good configuration that this process read; the file is read again only once it has changed.

    Pages, lists and answers go on by it while the file is wrong. A training asks `text`, which is the file.

    :raises ConfigRefused: if the file was never good since the process began
    """
    global _last  # noqa: PLW0603 -- one file, so one of it for each process
    try:
        seen = (str(PATH), PATH.stat().st_mtime_ns)
    except OSError:
        seen = (str(PATH), 0)
    if _last is None or _last[0] != seen:
        _last = (seen, _read_again(_last[1].config if _last else None))
    return _last[1]


def serving() -> TrainingConfig:
    """Return the configuration that serves: see `in_use`."""
    return in_use().config


_last: tuple[tuple[str, int], InUse] | None = None


def _read_again(good: TrainingConfig | None) -> InUse:
    try:
        return InUse(config=load())
    except ConfigRefused as refusal:
        if good is None:
            raise
        return InUse(config=good, faults=tuple(refusal.sentences))


class _OneMeaningLoader(yaml.SafeLoader):
    """YAML in which a key given twice is refused, instead of silently losing the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.YAMLError(f'Line {node.start_mark.line + 1}: the key "{repeated[0]}" stands twice.')
        return super().construct_mapping(node, deep=deep)


def _sentence(fault: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"] if part not in ("literal['catalogue']", "constrained-list"))
    if fault["type"] == "extra_forbidden":
        return f'"{key}" is not a setting of a training. Remove it or correct its spelling.'
    if fault["type"] == "missing":
        return f'"{key}" is missing. Add it.'
    reason = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else fault["msg"]
    return f'"{key}" is {fault["input"]!r}, which cannot be used: {reason[0].lower()}{reason[1:]}.'
