"""How sure a measure is: 95 % intervals from resamples of the students, the same resamples for every contender."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.core import curves, evaluation

FloatArray = NDArray[np.float64]

# Of a large district fewer resamples do: its intervals are narrow, and 500 weights for each of a million students
# would take half a gigabyte.
MOST_WEIGHTS = 50_000_000
FEWEST_BOOTSTRAPS = 100
# As many weights are unfolded to rows at once.
CHUNK = 2_000_000
# Where a measure exists on fewer of the resamples there is no telling how far it may lie off.
MEASURABLE_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """How often each student was drawn in each resample.

    Attributes
    ----------
    counts : ndarray of uint8, shape (n_bootstraps, n_students)
    student_of_row : ndarray of int, shape (n_rows,)
        Column of `counts`; a student is drawn with all rows.
    """

    counts: NDArray[np.uint8]
    student_of_row: NDArray[np.intp]

    def by_student(self, values: FloatArray) -> FloatArray:
        """Return the sums over each student's rows.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of shape (n_students, n_columns)
        """
        n_students = self.counts.shape[1]
        columns = [np.bincount(self.student_of_row, weights=column, minlength=n_students) for column in values.T]
        return np.column_stack(columns)

    def sums(self, of_students: FloatArray, members: NDArray[np.intp] | None = None) -> FloatArray:
        """Return the sums over each resample, of all students or of some.

        Parameters
        ----------
        of_students : ndarray of shape (n_students, n_columns)
        members : ndarray of int, or None
            Columns of `counts`.

        Returns
        -------
        ndarray of shape (n_bootstraps, n_columns)
        """
        drawn = self.counts if members is None else self.counts[:, members]
        summed = of_students if members is None else of_students[members]
        step = max(1, CHUNK // max(1, drawn.shape[1]))
        parts = [drawn[at : at + step].astype(np.float64) @ summed for at in range(0, len(drawn), step)]
        return np.concatenate(parts)

    def weights(self, order: NDArray[np.intp]) -> Iterator[FloatArray]:
        """Yield how often each row was drawn, in an order of the rows, some resamples at a time."""
        students = self.student_of_row[order]
        step = max(1, CHUNK // max(1, len(students)))
        for at in range(0, len(self.counts), step):
            yield self.counts[at : at + step][:, students].astype(np.float64)


def resamples(student_ids: ArrayLike, *, n_bootstraps: int, seed: int) -> Resamples:
    """Return resamples of the students with replacement (Efron and Tibshirani, 1993, chapter 13).

    Students and not rows are drawn: the rows of one student are alike, and as rows they would feign certainty.

    Parameters
    ----------
    student_ids : array-like of shape (n_rows,)
    n_bootstraps : int
        Fewer are drawn where there are more than 100,000 students.
    seed : int
    """
    students, student_of_row = np.unique(np.asarray(student_ids), return_inverse=True)
    n_students = len(students)
    n_drawn = min(n_bootstraps, max(FEWEST_BOOTSTRAPS, MOST_WEIGHTS // n_students))
    random = np.random.default_rng(seed)
    counts = np.empty((n_drawn, n_students), dtype=np.uint8)
    for number in range(n_drawn):
        counts[number] = np.bincount(random.integers(n_students, size=n_students), minlength=n_students)
    return Resamples(counts=counts, student_of_row=student_of_row)


def replicates(
    drawn: Resamples, y: FloatArray, p: FloatArray, *, threshold: float, capacity: int
) -> dict[str, FloatArray]:
    """Return the measures of `evaluation.metrics` on every resample.

    Parameters
    ----------
    drawn : Resamples
    y : ndarray of shape (n_rows,), 0 or 1
    p : ndarray of shape (n_rows,), in [0, 1]
    threshold : float
    capacity : int
        Taken as a share of the rows, since resamples differ in length.

    Returns
    -------
    dict of str to ndarray of shape (n_bootstraps,)
        NaN where a resample holds one outcome only.
    """
    order = np.argsort(-p, kind="stable")
    risks = p[order]
    ends = np.append(np.flatnonzero(risks[:-1] > risks[1:]), len(risks) - 1)
    n_flagged = int((risks[ends] >= threshold).sum())
    shares = {f"{share:.0%}"[:-1]: share for share in evaluation.SHARES} | {"capacity": capacity / len(y)}
    parts: list[dict[str, FloatArray]] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for weights in drawn.weights(order):
            seen, found = _up_to(weights, ends), _up_to(weights * y[order], ends)
            part = _of_the_ranking(seen, found) | _at_threshold(seen[:, n_flagged], found[:, n_flagged], found[:, -1])
            for name, share in shares.items():
                part |= _at_share(seen, found, share=share, name=name)
            parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} | _of_the_risks(drawn, y, p)


def interval(values: FloatArray, *, level: float = 0.95) -> list[float] | None:
    """Return the percentile interval of a measure's resamples; None where too few of them have it."""
    known = values[np.isfinite(values)]
    if len(known) < max(1.0, MEASURABLE_SHARE * len(values)):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return [round(float(low), 4), round(float(high), 4)]


def interval_of_share(value: float, values: FloatArray, *, n: float) -> list[float] | None:
    """Return the interval of a share among n; where all or none of them count, resamples say nothing and Wilson does.

    Parameters
    ----------
    value : float
        The share itself.
    values : ndarray of shape (n_bootstraps,)
        The share on each resample.
    n : float
        How many stand behind it.
    """
    found = interval(values)
    if value in (0.0, 1.0) and found is not None and found[0] == found[1] and n >= 1:
        return list(curves.wilson(value, n))
    return found


def _up_to(weights: FloatArray, ends: NDArray[np.intp]) -> FloatArray:
    """Return the sums down to the end of each run of equal risks, 0 first: inside a run there is no order."""
    sums = np.cumsum(weights, axis=1)[:, ends]
    return np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)


def _of_the_ranking(seen: FloatArray, found: FloatArray) -> dict[str, FloatArray]:
    n_positive, false_alarms = found[:, -1], seen - found
    area = (np.diff(false_alarms, axis=1) * (found[:, 1:] + found[:, :-1]) / 2).sum(axis=1)
    # Where nobody was seen yet nothing is found either: a precision of 0 there adds nothing.
    precision = np.divide(found[:, 1:], seen[:, 1:], out=np.zeros_like(seen[:, 1:]), where=seen[:, 1:] > 0)
    return {
        "roc_auc": area / (n_positive * false_alarms[:, -1]),
        "average_precision": (np.diff(found, axis=1) * precision).sum(axis=1) / n_positive,
    }


def _at_threshold(flagged: FloatArray, hits: FloatArray, n_positive: FloatArray) -> dict[str, FloatArray]:
    return {
        "precision": np.where(flagged > 0, hits / flagged, 0.0),
        "recall": hits / n_positive,
        "f1": 2 * hits / (flagged + n_positive),
    }


def _at_share(seen: FloatArray, found: FloatArray, *, share: float, name: str) -> dict[str, FloatArray]:
    """Return precision and recall down to a share of the list; rows that tie across the line count by their share."""
    line = np.maximum(1.0, np.round(share * seen[:, -1]))
    rows = np.arange(len(seen))
    at = np.minimum((seen < line[:, None]).sum(axis=1), seen.shape[1] - 1)
    before = seen[rows, at - 1], found[rows, at - 1]
    part = (line - before[0]) / (seen[rows, at] - before[0])
    hits = before[1] + part * (found[rows, at] - before[1])
    return {f"precision_at_{name}": hits / line, f"recall_at_{name}": hits / found[:, -1]}


def _of_the_risks(drawn: Resamples, y: FloatArray, p: FloatArray) -> dict[str, FloatArray]:
    bins = evaluation.calibration_bin_of(p)
    in_bin = bins[:, None] == np.arange(evaluation.N_CALIBRATION_BINS)
    columns = np.column_stack([np.ones(len(y)), (p - y) ** 2, in_bin * (p - y)[:, None]])
    sums = drawn.sums(drawn.by_student(columns))
    return {"brier": sums[:, 1] / sums[:, 0], "ece": np.abs(sums[:, 2:]).sum(axis=1) / sums[:, 0]}
