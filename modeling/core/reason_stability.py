"""Which reasons hold: how far a source must stand out to be among the first ones in refits as well.

A reason is a source among the first `MOST_TOLD` that raise a student's estimate, or among the first that lower it. It
holds in a refit if the refit, made on a resample of the students, has it among its first `MOST_TOLD` of the same
direction too. Whether it would is told from its margin: how far it is ahead of the first source that is not told, in
standard deviations of that difference over the refits (`reason_rank.ReasonRank.margins`). Only numbers are stored, so
that scoring evaluates no refit.

The margin asked for is where a reason *at* the margin holds in `holds_share` of refits, not where those above it hold
in that share on average: by the average every reason may be told as soon as the first are steady enough to make up for
the last, which holds as often as a coin falls heads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import Pipeline

from modeling.core.reason_rank import MOST_TOLD, Noise, ReasonRank, first_sources, is_first
from modeling.core.risk_model import RiskModel
from modeling.core.sources import Sources
from modeling.core.usual import sessions_of_new

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# More rows change the margin less than another draw of the refits does.
MOST_ROWS = 4000
# The refits are parted in two halves, and a spread needs two of them.
FEWEST_REFITS = 4
# In each half of the rows: a curve through fewer reasons is chance.
FEWEST_REASONS = 25
DIRECTIONS = (1.0, -1.0)
DECIMALS = 4


def stability_threshold(
    model: RiskModel,
    refits: Sequence[Pipeline],
    frame: pd.DataFrame,
    *,
    holds_share: float,
    groups: ArrayLike | None = None,
) -> dict[str, Any]:
    """Return what scoring needs to tell reasons that hold from chance, as plain JSON types.

    Parameters
    ----------
    model : RiskModel
        What was fitted to the training rows.
    refits : sequence of fitted Pipeline
        As `bootstrap_refits.bootstrap_refits` returns them: the same features, on resamples of the same rows.
    frame : DataFrame of shape (n, any)
        Rows that none of them saw.
    holds_share : float, in (0, 1)
        The share of refits a reason must hold in to be told.
    groups : array-like of shape (n,), or None
        The student of each row, so that no student is in both halves. None where each row is another student.

    Returns
    -------
    dict
        ``noise`` (float per source, log-odds) and ``noise_growth`` (float per source): see `reason_rank.Noise`;
        ``margin`` (None where no margin is enough: then no reason is told); ``n_refits``, ``n_rows``, ``n_first``.
        Measured on rows and refits that had no part in the margin: ``holds_share_before`` (of the first reasons, how
        many hold), ``holds_share_after`` (of those told; None if none is), ``kept_share`` (of the first reasons, how
        many are told), ``no_reason_share`` (of students, how many have nothing told that raises). Empty where rows,
        reasons or refits are too few to say: every reason is told then.
    """
    if len(refits) < FEWEST_REFITS or frame.empty:
        return {}
    # A fixed draw: the same rows, model and refits give the same bytes.
    shuffled = np.random.default_rng(0).permutation(len(frame))[:MOST_ROWS]
    rows = frame.iloc[shuffled]
    sources = Sources.of(model.features)
    scores = model.score(rows)
    usual = model.usual_cells(rows, scores, listed={}, sessions=sessions_of_new(rows))
    sums = sources.telling(scores.contributions[:, :-1], usual)[1]
    refitted = np.stack([sources.telling(_contributions(refit, rows), usual)[1] for refit in refits])
    students = np.arange(len(frame)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    halves = students[shuffled] % 2 == 0
    everything = _Reasons.of(sums, refitted)
    if min(np.bincount(halves[everything.rows], minlength=2)) < FEWEST_REASONS:
        return {}
    noise = _noise(sums, refitted)
    return {
        "noise": _by_name(sources, noise.spread),
        "noise_growth": _by_name(sources, noise.growth),
        "margin": _margin(everything.margins(noise), everything.held_shares, holds_share=holds_share),
        "n_refits": len(refits),
        "n_rows": len(rows),
        "n_first": MOST_TOLD,
        **_measured(sums, refitted, halves, holds_share=holds_share),
    }


@dataclass(frozen=True, kw_only=True)
class _Reasons:
    """The first sources of both directions, and the share of refits that each holds in."""

    ranks: tuple[ReasonRank, ...]
    held_shares: FloatArray

    @classmethod
    def of(cls, sums: FloatArray, refitted: FloatArray) -> Self:
        ranks = tuple(first_sources(sign * sums, n_most=MOST_TOLD) for sign in DIRECTIONS)
        held = []
        for sign, rank in zip(DIRECTIONS, ranks, strict=True):
            first = [is_first(sign * of_refit, n_most=MOST_TOLD)[rank.rows, rank.sources] for of_refit in refitted]
            held.append(np.mean(first, axis=0))
        return cls(ranks=ranks, held_shares=np.concatenate(held))

    @property
    def rows(self) -> NDArray[np.intp]:
        return np.concatenate([rank.rows for rank in self.ranks])

    @property
    def raises(self) -> BoolArray:
        """Tell which reasons raise: those of the first direction."""
        return np.arange(len(self.rows)) < len(self.ranks[0].rows)

    def margins(self, noise: Noise) -> FloatArray:
        return np.concatenate([rank.margins(noise) for rank in self.ranks])


def _contributions(refit: Pipeline, rows: pd.DataFrame) -> FloatArray:
    found: FloatArray = refit["boost"].contributions(refit["encode"].transform(rows))
    return found[:, :-1]


def _noise(sums: FloatArray, refitted: FloatArray) -> Noise:
    """Fit the variance over refits by what the source contributes, with neither part below nothing."""
    variance = refitted.var(axis=0, ddof=1)
    parts = np.array(
        [
            nnls(np.column_stack([np.ones(len(sums)), of_source**2]), varied)[0]
            for of_source, varied in zip(sums.T, variance.T, strict=True)
        ]
    )
    spread, growth = np.sqrt(parts).round(DECIMALS).T
    return Noise(spread=spread, growth=growth)


def _margin(margins: FloatArray, held_shares: FloatArray, *, holds_share: float) -> float | None:
    """Return the smallest margin at which a reason holds in `holds_share` of refits; None if there is none.

    The share rises with the margin (pool adjacent violators: Barlow et al., 1972, section 1.2).
    """
    order = np.argsort(margins, kind="stable")
    rising = IsotonicRegression().fit_transform(margins[order], held_shares[order])
    enough = np.flatnonzero(rising >= holds_share)
    if len(enough) == 0:
        return None
    return round(float(margins[order][enough[0]]), DECIMALS)


def _measured(
    sums: FloatArray, refitted: FloatArray, halves: BoolArray, *, holds_share: float
) -> dict[str, float | None]:
    """Choose a margin on half of the rows and refits, look at the other half of both; four times, each way round."""
    held, held_before, n_first, n_silent, n_students = [], [], 0, 0, 0
    for learned, looked, chosen, judged in _ways_round(refitted, halves):
        noise = _noise(sums[chosen], learned[:, chosen])
        before = _Reasons.of(sums[chosen], learned[:, chosen])
        margin = _margin(before.margins(noise), before.held_shares, holds_share=holds_share)
        reasons = _Reasons.of(sums[judged], looked[:, judged])
        told = reasons.margins(noise) >= (np.inf if margin is None else margin)
        held_before.append(reasons.held_shares)
        held.append(reasons.held_shares[told])
        n_first += len(told)
        n_students += int(judged.sum())
        n_silent += int(judged.sum()) - len(np.unique(reasons.rows[told & reasons.raises]))
    after = np.concatenate(held)
    return {
        "holds_share_before": round(float(np.concatenate(held_before).mean()), DECIMALS),
        "holds_share_after": round(float(after.mean()), DECIMALS) if len(after) else None,
        "kept_share": round(len(after) / n_first, DECIMALS),
        "no_reason_share": round(n_silent / n_students, DECIMALS),
    }


def _ways_round(
    refitted: FloatArray, halves: BoolArray
) -> Iterator[tuple[FloatArray, FloatArray, BoolArray, BoolArray]]:
    """Yield refits to learn from and to look at, and rows to choose on and to judge on."""
    even, odd = refitted[::2], refitted[1::2]
    for learned, looked in ((even, odd), (odd, even)):
        for chosen in (halves, ~halves):
            yield learned, looked, chosen, ~chosen


def _by_name(sources: Sources, numbers: FloatArray) -> dict[str, float]:
    return dict(zip(sources.names, numbers.tolist(), strict=True))
