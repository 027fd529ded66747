"""A value that is not known is not a zero: what stands in for it, in training and in scoring.

LightGBM reads a gap in a column that had none in training as 0, and a category it never saw as the rarest ones. Neither
was learned from anybody. Here a cell counts as *not known* where its column had too few gaps in training to learn from,
or its category was never seen or in too few rows. In training such cells hold values drawn from the others of their
column, whoever left. In scoring the answer is the mean over `N_POINTS` such values: those of students alike in the
feature that tells most of it, where one does, else of all (after Štrumbelj and Kononenko, 2014, who average over all).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modeling.core import likely_values
from modeling.core.encoding import UNSEEN
from modeling.core.feature import Feature
from modeling.core.likely_values import N_EXPLAINED, N_POINTS, Given

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Gaps that a direction can be learned from. Fewer, and one family that left decides for all whose form is blank; with
# ten of each outcome a share is known to about a sixth.
FEWEST_GAPS = 50
FEWEST_GAPS_OF_EACH_OUTCOME = 10
# Copies filled in at a time: of 40 columns less than a megabyte.
_COPIES_AT_A_TIME = 2000

Predict = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Read:
    """Rows as the trees read them.

    Attributes
    ----------
    matrix : ndarray of shape (n, n_features)
        NaN where not known, and where a number's gap is one that was learned.
    unknown : ndarray of bool, shape (n, n_features)
        What is averaged over.
    others : ndarray of int
        Rows in which something is not known.
    gaps : ndarray of bool, shape (n, n_features)
        Where there is no value, learned or not.
    strange : ndarray of bool, shape (n, n_features)
        Where a category was never seen, or in too few rows to learn from.
    learned : Unknowns
        What they were read by.
    """

    matrix: FloatArray
    unknown: BoolArray
    others: NDArray[np.intp]
    gaps: BoolArray
    strange: BoolArray
    learned: Unknowns

    def log_odds(self, predict: Predict) -> FloatArray:
        """Return the log-odds of the rows: those of the mean probability where something is not known.

        Parameters
        ----------
        predict : callable
            Log-odds of shape (n,) of a matrix without unknown cells.
        """
        found = self._of_the_known(predict, width=())
        for some, copies in self._copies(N_POINTS):
            log_odds = predict(copies).reshape(len(some), -1)
            # Of both outcomes apart: a probability that rounds to 1 has no log-odds.
            found[some] = np.log(expit(log_odds).mean(axis=1)) - np.log(expit(-log_odds).mean(axis=1))
        return found

    def contributions(self, predict: Predict, log_odds: FloatArray) -> FloatArray:
        """Return the contributions of the rows, exactly 0 for what is not known.

        What averaging moved stands in the base, of which no reason is told: it is where a student begins of whom so
        much is not known.

        Parameters
        ----------
        predict : callable
            Contributions of shape (n, n_features + 1), the base last, of a matrix without unknown cells.
        log_odds : ndarray of shape (n,)
            As `log_odds` returns them: a row adds up to its own.
        """
        found = self._of_the_known(predict, width=(self.matrix.shape[1] + 1,))
        for some, copies in self._copies(N_EXPLAINED):
            mean = predict(copies).reshape(len(some), N_EXPLAINED, -1).mean(axis=1)
            mean[:, :-1][self.unknown[some]] = 0.0
            mean[:, -1] = log_odds[some] - mean[:, :-1].sum(axis=1)
            found[some] = mean
        return found

    def _of_the_known(self, predict: Predict, *, width: tuple[int, ...]) -> FloatArray:
        """Return the answers for rows with nothing unknown; those of the others are still empty."""
        if not len(self.others):
            return predict(self.matrix)
        found = np.empty((len(self.matrix), *width))
        known = np.ones(len(self.matrix), dtype=np.bool_)
        known[self.others] = False
        if known.any():
            found[known] = predict(self.matrix[known])
        return found

    def _copies(self, n_points: int) -> Iterator[tuple[NDArray[np.intp], FloatArray]]:
        """Yield some rows at a time and their copies, each with another likely value where one is not known."""
        n_rows = _COPIES_AT_A_TIME // n_points
        for start in range(0, len(self.others), n_rows):
            some = self.others[start : start + n_rows]
            unknown, matrix = self.unknown[some], self.matrix[some]
            copies = np.where(unknown[:, None, :], self.learned.points[:n_points], matrix[:, None, :])
            for column, given in self.learned.given.items():
                rows = np.flatnonzero(unknown[:, column])
                if len(rows):
                    values = given.of_rows(matrix[rows, given.by], self.learned.points[:, column])
                    copies[rows, :, column] = values[:, :n_points]
            yield some, copies.reshape(-1, self.matrix.shape[1])


@dataclass(frozen=True)
class Unknowns:
    """What was learned of the gaps of each column, and what stands in for those that taught nothing.

    Attributes
    ----------
    points : ndarray of shape (n_points, n_features)
        Equally likely values of each column in training, each column in an order of its own; NaN throughout where
        nothing can stand in, so that the trees read the gap as they do.
    learned : ndarray of bool, shape (n_features,)
        Whether a gap of the column tells something: there were enough in training.
    blanks : ndarray of shape (n_features,)
        The number under which a learned gap of a category is read; NaN elsewhere: a number's gap stays NaN.
    categories : sequence of int
        Columns that hold category numbers.
    given : mapping of column to Given
        Likely values where another column tells something of it.
    """

    points: FloatArray
    learned: BoolArray
    blanks: FloatArray
    categories: Sequence[int] = ()
    given: Mapping[int, Given] = field(default_factory=dict)
    _is_told: BoolArray = field(init=False, repr=False)
    _tells: bool = field(init=False, repr=False)
    _not_learned: BoolArray = field(init=False, repr=False)
    _is_category: BoolArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep what every row asks for: one prediction has a bound."""
        object.__setattr__(self, "_is_told", ~np.isnan(self.blanks))
        object.__setattr__(self, "_tells", bool(self._is_told.any()))
        object.__setattr__(self, "_not_learned", ~self.learned)
        object.__setattr__(self, "_is_category", np.isin(np.arange(len(self.learned)), list(self.categories)))

    @classmethod
    def of(cls, X: FloatArray, y: FloatArray, *, categories: Sequence[int] = ()) -> Self:
        """Learn from training rows which gaps tell something, and what is likely where one does not.

        Parameters
        ----------
        X : ndarray of shape (n, n_features), NaN where missing, `UNSEEN` where a category is in too few rows
        y : ndarray of shape (n,), 0 or 1
        categories : sequence of int
            Columns that hold category numbers.
        """
        gaps = np.isnan(X)
        n_gaps, n_left = gaps.sum(axis=0), gaps[y == 1].sum(axis=0)
        fewest = np.minimum(n_left, n_gaps - n_left)
        learned = (n_gaps >= FEWEST_GAPS) & (fewest >= FEWEST_GAPS_OF_EACH_OUTCOME)
        blanks = np.full(X.shape[1], np.nan)
        points = np.empty((N_POINTS, X.shape[1]))
        for column in range(X.shape[1]):
            values = X[np.isfinite(X[:, column]), column]
            if column in categories:
                values = values[values != UNSEEN]
                blanks[column] = values.max(initial=UNSEEN) + 1 if learned[column] else np.nan
            points[:, column] = likely_values.likely(values, column=column)
        numbers = [column for column in range(X.shape[1]) if column not in categories]
        given = likely_values.given_others(X, points, numbers=numbers)
        return cls(points=points, learned=learned, blanks=blanks, categories=list(categories), given=given)

    def read(self, X: FloatArray) -> Read:
        """Return a matrix as the trees read it, and which of its cells are not known.

        Parameters
        ----------
        X : ndarray of shape (n, n_features), NaN where missing, `UNSEEN` where a category is
        """
        gaps = np.isnan(X)
        strange = (X == UNSEEN) & self._is_category
        unknown = (gaps & self._not_learned) | strange
        others = np.flatnonzero(unknown.any(axis=1))
        told = gaps & self._is_told if self._tells else None
        if told is not None and told.any():
            X = np.where(told, self.blanks, X)
        if len(others):
            X = np.where(strange, np.nan, X)
        return Read(matrix=X, unknown=unknown, others=others, gaps=gaps, strange=strange, learned=self)

    def filled(self, X: FloatArray) -> FloatArray:
        """Return training rows in which what is not known holds the likely values of its column in turn."""
        read = self.read(X)
        matrix = read.matrix.copy()
        for column in np.flatnonzero(read.unknown.any(axis=0)).tolist():
            rows = np.flatnonzero(read.unknown[:, column])
            turn = np.arange(len(rows)) % N_POINTS
            matrix[rows, column] = self.points[turn, column]
            if column in self.given:
                given = self.given[column]
                values = given.of_rows(read.matrix[rows, given.by], self.points[:, column])
                matrix[rows, column] = values[np.arange(len(rows)), turn]
        return matrix

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what was learned as plain JSON types, by the names of the columns."""
        return {
            "learned_missing": [name for name, learned in zip(names, self.learned, strict=True) if learned],
            "missing_category": {
                name: int(number) for name, number in zip(names, self.blanks, strict=True) if not np.isnan(number)
            },
            "points": {name: self.points[:, column].tolist() for column, name in enumerate(names)},
            "given": {names[column]: given.as_json(names) for column, given in self.given.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], features: Sequence[Feature]) -> Self:
        """Read back what `as_json` wrote.

        :raises KeyError, ValueError, TypeError, AttributeError: if it does not belong to the features
        """
        names = [feature.name for feature in features]
        points = np.array([stored["points"][name] for name in names], dtype=np.float64).T
        if points.shape != (N_POINTS, len(names)) or not np.isfinite(points).all():
            raise ValueError("what stands in for unknown values is incomplete")
        return cls(
            points=points,
            learned=np.isin(names, list(stored["learned_missing"])),
            blanks=np.array([stored["missing_category"].get(name, np.nan) for name in names], dtype=np.float64),
            categories=_category_columns(features),
            given={names.index(name): Given.from_json(part, names) for name, part in stored.get("given", {}).items()},
        )

    @classmethod
    def of_reference(
        cls,
        reference: Mapping[str, Mapping[str, Any]],
        features: Sequence[Feature],
        codes: Mapping[str, Sequence[str]],
    ) -> Self:
        """Derive it for a version made before it was stored, from the shares in its reference.

        Of a feature that the reference lacks a gap is read as it was then.
        """
        known = [reference.get(feature.name) for feature in features]
        gaps = [np.inf if seen is None else seen["missing_share"] * seen["n"] for seen in known]
        points = np.full((N_POINTS, len(features)), np.nan)
        for column, (feature, seen) in enumerate(zip(features, known, strict=True)):
            if seen is not None:
                points[:, column] = _likely_of_bins(seen, codes.get(feature.name, ()), column=column)
        return cls(
            points=points,
            learned=np.array(gaps) >= FEWEST_GAPS,
            blanks=np.full(len(features), np.nan),
            categories=_category_columns(features),
        )


def _category_columns(features: Sequence[Feature]) -> list[int]:
    return [column for column, feature in enumerate(features) if feature.kind == "category"]


def _likely_of_bins(seen: Mapping[str, Any], codes: Sequence[str], *, column: int) -> FloatArray:
    """Return likely values from stored bins: the upper edge of each, which of few distinct values is the value."""
    if seen["kind"] == "category":
        values = np.arange(len(codes), dtype=np.float64)
        shares = np.array([seen["shares"].get(code, 0.0) for code in codes])
    else:
        edges = seen["edges"]
        values = np.array([*edges, *edges[-1:]], dtype=np.float64)
        shares = np.array(seen["shares"][: len(values)])
    if not shares.sum():
        return np.zeros(N_POINTS)
    places = (np.arange(N_POINTS) + 0.5) / N_POINTS
    found = np.searchsorted(np.cumsum(shares) / shares.sum(), places)
    return likely_values.shuffled(values[np.minimum(found, len(values) - 1)], column=column)
