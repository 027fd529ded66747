"""Bring in what a file changes: the only writer of records from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from students.changes.difference import Difference
from students.changes.staging import Context, Staging
from students.import_sql import calendar, merged_facts, merged_outcomes, merged_students
from students.import_sql.fact_tables import AT_SCHOOL, FACT_TABLES, PLAIN_FACTS
from students.import_sql.statements import run
from students.records import columnar


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What was stored: rows written by kind, ended versions aside, and the schools that were made."""

    counts: dict[str, int] = field(default_factory=dict)
    made_schools: list[int] = field(default_factory=list)


def merge(
    staging: Staging,
    difference: Difference,
    context: Context,
    *,
    on_progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Merged:
    """Store a difference within the caller's transaction; where nothing differs, write nothing.

    The caller holds the institution's lock since before the comparison, so nobody stores in between.
    """
    if difference.is_empty:
        return Merged()
    made_schools = calendar.made_schools()
    # Whoever writes millions of rows has their foreign keys checked slice by slice, not all of them at the end.
    run("SET CONSTRAINTS ALL IMMEDIATE")
    counts = _Merge(staging, difference, context, on_progress).execute()
    run("SET CONSTRAINTS ALL DEFERRED")
    return Merged(counts={kind: n for kind, n in counts.items() if n}, made_schools=made_schools)


class _Merge:
    """A merge under way."""

    def __init__(
        self, staging: Staging, difference: Difference, context: Context, on_progress: Callable[[int, int, str], None]
    ) -> None:
        self.staging = staging
        self.difference = difference
        self.context = context
        self.on_progress = on_progress
        self.done = 0
        self.total = sum(counts.new + counts.changed for counts in difference.kinds.values())
        self.counts: Counter[str] = Counter()

    def execute(self) -> Counter[str]:
        """Write everything, whom it is about before what happened to them."""
        self.counts.update(calendar.merge(self.staging, self.context))
        self._note("students")
        self.counts["students"] = merged_students.add(self.context)
        self.done += self.counts["students"]
        self._facts("enrolments")
        self.counts["students"] += merged_students.change(self.context)
        for kind in PLAIN_FACTS:
            self._facts(kind)
        if self._changes("outcomes"):
            self._note("outcomes")
            self.counts["outcomes"] = merged_outcomes.add(self.context)
        self.on_progress(self.total, self.total, "")
        return self.counts

    def _facts(self, kind: str) -> None:
        counts = self.difference.kinds.get(kind)
        if counts is None or not (counts.new or counts.changed or counts.gone):
            return
        self._note(kind)
        if counts.gone and kind != "enrolments":
            merged_facts.end(kind, self.context)
        has_changes = kind in self.staging.kinds or kind == "enrolments"
        if has_changes:
            self.counts[kind] = merged_facts.change(kind, self.context, on_progress=partial(self._note, kind))
            self.done += self.counts[kind]
        if kind in AT_SCHOOL:
            days = merged_facts.days(kind, has_changes=has_changes)
            columnar.mark_stale(self.context.institution, {kind: days})

    def _changes(self, kind: str) -> bool:
        counts = self.difference.kinds.get(kind)
        return kind in FACT_TABLES and counts is not None and bool(counts.new or counts.changed)

    def _note(self, kind: str, written: int = 0) -> None:
        self.on_progress(self.done + written, self.total, kind)
