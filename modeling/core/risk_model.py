"""The model that scores: LightGBM's text and a JSON specification, read back without running anything stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core.calibration import Calibration, UnreadableCalibration
from modeling.core.encoding import FrameEncoder, UnknownEncoding
from modeling.core.feature import Feature

FloatArray = NDArray[np.float64]

FORMAT = "dropout-portal-risk-1"


class UnreadableModel(ValueError):
    """Booster and specification do not make one model."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What the model says of n students.

    Attributes
    ----------
    log_odds : ndarray of shape (n,)
        Before calibration.
    probability : ndarray of shape (n,), in (0, 1)
        Calibrated.
    contributions : ndarray of shape (n, n_features + 1)
        Exact TreeSHAP, in log-odds, features in the specification's order, the base last; a row adds up to its
        log-odds.
    missing_share : ndarray of shape (n,), in [0, 1]
        Share of features that are missing or hold a category never seen in training.
    term_probability : ndarray of shape (n,), in (0, 1), or None
        Calibrated risk of leaving before the term ends; None where the version has no model of the term.
    """

    log_odds: FloatArray
    probability: FloatArray
    contributions: FloatArray
    missing_share: FloatArray
    term_probability: FloatArray | None = None


class RiskModel:
    """A booster, its calibration and its threshold.

    Attributes
    ----------
    features : list of Feature
        In the booster's column order.
    specification : mapping
        As stored.
    threshold : float
        At or above it `dropout_risk` is 1.
    term : RiskModel, or None
        The model of the term; None where there were too few labels to learn one, and in older versions.
    """

    def __init__(
        self,
        booster: lightgbm.Booster,
        *,
        encoder: FrameEncoder,
        calibration: Calibration,
        specification: Mapping[str, Any],
        term: RiskModel | None = None,
    ) -> None:
        self.specification = specification
        self.features: list[Feature] = list(encoder.features)
        self.threshold = float(specification["threshold"])
        self.term = term
        self._booster = booster
        self._encoder = encoder
        self._calibration = calibration

    @classmethod
    def from_text(cls, text: str, specification: Mapping[str, Any]) -> RiskModel:
        """Read a model back.

        LightGBM's reader can crash the process on a damaged text: check its hash before, and try an unknown one in a
        process of its own.

        Parameters
        ----------
        text : str
            LightGBM's own format.
        specification : mapping
            As `fit_risk_model` made it.

        Raises
        ------
        UnreadableModel
            If a part is missing or the two do not belong together.
        """
        if specification.get("format") != FORMAT:
            raise UnreadableModel(f"The model's format is {specification.get('format')!r}, expected {FORMAT!r}.")
        try:
            features = [Feature.from_json(fields) for fields in specification["features"]]
            encoder = FrameEncoder.from_json(features, specification["categories"])
            calibration = Calibration.from_json(specification["calibration"])
            threshold = float(specification["threshold"])
            booster = lightgbm.Booster(model_str=text)
            term = cls._of_term(specification.get("term", {}))
        except (KeyError, TypeError, UnknownEncoding, UnreadableCalibration, lightgbm.basic.LightGBMError) as error:
            raise UnreadableModel(f"The model cannot be read: {error}") from error
        if booster.feature_name() != encoder.names:
            raise UnreadableModel("The booster's columns are not the specification's features in their order.")
        if booster.num_trees() == 0 or not 0 <= threshold <= 1:
            raise UnreadableModel("The model has no trees, or a threshold outside 0 to 1.")
        return cls(booster, encoder=encoder, calibration=calibration, specification=specification, term=term)

    @classmethod
    def _of_term(cls, stored: Mapping[str, Any]) -> RiskModel | None:
        """Read the model of the term; a stored sentence says why there is none."""
        if not stored or "absent" in stored:
            return None
        return cls.from_text(stored["booster_text"], stored["specification"])

    @property
    def booster(self) -> lightgbm.Booster:
        """Return the trees, for what explains them."""
        return self._booster

    def matrix(self, frame: pd.DataFrame) -> FloatArray:
        """Return a frame as the trees read it.

        Returns
        -------
        ndarray of shape (n, n_features), NaN where missing
        """
        return self._encoder.transform(frame)

    def score(self, frame: pd.DataFrame) -> Scores:
        """Score many students.

        Parameters
        ----------
        frame : DataFrame of shape (n, any)
            One row a student; a feature it lacks is missing.
        """
        term = None if self.term is None else self.term.probabilities(frame)
        return self._scores(self._encoder.transform(frame), term_probability=term)

    def probabilities(self, frame: pd.DataFrame) -> FloatArray:
        """Return the calibrated probabilities alone, without the contributions, which cost far more.

        Returns
        -------
        ndarray of shape (n,), in (0, 1)
            The same floats as in `score`.
        """
        return self._probability(self._encoder.transform(frame))

    def score_row(self, values: Mapping[str, Any]) -> Scores:
        """Score one student from values by feature name, to the same floats as `score`."""
        term = None if self.term is None else self.term._probability(self.term._encoder.encode_row(values))
        return self._scores(self._encoder.encode_row(values), term_probability=term)

    def _probability(self, matrix: FloatArray) -> FloatArray:
        return self._calibration.probability(self._log_odds(matrix))

    def _scores(self, matrix: FloatArray, *, term_probability: FloatArray | None) -> Scores:
        if len(matrix) == 0:
            none = np.empty(0)
            no_contributions = np.empty((0, len(self.features) + 1))
            return Scores(
                log_odds=none,
                probability=none,
                contributions=no_contributions,
                missing_share=none,
                term_probability=term_probability,
            )
        log_odds = self._log_odds(matrix)
        contributions = self._booster.predict(matrix, pred_contrib=True, num_threads=1)
        return Scores(
            log_odds=log_odds,
            probability=self._calibration.probability(log_odds),
            contributions=np.asarray(contributions, dtype=np.float64),
            missing_share=np.isnan(matrix).mean(axis=1),
            term_probability=term_probability,
        )

    def _log_odds(self, matrix: FloatArray) -> FloatArray:
        if len(matrix) == 0:
            return np.empty(0)
        # LightGBM ignores parameters given to a booster read from text; one thread has to be asked for each time, or
        # the process hangs in its forked children.
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)
