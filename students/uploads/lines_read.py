"""Counts the lines of a file while it is read."""

from __future__ import annotations

from collections import Counter

from students.importing.batches import Batch


class LinesRead:
    """Counts the lines of a file, of which some formats make several records each."""

    def __init__(self) -> None:
        self._by_kind: dict[str, Counter[str]] = {}

    def counted(self, batch: Batch) -> int:
        """Count a batch, and return how many lines there were so far."""
        bad = batch.faults.select("file", "line").unique()
        for files in (batch.rows["file"], bad["file"]):
            for file, n in files.value_counts().iter_rows():
                self._by_kind.setdefault(str(file), Counter())[batch.kind] += n
        return self.n

    @property
    def n(self) -> int:
        """Return the lines so far: those of the students where a file has them, else of what it brought first."""
        return sum(kinds.get("students") or next(iter(kinds.values())) for kinds in self._by_kind.values())
