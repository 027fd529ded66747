"""Measure how long the features of one student take, as their page computes them, and print one JSON line.

    python -m benchmarks.one_student --students 3000

A simulated district of some years is stored in a throw-away PostgreSQL with all its indexes. For fifty students, one
after the other: read their facts, and compute every feature of the catalogue by the definitions that serve everybody.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

from dropout_portal.local_services import LocalServices

if TYPE_CHECKING:
    from accounts.models import Institution

N_ASKED = 50
LAST_DAY = dt.date(2026, 4, 24)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=3_000)
    asked.add_argument("--years", type=int, default=5)
    given = asked.parse_args()
    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        os.environ.update(services.environment(), PORTAL_TESTING="1", SECRET_KEY="for-benchmarks-only-" * 3)
        os.environ.update(DJANGO_SETTINGS_MODULE="dropout_portal.settings", FILES_DIR=folder, OMP_NUM_THREADS="1")
        print(json.dumps(measured(_district(given.students, given.years))))


def _district(n_students: int, n_years: int) -> Institution:
    import django
    from django.core.management import call_command
    from django.db import connections
    from django.utils import timezone

    django.setup()
    from accounts.models import Institution
    from students import district

    call_command("migrate", verbosity=0)
    institution = Institution.objects.create(slug="district", name="District")
    simulated = district.simulate(n_students=n_students, n_years=n_years, seed=1, ends_on=LAST_DAY)
    district.store(simulated, institution=institution, now=timezone.now())
    with connections["owner"].cursor() as cursor:
        # What autovacuum does within a minute; before, the server guesses how many rows a student has.
        cursor.execute("ANALYZE")
    return institution


def measured(institution: Institution) -> dict[str, Any]:
    """Return the milliseconds and the queries of one student, and of what the milliseconds consist."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts import scope
    from modeling import facts
    from modeling.core import catalogue, features
    from students.models import Student

    milliseconds: dict[str, list[float]] = {"read": [], "compute": [], "all": [], "own_cpu": []}
    with scope.entered(scope.of_institution(institution)):
        n_students = Student.objects.count()
        everybody = features.snapshot(facts.frames(), as_of=LAST_DAY, features=catalogue.CATALOGUE)
        for student_id in everybody.index[:: len(everybody) // N_ASKED][:N_ASKED].tolist():
            started, cpu = time.perf_counter(), time.process_time()
            known = facts.frames(student_ids=[student_id])
            read = time.perf_counter()
            alone = features.snapshot(known, as_of=LAST_DAY, features=catalogue.CATALOGUE)
            done, own_cpu = time.perf_counter(), time.process_time() - cpu
            if not alone.equals(everybody.loc[[student_id]]):
                raise SystemExit(f"Student {student_id} alone has other features than among all.")
            steps = {"read": read - started, "compute": done - read, "all": done - started, "own_cpu": own_cpu}
            for step, taken in steps.items():
                milliseconds[step].append(taken * 1000)
        with CaptureQueriesContext(connection) as queries:
            facts.frames(student_ids=[student_id])
    return {
        "students": n_students,
        "features": len(catalogue.CATALOGUE),
        "median_ms": {step: round(statistics.median(taken), 1) for step, taken in milliseconds.items()},
        "fastest_ms": round(min(milliseconds["all"]), 1),
        "slowest_ms": round(max(milliseconds["all"]), 1),
        "queries": len(queries),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


if __name__ == "__main__":
    main()
