"""What a file would change, kind by kind: new, changed, gone and unchanged rows, with a few examples of each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from students.changes.staging import Context, Staging, table_of
from students.import_sql import (
    calendar,
    changed_attributes,
    changed_enrolments,
    changed_facts,
    changed_outcomes,
    changed_students,
    examples,
    gone_facts,
)
from students.import_sql.fact_tables import PLAIN_FACTS
from students.import_sql.statements import fetch, name


@dataclass(kw_only=True)
class KindCounts:
    """The rows of one kind in a file, and what they are to the stored ones. Gone rows are not in the file."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    bad: int = 0


@dataclass(kw_only=True)
class Difference:
    """What a file changes.

    `gone_share` is the largest share that one kind loses of the stored records a complete file speaks of; `bad_share`
    that of the rows that are left out. `joins_cohort` counts stored students whom the file puts into its cohort, which
    only the merge knows. `outcomes_by_kind` counts the outcomes to come by kind and code: what a code counts as may
    change between a look and the merge. `notes` are sentences for the admin.
    """

    kinds: dict[str, KindCounts] = field(default_factory=dict)
    moved_school: int = 0
    joins_cohort: int = 0
    outcomes_by_kind: list[tuple[str, str, int]] = field(default_factory=list)
    gone_share: float = 0.0
    bad_share: float = 0.0
    examples: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether the file changes nothing."""
        changes = any(counts.new or counts.changed or counts.gone for counts in self.kinds.values())
        return not (changes or self.moved_school or self.joins_cohort)

    @property
    def digest(self) -> str:
        """Return a hash of the counts: two passes over the same file and records have the same."""
        counted = {kind: asdict(counts) for kind, counts in self.kinds.items()}
        by_kind = [self.outcomes_by_kind] if self.outcomes_by_kind else []
        text = json.dumps([counted, self.moved_school, *by_kind], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return what an upload keeps of it."""
        return {
            "kinds": {kind: asdict(counts) for kind, counts in self.kinds.items()},
            "moved_school": self.moved_school,
            "gone_share": self.gone_share,
            "bad_share": self.bad_share,
            "digest": self.digest,
            "examples": self.examples,
        }


def compare(staging: Staging, context: Context) -> Difference:
    """Compare the staged rows, after database_checks.check, with what is stored; leaves a table of changes per kind."""
    comparison = _Comparison(staging, context)
    comparison.calendar()
    comparison.people()
    for kind in PLAIN_FACTS:
        if kind in staging.kinds or context.removed.get(kind):
            comparison.facts(kind)
    if "outcomes" in staging.kinds:
        new, changed = changed_outcomes.compare(context)
        comparison.count("outcomes", new=new, changed=changed)
        comparison.difference.outcomes_by_kind = changed_outcomes.by_kind()
    return comparison.finished()


class _Comparison:
    """A difference while it is found out."""

    def __init__(self, staging: Staging, context: Context) -> None:
        self.staging = staging
        self.context = context
        self.difference = Difference()
        self.left: dict[str, int] = {}
        self.shares: list[float] = []

    def calendar(self) -> None:
        """Compare schools, terms and school days."""
        for kind, (new, changed) in calendar.compare(self.staging, self.context).items():
            self.count(kind, new=new, changed=changed)

    def people(self) -> None:
        """Compare enrolments, and the students whose place follows from them."""
        enrolments = changed_enrolments.compare(self.context)
        gone = enrolments.students_gone
        if "enrolments" in self.staging.kinds or enrolments.gone or enrolments.changed:
            self.count(
                "enrolments",
                new=enrolments.new,
                changed=enrolments.changed,
                gone=enrolments.gone,
                not_told=enrolments.moved_on,
            )
        found = changed_students.compare(self.staging, self.context)
        if "students" in self.staging.kinds or gone:
            self.count("students", new=found.new, changed=found.changed, gone=gone)
        if gone:
            self.shares += [_gone_share(self.difference.kinds[kind]) for kind in ("enrolments", "students")]
        self.difference.moved_school, self.difference.joins_cohort = found.moved, found.joining
        if found.in_other_cohort:
            self.difference.notes.append(
                f"{found.in_other_cohort:,} students belong to another cohort already. They stay in it."
            )

    def facts(self, kind: str) -> None:
        """Compare a kind of fact."""
        told = changed_facts.StagedFacts(kind, self.context) if kind in self.staging.kinds else None
        total = changed = 0
        if told:
            self.left[kind] = told.n_left
            by_name = kind in ("attributes", "protected")
            total = changed_attributes.compare(kind, self.context) if by_name else changed_facts.compare(told)
            changed = _n_changed(kind) if total else 0
        missing, named = gone_facts.compare(told, self.staging, self.context, kind)
        self.count(kind, new=total - changed, changed=changed, gone=missing + named)
        if told and missing:
            self.shares.append(missing / (missing + told.n_counted - (total - changed)))

    def count(self, kind: str, *, new: int, changed: int, gone: int = 0, not_told: int = 0) -> None:
        """Note what was found of a kind; what is in the file and neither new nor changed is unchanged.

        `not_told` of those changed are not in the file; something else in it changes them.
        """
        rows = self.staging.n_rows.get(kind, 0) - self.staging.n_combined[kind]
        left = self._left(kind) + self.staging.n_repeated[kind] if kind in self.staging.kinds else 0
        self.difference.kinds[kind] = KindCounts(
            rows=rows,
            new=new,
            changed=changed,
            gone=gone,
            # Schools that only an enrolment names are new and stand in no list of schools.
            unchanged=max(left - new - changed + not_told, 0),
            bad=rows - left,
        )

    def finished(self) -> Difference:
        """Return the difference with its shares and examples."""
        found = self.difference
        for kind in set(self.staging.n_rows) - set(found.kinds):
            self.count(kind, new=0, changed=0)
        found.gone_share = max(self.shares, default=0.0)
        total = sum(counts.rows for counts in found.kinds.values())
        found.bad_share = sum(counts.bad for counts in found.kinds.values()) / total if total else 0.0
        for kind, counts in found.kinds.items():
            if changes := [change for change in ("new", "changed", "gone") if getattr(counts, change)]:
                found.examples[kind] = examples.of(kind, changes)
        return found

    def _left(self, kind: str) -> int:
        if kind not in self.left:
            self.left[kind] = fetch("SELECT count(*) FROM {table}", table=table_of(kind))[0][0]
        return self.left[kind]


def _n_changed(kind: str) -> int:
    changed = name(f"file_changed_{kind}")
    return int(fetch("SELECT count(*) FROM {table} WHERE was IS NOT NULL", table=changed)[0][0])


def _gone_share(counts: KindCounts) -> float:
    stored = counts.gone + counts.changed + counts.unchanged
    return counts.gone / stored if stored else 0.0
