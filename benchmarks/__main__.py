"""Run the benchmarks of a size, print a table and write one JSON file: `make bench`.

    python -m benchmarks --size small
    python -m benchmarks --size small --before HEAD~20 --turns 3
    python -m benchmarks --size full --only import_rates

Ends with 1 where a benchmark fails, hangs, or misses a limit that does not depend on the machine. With `--before`
another commit is measured in turn with this build, by the same Python; what it lacks is said. Figures are medians.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks import build_before, measuring
from benchmarks.entries import ENTRIES, SIZES, SMALL, Entry

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path("reports") / "benchmarks.json"
COLUMNS = ("figure", "now", "before", "now/before", "limit", "")


def main(asked: Sequence[str] | None = None, *, entries: Sequence[Entry] = ENTRIES, root: Path = ROOT) -> int:
    """Measure, print and write; return the status to end with."""
    given = _arguments().parse_args(asked)
    chosen = [one for one in entries if given.only in one.name and given.size in one.arguments]
    if not chosen:
        sys.stderr.write(f"No benchmark of the size {given.size} is named {given.only!r}.\n")
        return 2
    try:
        commit = build_before.commit_of(given.before, root=root) if given.before else ""
    except build_before.NoSuchBuild as error:
        sys.stderr.write(f"{error}\n")
        return 2
    since = time.monotonic()
    told = {
        "size": given.size,
        "turns": given.turns,
        "now": build_before.commit_of("HEAD", root=root),
        "before": commit or None,
        "began_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    results: list[dict[str, Any]] = []
    with build_before.checked_out(commit, root=root) if commit else nullcontext() as before:
        checkouts = {measuring.NOW: root} | ({measuring.BEFORE: before} if before else {})
        data = Path(os.environ.get("DROPOUT_DATA", root.parent / "shared" / "data")).resolve()
        plan = measuring.Plan(size=given.size, turns=given.turns, checkouts=checkouts, data=data)
        for result in measuring.measured(chosen, plan):
            results.append(result)
            sys.stdout.write("\n".join(_lines(result)) + "\n")
            sys.stdout.flush()
            # After each, so that an interruption loses none.
            _write(root / RESULTS, told | {"seconds": round(time.monotonic() - since, 1), "benchmarks": results})
    missed = [result["name"] for result in results if measuring.fails(result)]
    sys.stdout.write(f"\n{time.monotonic() - since:.0f} s, load {os.getloadavg()[0]:.1f}; all of it in {RESULTS}\n")
    if missed:
        sys.stdout.write(f"Failed, or a limit missed: {', '.join(missed)}\n")
    return int(bool(missed))


def _arguments() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--size", choices=SIZES, default=SMALL)
    asked.add_argument("--before", default="", help="a commit to measure in turn with this build")
    asked.add_argument("--turns", type=int, default=1, help="how often each build is measured")
    asked.add_argument("--only", default="", help="only the benchmarks whose name contains this")
    return asked


def _write(path: Path, told: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _lines(result: dict[str, Any]) -> list[str]:
    """Return a benchmark as lines of a table."""
    spent = ", ".join(f"{build} {sum(seconds):.0f} s" for build, seconds in result["cpu_seconds"].items())
    lines = ["", result["name"] + (f" (CPU: {spent})" if spent else "")]
    lines += [f"  {build}: not measured, {reason}" for build, reason in result["not_measured"].items()]
    shown = [figure for figure in result["figures"] if figure["now"] is not None or figure["before"] is not None]
    if not shown:
        return lines
    rows = [COLUMNS, *(_cells(figure) for figure in shown)]
    return lines + [f"  {row[0]:<42}" + "".join(f"{cell:>11}" for cell in row[1:5]) + f"  {row[5]}" for row in rows]


def _cells(figure: dict[str, Any]) -> tuple[str, ...]:
    verdict = {None: "", True: "kept", False: "missed, as may be here" if figure["varies"] else "MISSED"}
    sign = "≥" if figure["higher_is_better"] else "≤"
    limit = "" if figure["limit"] is None else f"{sign} {_number(figure['limit'])}"
    numbers = [_number(figure[name]) for name in ("now", "before", "ratio")]
    return (figure["figure"], *numbers, limit, verdict[figure["kept"]])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
