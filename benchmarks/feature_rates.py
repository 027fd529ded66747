"""Measure how fast the features of everybody are computed, beside one SQL statement for sixteen of them; print JSON.

    python -m benchmarks.feature_rates --students 1000000

Two school years of a made-up district, 10 rows of attendance, 8 grades and 1 incident per student, go by COPY into a
throw-away PostgreSQL that does not sync; then the columnar copy is written. In turn, a few times: the statement of
feature_rates.sql fills an unlogged table, and a process that did nothing else reads the facts as a list does and
computes every feature of the catalogue. Its peak memory is told, and whether the sixteen features agree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import feature_rows
from dropout_portal.local_services import LocalServices

if TYPE_CHECKING:
    import pandas as pd

STATEMENT = Path(__file__).with_suffix(".sql")
RESULT = "sixteen_features"
# What a careful administrator gives a report of this size; with PostgreSQL's 4 MB it is slower.
WORK_MEMORY = "256MB"


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--part", choices=["fill", "measure"], help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.part == "fill":
        _set_up()
        feature_rows.fill(given.students)
    elif given.part == "measure":
        _set_up()
        print(json.dumps(measured(given.students, given.rounds)))
    else:
        _in_throw_away_services(given.students, given.rounds)


def _in_throw_away_services(n_students: int, n_rounds: int) -> None:
    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        environment = {**os.environ, **services.environment(), "PORTAL_TESTING": "1", "OMP_NUM_THREADS": "1"}
        environment |= {"SECRET_KEY": "for-benchmarks-only-" * 3, "FILES_DIR": folder}
        # Each in a process of its own, so that what filling takes is not counted as the memory of a list.
        for part in ("fill", "measure"):
            sizes = ["--students", str(n_students), "--rounds", str(n_rounds)]
            command = [sys.executable, "-m", "benchmarks.feature_rates", *sizes, "--part", part]
            subprocess.run(command, check=True, env=environment)  # noqa: S603


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")
    django.setup()


def measured(n_students: int, n_rounds: int) -> dict[str, Any]:
    """Return the seconds of both ways, their ratio, the peak memory, and the largest difference of a value."""
    import pandas as pd

    from accounts.models import Institution
    from modeling.core import catalogue

    institution = Institution.objects.get(slug=feature_rows.SLUG)
    by_statement: list[float] = []
    by_portal: list[dict[str, float]] = []
    for _round in range(n_rounds):
        # A worker that makes one list does not keep another.
        frame = pd.DataFrame()
        by_statement.append(_run_statement(institution.pk))
        frame, seconds = _snapshot(institution)
        by_portal.append(seconds)
    # Before the comparison, which takes memory of its own.
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    statement = sorted(by_statement)[n_rounds // 2]
    portal = sorted(by_portal, key=lambda seconds: seconds["all"])[n_rounds // 2]
    return {
        "students": n_students,
        "features": len(catalogue.CATALOGUE),
        "statement_seconds": [round(taken, 2) for taken in by_statement],
        "portal_seconds": [round(seconds["all"], 2) for seconds in by_portal],
        "portal_median": {step: round(taken, 2) for step, taken in portal.items()},
        "ratio": round(portal["all"] / statement, 3),
        "peak_gibibytes": round(peak_bytes / 1024**3, 2),
        "largest_difference": _largest_difference(frame),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def _run_statement(institution_id: int) -> float:
    from django.db import connections

    given: dict[str, Any] = {"institution": institution_id, "as_of": feature_rows.AS_OF}
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SET work_mem = '{WORK_MEMORY}'")
        cursor.execute(f"DROP TABLE IF EXISTS {RESULT}")
        started = time.perf_counter()
        cursor.execute(f"CREATE UNLOGGED TABLE {RESULT} AS {STATEMENT.read_text(encoding='utf-8')}", given)
        return time.perf_counter() - started


def _snapshot(institution: Any) -> tuple[pd.DataFrame, dict[str, float]]:
    from accounts import scope
    from modeling import facts
    from modeling.core import catalogue, features

    cpu = time.process_time()
    started = time.perf_counter()
    with scope.entered(scope.of_institution(institution)):
        known = facts.frames()
        read = time.perf_counter()
        frame = features.snapshot(known, as_of=feature_rows.AS_OF, features=catalogue.CATALOGUE)
    done = time.perf_counter()
    return frame, {
        "read": read - started,
        "compute": done - read,
        "all": done - started,
        "cpu": time.process_time() - cpu,
    }


def _largest_difference(frame: pd.DataFrame) -> float:
    """Return how far any of the sixteen values differs; infinite where one way has a value and the other none."""
    import io

    import numpy as np
    import pandas as pd
    from django.db import connections

    text = io.BytesIO()
    with (
        connections["owner"].cursor() as cursor,
        cursor.copy(f"COPY {RESULT} TO STDOUT (FORMAT csv, HEADER)") as copy,
    ):
        for piece in copy:
            text.write(piece)
    text.seek(0)
    stated = pd.read_csv(text, index_col="student_id").sort_index()
    if not stated.index.equals(frame.index):
        return float("inf")
    differences = [np.abs(stated[name].to_numpy() - frame[name].to_numpy()) for name in stated]
    unlike = any((stated[name].isna().to_numpy() != frame[name].isna().to_numpy()).any() for name in stated)
    return float("inf") if unlike else float(max(np.nanmax(of_one) for of_one in differences))


if __name__ == "__main__":
    main()
