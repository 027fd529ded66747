"""Labels from outcomes within a horizon, or within a term, with the outcome each one came from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

POSITIVE = ("dropped_out",)
NEGATIVE = ("graduated", "continued")
CENSORED = ("transferred", "died", "unknown")
# What an outcome after the term says of the term: of the kinds of `NEGATIVE` the one that claims least.
STILL_THERE = "continued"
# Of several outcomes within the horizon the first of these decides.
PRECEDENCE = {kind: rank for rank, kind in enumerate(POSITIVE + NEGATIVE + CENSORED)}

NO_OUTCOME = "no_outcome"
WINDOW_OPEN = "window_open"
NO_TERM = "no_term"


@dataclass(frozen=True, kw_only=True)
class LabelFrame:
    """One label per student of a snapshot, and where it came from.

    Attributes
    ----------
    y : Series of float, index ``student_id``
        1.0 left within the horizon, 0.0 stayed or graduated, NaN censored.
    why : Series of str, index ``student_id``
        Why a label is censored: "transferred", "died", "unknown", "no_outcome", "window_open" where the horizon
        had not passed yet, or "no_term" where no term was running or ahead; "" where there is a label.
    outcome_id : Series of Int64, index ``student_id``
        The outcome that decided, NA where there was none.
    """

    y: pd.Series
    why: pd.Series
    outcome_id: pd.Series

    @property
    def censored(self) -> dict[str, int]:
        """Return how many labels are censored, by why."""
        counts = self.why.loc[self.y.isna()].value_counts().sort_index()
        return {str(why): int(n) for why, n in counts.items()}


def current_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes that stand: of an outcome and its corrections, the newest.

    Parameters
    ----------
    outcomes : DataFrame
        ``outcome_id``, ``corrects_id`` (NaN where it corrects none), ``student_id``, ``kind``,
        ``happened_on``, ``known_on``. Append-only: a correction is a row of its own.

    Returns
    -------
    DataFrame
        A subset of the rows. Newest means the latest ``known_on``, then the highest ``outcome_id``.
    """
    if outcomes["corrects_id"].isna().all():
        return outcomes
    corrects = outcomes.set_index("outcome_id")["corrects_id"].dropna()
    root = outcomes["corrects_id"].fillna(outcomes["outcome_id"]).astype("int64")
    # Each pass climbs one correction; a chain cannot be longer than the table.
    for _ in range(len(corrects)):
        further = root.map(corrects)
        if further.isna().all():
            break
        root = further.fillna(root).astype("int64")
    newest = outcomes.assign(root=root).sort_values(["root", "known_on", "outcome_id"])
    return newest.drop_duplicates("root", keep="last").drop(columns="root")


def labels(
    outcomes: pd.DataFrame,
    *,
    student_ids: Collection[int],
    as_of: date,
    horizon_days: int,
    known_by: date,
) -> LabelFrame:
    """Return what became of each student of a snapshot within the horizon.

    Parameters
    ----------
    outcomes : DataFrame
        Every outcome, corrections included.
    student_ids : collection of int, shape (n_students,)
        The students of the snapshot.
    as_of : date
        The day of the snapshot; only outcomes after it count.
    horizon_days : int
        Length of the window, at least 1.
    known_by : date
        The last day whose knowledge counts, usually the day of training. While the window is still open
        then, every label is censored: those who leave are known before those who stay, so labels taken
        early would hold too many positives.

    Returns
    -------
    LabelFrame
        In the order of `student_ids`. Within the window any dropped_out gives 1; else any graduated or
        continued gives 0; else the label is censored: a transfer or a death is not a dropout, and nothing
        known is not a "no".

    Raises
    ------
    ValueError
        If the horizon is shorter than a day.
    """
    if horizon_days < 1:
        raise ValueError(f"The horizon must be at least 1 day, got {horizon_days}.")
    window_end = as_of + timedelta(days=horizon_days)
    if window_end > known_by:
        return _none_known(student_ids, why=WINDOW_OPEN)
    deciding = _deciding(_known(outcomes, known_by), after=as_of, until=window_end)
    return _label_frame(deciding.reindex(_index(student_ids)), nothing=NO_OUTCOME)


def term_labels(
    outcomes: pd.DataFrame,
    *,
    student_ids: Collection[int],
    as_of: date,
    term_ends_on: date | None,
    known_by: date,
) -> LabelFrame:
    """Return who of a snapshot left before the term was over.

    Few outcomes of those who stayed fall into a term: most are recorded at the end of a year. So an outcome after the
    term counts as well: whoever left, finished or moved away later was still there when the term ended.

    Parameters
    ----------
    outcomes : DataFrame
        Every outcome, corrections included.
    student_ids : collection of int, shape (n_students,)
        The students of the snapshot.
    as_of : date
        The day of the snapshot; only outcomes after it count.
    term_ends_on : date, or None
        The last day of the term, itself included; None where the calendar knows none: then nobody has a label.
    known_by : date
        The last day whose knowledge counts. While the term still runs then, every label is censored. Give a day well
        after the term: those who left are known before those who stayed.

    Returns
    -------
    LabelFrame
        In the order of `student_ids`. A dropped_out within the term gives 1; else a graduated or continued within it
        gives 0; else a transferred, died or unknown within it censors; else any later outcome gives 0; else nothing
        is known, and the label is censored.
    """
    if term_ends_on is None:
        return _none_known(student_ids, why=NO_TERM)
    if term_ends_on > known_by:
        return _none_known(student_ids, why=WINDOW_OPEN)
    known = _known(outcomes, known_by)
    within = _deciding(known, after=as_of, until=term_ends_on)
    later = _deciding(known, after=term_ends_on, until=known_by).assign(kind=STILL_THERE)
    deciding = pd.concat([within, later.loc[~later.index.isin(within.index)]])
    return _label_frame(deciding.reindex(_index(student_ids)), nothing=NO_OUTCOME)


def _index(student_ids: Collection[int]) -> pd.Index:
    return pd.Index(list(student_ids), name="student_id", dtype="int64")


def _none_known(student_ids: Collection[int], *, why: str) -> LabelFrame:
    nothing = pd.DataFrame(index=_index(student_ids), columns=["kind", "outcome_id"])
    return _label_frame(nothing, nothing=why)


def _known(outcomes: pd.DataFrame, known_by: date) -> pd.DataFrame:
    known = current_outcomes(outcomes.loc[outcomes["known_on"] <= pd.Timestamp(known_by)])
    unheard_of = sorted(set(known["kind"]) - set(PRECEDENCE))
    if unheard_of:
        raise ValueError(f"Unknown kinds of outcome: {', '.join(unheard_of)}. Known are {', '.join(PRECEDENCE)}.")
    return known


def _deciding(known: pd.DataFrame, *, after: date, until: date) -> pd.DataFrame:
    """Return ``kind`` and ``outcome_id`` of each student's outcome that decides within (after, until]."""
    within = known.loc[(known["happened_on"] > pd.Timestamp(after)) & (known["happened_on"] <= pd.Timestamp(until))]
    ranked = within.assign(rank=within["kind"].map(PRECEDENCE))
    decisive = ranked.sort_values(["rank", "happened_on", "outcome_id"]).drop_duplicates("student_id")
    return decisive.set_index("student_id")[["kind", "outcome_id"]]


def _label_frame(deciding: pd.DataFrame, *, nothing: str) -> LabelFrame:
    kind = deciding["kind"]
    y = np.select([kind.isin(POSITIVE), kind.isin(NEGATIVE)], [1.0, 0.0], default=np.nan)
    why = kind.astype(object).where(kind.notna(), nothing).where(np.isnan(y), "")
    return LabelFrame(
        y=pd.Series(y, index=deciding.index, name="y"),
        why=why.rename("why"),
        outcome_id=deciding["outcome_id"].astype("Int64"),
    )
