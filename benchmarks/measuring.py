"""Every benchmark of a size, in this build and the one before by turns, and what became of the figures that count."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bounded_run
from benchmarks.entries import Entry, Figure

NOW, BEFORE = "now", "before"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for: the size, how often each build has its turn, where the builds and the data sets are."""

    size: str
    turns: int
    checkouts: Mapping[str, Path]
    data: Path


def measured(entries: Iterable[Entry], plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield what each benchmark of the size gave, one after the other.

    `not_measured` says of a build why it has no figures, `failed` that this build should have some.
    """
    for entry in entries:
        if plan.size in entry.arguments:
            yield _of_entry(entry, plan)


def _of_entry(entry: Entry, plan: Plan) -> dict[str, Any]:
    lacking = {build: _lacking(entry, checkout, plan.data) for build, checkout in plan.checkouts.items()}
    reasons = {build: reason for build, reason in lacking.items() if reason}
    runs: dict[str, list[bounded_run.Run]] = {build: [] for build in plan.checkouts if build not in reasons}
    failed = False
    for _turn in range(plan.turns):
        for build in [build for build in runs if build not in reasons]:
            run = bounded_run.run(
                entry.module,
                entry.arguments[plan.size],
                checkout=plan.checkouts[build],
                data=plan.data,
                seconds=entry.seconds[plan.size],
            )
            if run.failure:
                reasons[build] = run.failure
                failed = failed or build == NOW
            else:
                runs[build].append(run)
    told = {build: ran for build, ran in runs.items() if build not in reasons}
    figures = [_figure(figure, told, plan.size) for figure in entry.figures]
    return {
        "name": entry.name,
        "command": f"python -m benchmarks.{entry.module} {entry.arguments[plan.size]}".strip(),
        "not_measured": reasons,
        "failed": failed or any(NOW in told and figure[NOW] is None for figure in figures),
        "cpu_seconds": {build: [run.cpu_seconds for run in ran] for build, ran in told.items()},
        "wall_seconds": {build: [run.wall_seconds for run in ran] for build, ran in told.items()},
        "load": [round(load, 1) for load in os.getloadavg()],
        "figures": figures,
        "said": {build: [run.said for run in ran] for build, ran in told.items()},
    }


def _lacking(entry: Entry, checkout: Path, data: Path) -> str:
    """Return what a benchmark needs and does not find, in words; else nothing."""
    if not (checkout / "benchmarks" / f"{entry.module}.py").is_file():
        return "this build has no such benchmark"
    if entry.program and not shutil.which(entry.program):
        return f"there is no {entry.program}"
    absent = [name for name in entry.data if not (data / name).is_file()]
    return f"DROPOUT_DATA lacks {' and '.join(absent)}" if absent else ""


def _figure(figure: Figure, runs: Mapping[str, list[bounded_run.Run]], size: str) -> dict[str, Any]:
    """Return a figure of each build, the median of its turns, their ratio, and whether the limit is kept."""
    values = {build: _median(figure.path, ran) for build, ran in runs.items()}
    now, before = values.get(NOW), values.get(BEFORE)
    has_limit = figure.limit is not None and size in figure.limit_for
    return {
        "figure": figure.says,
        "path": figure.path,
        NOW: now,
        BEFORE: before,
        "ratio": round(now / before, 3) if now is not None and before else None,
        "higher_is_better": figure.higher_is_better,
        "limit": figure.limit if has_limit else None,
        "kept": None if now is None else figure.keeps(now, size),
        "varies": figure.varies,
    }


def _median(path: str, runs: list[bounded_run.Run]) -> float | None:
    """Return the median of a figure; None where a run did not tell it, as an older build may not."""
    values = [_at(path, run.said) for run in runs]
    known = [value for value in values if value is not None]
    return statistics.median(known) if known and len(known) == len(values) else None


def _at(path: str, said: Any) -> float | None:
    for step in path.split("."):
        try:
            said = said[int(step)] if isinstance(said, list) else said[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return float(said) if isinstance(said, int | float) else None


def fails(result: Mapping[str, Any]) -> bool:
    """Tell whether a benchmark did not measure this build, or a figure misses a limit that holds on every machine."""
    return result["failed"] or any(one["kept"] is False and not one["varies"] for one in result["figures"])
