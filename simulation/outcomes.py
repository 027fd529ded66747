"""Outcomes, the labels: one for each exit and each year survived, recorded later, and a few of them corrected."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulation.arrays import Column
from simulation.exits import DROPOUT, KIND_OF_REASON, NO_SHOW, OTHER, TRANSFERRED
from simulation.ledger import Ledger

# What a first reason turns out to have been, and how often: a transcript request from another school makes a dropout
# a transfer, a student whom nobody could find is found.
CORRECTIONS: Final = (
    (DROPOUT, TRANSFERRED, 0.04),
    (TRANSFERRED, DROPOUT, 0.02),
    (NO_SHOW, TRANSFERRED, 0.30),
    (NO_SHOW, DROPOUT, 0.30),
    (OTHER, DROPOUT, 0.15),
)


def write_outcomes(*, student: Column, reason: Column, happened_on: Column, known_on: Column, ledger: Ledger) -> None:
    """Write outcomes into the ledger, as first recorded."""
    ledger.add(
        "outcomes",
        student=student.astype(np.int32),
        reason=reason.astype(np.int8),
        happened_on=happened_on.astype(np.int32),
        known_on=known_on.astype(np.int32),
    )


def with_corrections(columns: dict[str, Column], *, first_id: int, rng: np.random.Generator) -> dict[str, Column]:
    """Return all outcomes of an area, with the corrections that followed, in the order in which they became known.

    Parameters
    ----------
    columns : dict of arrays of shape (n,)
        ``student``, ``reason``, ``happened_on``, ``known_on``.
    first_id : int
        The id of the first outcome; ids rise with `known_on`, so a correction's is above that of what it corrects.
    rng : Generator

    Returns
    -------
    dict of arrays of shape (n + n_corrections,)
        Also ``outcome_id``, ``corrects_id`` (-1 for none) and ``kind``.
    """
    n = len(columns["student"])
    u = rng.random(n)
    revised = np.full(n, -1, np.int8)
    below = np.zeros(n)
    for first, later, share in CORRECTIONS:
        hit = (columns["reason"] == first) & (u >= below) & (u < below + share)
        revised[hit] = later
        below[columns["reason"] == first] += share
    corrected = np.flatnonzero(revised >= 0)
    delay = 15 + np.minimum(rng.exponential(45.0, corrected.size), 240.0).astype(np.int32)
    every = {name: np.concatenate([column, column[corrected]]) for name, column in columns.items()}
    every["reason"][n:] = revised[corrected]
    every["known_on"][n:] += delay
    order = np.argsort(every["known_on"], kind="stable")
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    corrects = np.concatenate([np.full(n, -1, np.int64), first_id + position[corrected]])
    every = {name: column[order] for name, column in every.items()}
    every["outcome_id"] = first_id + np.arange(len(order), dtype=np.int64)
    every["corrects_id"] = corrects[order]
    every["kind"] = KIND_OF_REASON[every["reason"]]
    return every
