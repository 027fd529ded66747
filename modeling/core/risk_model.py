"""The model that scores: LightGBM's text and a JSON specification, read back without running anything stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.core import booster as trees
from modeling.core import catalogue
from modeling.core.calibration import Calibration
from modeling.core.encoding import FrameEncoder
from modeling.core.feature import Feature
from modeling.core.recorded_together import Parts
from modeling.core.tree_contributions import TreeContributions
from modeling.core.unknowns import Read, Unknowns
from modeling.core.usual import Usual

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

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
        TreeSHAP, in log-odds, features in the specification's order, the base last; a row adds up to its log-odds.
        Exact where everything is known; else the mean over likely values, 0 for what is not known, and a base of the
        row's own (`modeling.core.unknowns`).
    missing : ndarray of bool, shape (n, n_features)
        Where there is no value.
    unfamiliar : ndarray of bool, shape (n, n_features)
        Where a category was never seen in training, or in too few rows to learn from.
    parts : Parts
        Which features are recorded together.
    matrix : ndarray of shape (n, n_features), or None
        The students as the trees read them; None where it has to be read anew.
    term_probability : ndarray of shape (n,), in (0, 1), or None
        Calibrated risk of leaving before the term ends; None where the version has no model of the term.
    """

    log_odds: FloatArray
    probability: FloatArray
    contributions: FloatArray
    missing: BoolArray
    unfamiliar: BoolArray
    parts: Parts
    matrix: FloatArray | None = None
    term_probability: FloatArray | None = None

    @property
    def missing_share(self) -> FloatArray:
        """Return the share of what is recorded of a student of which nothing is there, shape (n,), in [0, 1].

        Counted by parts (`modeling.core.recorded_together`); an unfamiliar category counts as nothing.
        """
        return self.parts.missing_share(self.missing | self.unfamiliar)


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
        unknowns: Unknowns,
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
        self._unknowns = unknowns
        self._calibration = calibration
        self._usual: Usual | None = None
        self._tree_contributions: TreeContributions | None = None
        self._parts = Parts.of(self.features, specification.get("recorded_together", {}))

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
            features = [catalogue.from_json(fields) for fields in specification["features"]]
            encoder = FrameEncoder.from_json(features, specification["categories"])
            unknowns = _unknowns(specification, features)
            calibration = Calibration.from_json(specification["calibration"])
            threshold = float(specification["threshold"])
            booster = lightgbm.Booster(model_str=text)
            term = cls._of_term(specification.get("term", {}), specification)
        except (KeyError, TypeError, ValueError, AttributeError, lightgbm.basic.LightGBMError) as error:
            raise UnreadableModel(f"The model cannot be read: {error}") from error
        if booster.feature_name() != encoder.names:
            raise UnreadableModel("The booster's columns are not the specification's features in their order.")
        if booster.num_trees() == 0 or not 0 <= threshold <= 1:
            raise UnreadableModel("The model has no trees, or a threshold outside 0 to 1.")
        return cls(
            booster,
            encoder=encoder,
            unknowns=unknowns,
            calibration=calibration,
            specification=specification,
            term=term,
        )

    @classmethod
    def _of_term(cls, stored: Mapping[str, Any], specification: Mapping[str, Any]) -> RiskModel | None:
        """Read the model of the term; a stored sentence says why there is none."""
        if not stored or "absent" in stored:
            return None
        # It keeps no reference of its own; in older versions that of the whole model tells which gaps were learned.
        with_reference = {"reference": specification.get("reference", {}), **stored["specification"]}
        return cls.from_text(stored["booster_text"], with_reference)

    @property
    def booster(self) -> lightgbm.Booster:
        """Return the trees, for what explains them."""
        return self._booster

    @property
    def tree_contributions(self) -> TreeContributions:
        """Return what the trees' contributions come from; made at the first call, for the model of the term never."""
        if self._tree_contributions is None:
            self._tree_contributions = TreeContributions(self._booster)
        return self._tree_contributions

    def matrix(self, frame: pd.DataFrame) -> FloatArray:
        """Return a frame as the trees read it.

        Returns
        -------
        ndarray of shape (n, n_features), NaN where not known and where a number's gap was learned
        """
        return self._unknowns.read(self._encoder.transform(frame)).matrix

    def usual_cells(
        self, frame: pd.DataFrame, scores: Scores, *, listed: Mapping[str, Any], sessions: FloatArray
    ) -> BoolArray:
        """Return which values of a frame that was scored are the usual ones (`modeling.core.usual.Usual.cells`).

        Returns
        -------
        ndarray of bool, shape (n, n_features)
        """
        # The model of the term has no reference, and no reasons are told of it.
        if self._usual is None:
            self._usual = Usual(self._encoder, self.specification["reference"])
        matrix = self._encoder.transform(frame) if scores.matrix is None else scores.matrix
        gaps = np.isnan(matrix) if scores.matrix is None else scores.missing
        return self._usual.cells(matrix, gaps, listed=listed, sessions=sessions)

    def score(self, frame: pd.DataFrame) -> Scores:
        """Score many students.

        Parameters
        ----------
        frame : DataFrame of shape (n, any)
            One row a student; a feature it lacks is missing.
        """
        term = None if self.term is None else self.term.probabilities(frame)
        return self._scores(self._unknowns.read(self._encoder.transform(frame)), term_probability=term)

    def probabilities(self, frame: pd.DataFrame) -> FloatArray:
        """Return the calibrated probabilities alone, without the contributions, which cost far more.

        Returns
        -------
        ndarray of shape (n,), in (0, 1)
            The same floats as in `score`.
        """
        return self._probability(self._unknowns.read(self._encoder.transform(frame)))

    def score_row(self, values: Mapping[str, Any]) -> Scores:
        """Score one student from values by feature name, to the same floats as `score`."""
        term = None if self.term is None else self.term._probability(self.term._read_row(values))
        return self._scores(self._read_row(values), term_probability=term)

    def _read_row(self, values: Mapping[str, Any]) -> Read:
        return self._unknowns.read(self._encoder.encode_row(values))

    def _probability(self, read: Read) -> FloatArray:
        return self._calibration.probability(self._log_odds(read))

    def _scores(self, read: Read, *, term_probability: FloatArray | None) -> Scores:
        log_odds = self._log_odds(read)
        if len(log_odds) == 0:
            contributions = np.empty((0, len(self.features) + 1))
        else:
            contributions = trees.contributions(self.tree_contributions, read, log_odds)
        return Scores(
            log_odds=log_odds,
            probability=self._calibration.probability(log_odds),
            contributions=contributions,
            missing=read.gaps,
            unfamiliar=read.strange,
            parts=self._parts,
            matrix=read.matrix,
            term_probability=term_probability,
        )

    def _log_odds(self, read: Read) -> FloatArray:
        return trees.log_odds(self._booster, read) if len(read.matrix) else np.empty(0)


def _unknowns(specification: Mapping[str, Any], features: list[Feature]) -> Unknowns:
    """Return what a version knows of gaps; one made before that was stored has its reference."""
    if "unknowns" in specification:
        return Unknowns.from_json(specification["unknowns"], features)
    return Unknowns.of_reference(specification.get("reference", {}), features, specification["categories"])
