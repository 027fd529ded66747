"""Holds the scores of a run that is being made: one part of the students after the other, in a temporary table.

The table is of the worker's own session and no part of any list. It is gone with the worker, so that one that dies
leaves nothing behind; what is published comes out of it in one statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from django.db import connection

from predictions.models import ScoringRun
from predictions.packed_scores import NOT_NEW, REASON
from students.changes import bulk_load

if TYPE_CHECKING:
    from modeling.core.reasons import Told
    from modeling.scoring import Scored

_COLUMNS = {
    "student_id": "bigint",
    "risk": "float8",
    "term_risk": "float8",
    "log_odds": "float8",
    "base_value": "float8",
    "contributions": "bytea",
    "packed_reasons": "bytea",
    "unknown": "jsonb",
    "rule_points": "float8",
    "rules_met": "smallint[]",
}
_PLACES = {
    "student_id": "bigint",
    "model_rank": "integer",
    "rule_rank": "integer",
    "rank": "integer",
    "tier": "text",
}
_SCORES, _PLACED = "scores_in_hand", "places_in_hand"
_REASON = np.dtype([("kind", "<u2"), ("sessions", "<i2"), ("contribution", "<f4"), ("value", "<f8")])


class StagedScores:
    """The scores of a run in the making; `book` is what its reasons say alike (`predictions.packed_scores`)."""

    def __init__(self) -> None:
        self.book: dict[str, Any] = {}
        self._codes: dict[str, int] = {}
        _make(_SCORES, _COLUMNS)

    def add(self, scored: Scored) -> None:
        """Hold some students' scores; those of a student who was added before may not come again."""
        import polars as pl  # not before there is a list to make

        n, contributions = len(scored.students), scored.contributions
        numbers = {
            "student_id": scored.students.to_numpy(),
            "risk": scored.probability,
            "term_risk": scored.term_probability,
            "log_odds": scored.log_odds,
            "base_value": contributions[:, -1] if scored.has_model else np.full(n, np.nan),
            "rule_points": scored.rule_points,
        }
        texts = {
            "contributions": _hex_of_rows(contributions[:, :-1].astype("<f4")),
            "packed_reasons": self._packed_reasons(scored.told, n),
            "unknown": _json_of(scored.unknown),
            "rules_met": _arrays_of(scored.rules_met),
        }
        columns = [pl.Series(name, values, nan_to_null=True) for name, values in numbers.items()]
        columns += [pl.Series(name, values, dtype=pl.String) for name, values in texts.items()]
        bulk_load.copy_in(_SCORES, pl.DataFrame(columns))

    def publish(self, run: ScoringRun, places: pd.DataFrame) -> None:
        """Add every score to the run, with its places: student_id, model_rank, rule_rank, rank and tier.

        Within the caller's transaction, which then ends as a whole or not at all.
        """
        _make(_PLACED, _PLACES)
        bulk_load.copy_in(_PLACED, places)
        held = [name for name in _COLUMNS if name != "student_id"]
        placed = [name for name in _PLACES if name != "student_id"]
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO predictions_riskscore
                    (institution_id, run_id, student_id, {", ".join(held + placed)}, insufficient_data)
                SELECT %s, %s, student_id, {", ".join(held + placed)}, rank IS NULL
                FROM {_SCORES} JOIN {_PLACED} USING (student_id)
                """,  # noqa: S608
                [run.institution_id, run.pk],
            )
        self.drop()

    def drop(self) -> None:
        """Let go of everything held."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {_SCORES}, {_PLACED}")

    def _packed_reasons(self, told: Told | None, n: int) -> list[str]:
        if told is None:
            return [r"\x"] * n
        of_codes = {told.columns[place] for place in told.codes}
        if not self.book:
            self.book = {"kinds": [dict(kind) for kind in told.kinds], "codes": []}
        packed = np.zeros(len(told.rows), dtype=_REASON)
        packed["kind"], packed["contribution"], packed["value"] = told.columns, told.contributions, told.numbers
        packed["sessions"] = np.where(np.isnan(told.sessions), NOT_NEW, told.sessions).astype("<i2")
        for place, code in told.codes.items():
            packed["value"][place] = self._codes.setdefault(code, len(self._codes))
        for column in of_codes:
            self.book["kinds"][column]["is_code"] = True
        self.book["codes"] = list(self._codes)
        ends = np.cumsum(np.bincount(told.rows, minlength=n)) * REASON.size * 2
        return _cut(packed.tobytes().hex(), ends)


def _make(table: str, columns: dict[str, str]) -> None:
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    with connection.cursor() as cursor:
        # Work that failed in this session may have left one.
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        cursor.execute(f"CREATE TEMP TABLE {table} ({described})")


def _json_of(unknown: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is not known of each student as JSON; students who share a dict share the text."""
    written: dict[int, str] = {}
    return [written.get(id(each)) or written.setdefault(id(each), json.dumps(each)) for each in unknown]


def _arrays_of(rules_met: Sequence[Sequence[int]]) -> list[str]:
    return [f"{{{','.join(map(str, met))}}}" for met in rules_met]


def _hex_of_rows(matrix: np.ndarray) -> list[str]:
    n, width = matrix.shape
    ends = np.arange(1, n + 1) * width * matrix.itemsize * 2
    return _cut(matrix.tobytes().hex(), ends)


def _cut(digits: str, ends: np.ndarray) -> list[str]:
    """Return the hexadecimal digits of all students as bytea of each, by where each one's end."""
    found, start = [], 0
    for end in ends.tolist():
        found.append(rf"\x{digits[start:end]}")
        start = end
    return found
