"""Measure what a list costs: CPU of the worker and of the database per student, peak memory and bytes; print JSON.

    python -m benchmarks.scoring_rates --students 30000
    python -m benchmarks.scoring_rates --students 30000 --before ../before

The made-up school years of the benchmark of features, and a model of two times so many trees, learned from made-up
outcomes, in a throw-away PostgreSQL that does not sync. A process that did nothing else makes a few lists, one after
the other, as a worker does; each replaces the one before. With `--before` another checkout does the same on a server of
its own, in turn. Microseconds of CPU time per student, the median of the lists after the first; the database's are
those of the one backend that the worker writes by. `contributions` is the part of the worker that `pred_contrib` or
its tables take. Bytes are those of contributions and reasons as stored, with what a run keeps to read them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
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

    from accounts.models import Institution

HERE = Path(__file__).resolve()
N_LEARNED_FROM, PARTS = 6_000, ("fill", "measure")
SHARES = {"long": 0.12, "term": 0.05}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=30_000)
    asked.add_argument("--trees", type=int, default=120)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--before", type=Path, help="another checkout, measured in turn with this one")
    asked.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.part:
        _set_up()
        if given.part == "fill":
            feature_rows.fill(given.students)
            _add_model(given.trees)
        else:
            print(json.dumps(measured(given.rounds)))
        return
    builds = {"now": HERE.parents[1]} | ({"before": given.before.resolve()} if given.before else {})
    sizes = [f"--{name}={getattr(given, name)}" for name in ("students", "trees", "rounds")]
    found: dict[str, Any] = {name: _of_build(checkout, sizes) for name, checkout in builds.items()}
    load = [round(load, 1) for load in os.getloadavg()]
    print(json.dumps({"students": given.students, "trees": given.trees, **found, "load": load}))


def _of_build(checkout: Path, sizes: list[str]) -> dict[str, Any]:
    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        environment = {**os.environ, **services.environment(), "PORTAL_TESTING": "1", "OMP_NUM_THREADS": "1"}
        environment |= {"SECRET_KEY": "for-benchmarks-only-" * 3, "FILES_DIR": folder, "PYTHONPATH": str(checkout)}
        for part in PARTS:
            # This file, run within the other checkout: what it imports is what stands there.
            command = [sys.executable, str(HERE), *sizes, f"--part={part}"]
            done = subprocess.run(  # noqa: S603
                command, check=True, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True
            )
    return dict(json.loads(done.stdout))


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")
    django.setup()


def _add_model(n_trees: int) -> None:
    """Learn a model of the year and one of the term from made-up outcomes, and have the first one decide."""
    from accounts import scope
    from accounts.models import Institution
    from modeling import facts, rule_sets
    from modeling.core import features, fitting

    institution = Institution.objects.get(slug=feature_rows.SLUG)
    with scope.entered(scope.of_institution(institution)):
        terms = rule_sets.offered()
        frame = features.snapshot(facts.frames(), as_of=feature_rows.AS_OF, features=terms.features)
        # An odd step: grade levels take turns, and a model of half of them would know nothing of the others.
        frame = frame.iloc[:: max(1, len(frame) // N_LEARNED_FROM) | 1]
        settings = fitting.FitSettings(
            horizon_days=365,
            n_trees=n_trees,
            booster={"learning_rate": 0.05, "num_leaves": 8, "min_data_in_leaf": 30, "feature_fraction": 0.4},
        )
        fitted = {
            name: fitting.fit_risk_model(
                frame,
                _made_up(frame, share),
                groups=frame.index.to_numpy(),
                features=fitting.usable_features(frame, terms.features),
                settings=settings,
                seed=1,
            )
            for name, share in SHARES.items()
        }
        specification = fitted["long"].specification
        specification["term"] = {
            "booster_text": fitted["term"].booster_text,
            "specification": fitted["term"].specification,
        }
        _register(institution, fitted["long"].booster_text, specification, n_rows=len(frame))


def _register(institution: Institution, text: str, specification: dict[str, Any], *, n_rows: int) -> None:
    from django.utils import timezone

    from modeling import registry
    from modeling.models import Dataset, ModelVersion

    dataset = Dataset.objects.create(
        institution=institution,
        content_sha256="0" * 64,
        stored_as="none",
        snapshot_dates=[feature_rows.AS_OF],
        horizon_days=365,
        n_rows=n_rows,
        n_students=n_rows,
        n_positive=int(SHARES["long"] * n_rows),
        created_at=timezone.now(),
    )
    written = json.dumps(specification)
    ModelVersion.objects.create(
        institution=institution,
        number=1,
        dataset=dataset,
        booster_text=text,
        specification_json=written,
        sha256=registry.model_sha256(text, written),
        metrics={},
        threshold=specification["threshold"],
        seed=1,
        trained_at=timezone.now(),
        is_champion=True,
    )


def _made_up(frame: pd.DataFrame, share: float) -> Any:
    """Return outcomes that many features say something of, each a little."""
    import numpy as np

    numbers = frame.select_dtypes("number")
    apart = (numbers - numbers.mean()) / numbers.std().replace(0, 1)
    weights = np.random.default_rng(4).normal(0, 1, numbers.shape[1])
    score = apart.fillna(0).to_numpy() @ weights + np.random.default_rng(5).normal(0, 2, len(frame))
    return (score > np.quantile(score, 1 - share)).astype(float)


def measured(n_rounds: int) -> dict[str, Any]:
    """Return what a few lists took, per student."""
    from django.db import connection

    from accounts import scope
    from accounts.models import Institution
    from modeling import scoring
    from modeling.core import booster
    from modeling.models import ModelVersion
    from modeling.promotion import decider
    from predictions import scoring_run

    institution = Institution.objects.get(slug=feature_rows.SLUG)
    with scope.entered(scope.of_institution(institution)):
        version = ModelVersion.objects.get()
    decided = decider.ListSource(kind="model", reason="", champion=version)
    decider.decision = lambda **_asked: decided
    spent = {"contributions": 0.0, "snapshot": 0.0}
    booster.contributions = _counted(booster.contributions, spent, "contributions")
    # An older build makes the snapshot of all students at once.
    module, name = (scoring, "kept") if hasattr(scoring, "kept") else (scoring_run, "snapshot")
    setattr(module, name, _counted(getattr(module, name), spent, "snapshot"))
    connection.ensure_connection()
    lists = [_one_list(institution, spent) for _round in range(n_rounds + 1)]
    n = int(lists[0]["n"])
    names = ("worker", "contributions", "snapshot", "database", "seconds")
    per_student = {name: statistics.median(one[name] for one in lists[1:]) / n * 1e6 for name in names}
    return {
        "n_scored": n,
        "microseconds": {name: round(taken, 1) for name, taken in per_student.items()},
        "worker_without_contributions": round(per_student["worker"] - per_student["contributions"], 1),
        "worker_and_database": round(per_student["worker"] + per_student["database"], 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "bytes": _bytes(n),
        "fingerprint": _fingerprint(institution),
    }


def _counted(call: Any, spent: dict[str, float], name: str) -> Any:
    def counting(*args: Any, **kwargs: Any) -> Any:
        before = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            spent[name] += time.thread_time() - before

    return counting


def _one_list(institution: Institution, spent: dict[str, float]) -> dict[str, float]:
    """Make a list as a worker does; return CPU seconds of the process and of its backend."""
    from django.db import connection
    from django.utils import timezone

    from accounts import scope
    from jobs import claims
    from jobs.models import State
    from predictions import runs, scoring_run
    from predictions.models import ScoringRun

    with scope.entered(scope.of_institution(institution)):
        run = runs.request(institution=institution, as_of=feature_rows.AS_OF, by=None, now=timezone.now(), wakes=False)
    spent.update(dict.fromkeys(spent, 0.0))
    backend = connection.connection.info.backend_pid
    wall, own, database = time.perf_counter(), time.process_time(), _cpu_of(backend)
    claims.run_job(job_id=run.job_id or 0, work=scoring_run.score_students)
    taken = {
        "worker": time.process_time() - own,
        "database": _cpu_of(backend) - database,
        "seconds": time.perf_counter() - wall,
        **spent,
    }
    with scope.entered(scope.of_institution(institution)):
        run = ScoringRun.objects.select_related("job").get(pk=run.pk)
    if run.job.state != State.DONE:
        raise SystemExit(f"The list failed: {run.job.error}")
    return taken | {"n": run.n_scored}


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bytes(n: int) -> dict[str, float]:
    """Return the bytes per student of one list: of what it is made of, and of the whole row."""
    from django.db import connections

    from predictions.models import RiskScore

    # An older build keeps reasons as JSON, and nothing beside them.
    columns = {field.column for field in RiskScore._meta.local_concrete_fields}
    reasons = next(name for name in ("packed_reasons", "reasons") if name in columns)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"SELECT avg(pg_column_size(contributions)), avg(pg_column_size({reasons})), avg(pg_column_size(score))"  # noqa: S608
            " FROM predictions_riskscore score WHERE run_id = (SELECT max(run_id) FROM predictions_riskscore)"
        )
        of_contributions, of_reasons, of_row = map(float, cursor.fetchone())
        cursor.execute("SELECT to_jsonb(run) - 'usual_values' FROM predictions_scoringrun run ORDER BY id DESC LIMIT 1")
        beside = len(json.dumps(json.loads(cursor.fetchone()[0]).get("reason_book", {}))) / n
    of_parts = {"contributions": of_contributions, "reasons": of_reasons, "beside": beside, "row": of_row}
    return {name: round(size, 1) for name, size in of_parts.items()} | {
        "together": round(of_contributions + of_reasons + beside, 1)
    }


def _fingerprint(institution: Institution) -> str:
    """Return a hash of the newest list and of every reason on it: the same in two builds that say the same."""
    import hashlib

    from accounts import scope
    from predictions import answers
    from predictions.models import CurrentRisk

    said = hashlib.sha256()
    with scope.entered(scope.of_institution(institution)):
        listed = CurrentRisk.objects.select_related("score", "run__model_version").order_by("student_id")
        for current in listed[: feature_rows.STUDENTS_PER_SCHOOL * 3]:
            current.score.run = current.run
            place = [current.student_id, current.rank, current.tier, current.search_name, current.is_new]
            answer = answers.for_score(current.score)
            said.update(json.dumps([*place, answer], sort_keys=True, default=str).encode())
    return said.hexdigest()[:16]


if __name__ == "__main__":
    main()
