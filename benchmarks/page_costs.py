"""Measure what pages cost at an institution of any size, and print one JSON line.

    python -m benchmarks.page_costs --students 30000
    python -m benchmarks.page_costs --students 30000 --before ../before

A small district is simulated, trained and scored, and its students are copied until there are as many as asked for.
Then the list's first page, a page far down and a student's page are opened by somebody who sees every school, by
somebody who sees one, and by somebody who sees three. For each: the buffers that all statements of the request touch,
and milliseconds of CPU of the request in Python and in the database's backend. The build before is measured in the same
run, in its own process and database.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROLES = {"every school": 0, "one school": 1, "three schools": 3}
# CPU time of a process is told in ticks of 10 ms: enough requests that a tick does not matter.
REPEATS = 40
# Attendance and grades of more students take minutes to copy, and no page reads those of others.
MOST_WITH_RECORDS = 50_000


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=30_000)
    asked.add_argument("--before", type=Path, help="a checkout of another build, measured beside this one")
    asked.add_argument("--repository", type=Path, default=HERE.parent, help=argparse.SUPPRESS)
    asked.add_argument("--once", action="store_true", help="this build alone, with its dearest statements on stderr")
    given = asked.parse_args()
    if given.once:
        sys.path[0] = str(given.repository)
        print(json.dumps(_in_services(given.students)))
        return
    builds = {"now": HERE.parent} | ({"before": given.before.resolve()} if given.before else {})
    found = {name: _of(build, given.students) for name, build in builds.items()}
    print(json.dumps({"students": given.students, "load": os.getloadavg()[0], **found}))


def _of(build: Path, n_students: int) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), "--once", "--students", str(n_students)]
    done = subprocess.run(
        [*command, "--repository", str(build)],
        cwd=build,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _in_services(n_students: int) -> dict[str, Any]:
    from dropout_portal.local_services import LocalServices

    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        os.environ.update(services.environment(), PORTAL_TESTING="1", SECRET_KEY="for-benchmarks-only-" * 3)
        os.environ.update(DJANGO_SETTINGS_MODULE="dropout_portal.settings", FILES_DIR=folder, OMP_NUM_THREADS="1")
        return measured(n_students)


def measured(n_students: int) -> dict[str, Any]:
    """Return what each page costs each person, before and after the tables were analysed."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    institution = small_district()
    owner = as_owner()
    for table in ("students_student", "predictions_riskscore", "predictions_currentrisk"):
        owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)".encode())
    grow = _module("large_institution").grow
    grow(owner, institution=institution.pk, n_students=n_students, records=n_students <= MOST_WITH_RECORDS)
    people = {role: _somebody(institution, n) for role, n in ROLES.items()}
    buffers = {"never analysed": {role: _buffers(person) for role, person in people.items()}}
    owner.execute("VACUUM ANALYZE")
    buffers["analysed"] = {role: _buffers(person) for role, person in people.items()}
    cpu = {role: _cpu(person) for role, person in people.items()}
    return {"buffers": buffers, "milliseconds_of_cpu": cpu}


def _module(name: str) -> Any:
    """Return a module that stands beside this file, whatever build is being measured."""
    found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(found)  # type: ignore[arg-type]
    sys.modules[name] = module
    found.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def small_district() -> Any:
    """Make a small district with a model that decides, and its list."""
    import datetime as dt

    from django.conf import settings

    from accounts.models import Institution
    from modeling.training import training_config
    from students import district

    made = importlib.import_module("tests.district_in_database")
    settings.MLFLOW_TRACKING_URI = ""
    # Its model decides, whatever the handful of students in its test part say.
    loosened = training_config.PATH.read_text(encoding="utf-8").replace("minimum_gain: ", "minimum_gain: -1.0 # ")
    training_config.PATH = Path(settings.FILES_DIR) / "training_config.yaml"
    training_config.PATH.write_text(loosened, encoding="utf-8")
    institution = Institution.objects.create(slug="large", name="Large", capacity=20)
    simulated = district.simulate(n_students=300, n_years=5, seed=3, ends_on=made.ENDS_ON)
    district.store(made.in_two_schools(simulated), institution=institution, now=dt.datetime.now(dt.UTC))
    made.let_decide(made.train(institution).model_version)
    made.score(institution, as_of=made.LIST_ON)
    return institution


def as_owner() -> Any:
    import psycopg

    return psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True)


def _somebody(institution: Any, n_schools: int) -> Any:
    import datetime as dt

    from accounts.models import Membership, School, User

    user = User.objects.create_user(f"{n_schools}@large.example", display_name="P")
    membership = Membership.objects.create(
        user=user,
        institution=institution,
        role="counsellor" if n_schools else "institution_admin",
        every_school=not n_schools,
        starts_on=dt.date(2020, 1, 1),
    )
    schools = School.objects.filter(institution=institution, external_id__startswith="L")
    membership.schools.set(schools.order_by("pk")[:n_schools])
    return user


def _pages(person: Any) -> dict[str, str]:
    """Return the pages by name: the first of the list, one a third down (at most at 50,000), and of a student."""
    from django.utils import timezone

    from accounts import scope
    from predictions.models import CurrentRisk

    with scope.entered(scope.of_membership(person.memberships_at(timezone.now())[0])):
        ranked = CurrentRisk.objects.filter(rank__isnull=False).order_by("rank").select_related("student")
        start = min(50_000, ranked.count() // 3) // 50 * 50
        before, of = ranked[start - 1], ranked.filter(student__external_id__startswith="L")[5]
        return {
            "first": "/students/",
            "far down": _far_down(before.student.public_id, start),
            "student": f"/students/{of.student.public_id}/",
        }


def _far_down(before: Any, start: int) -> str:
    from predictions import runs
    from predictions.risk_list import Filters

    if "place" not in Filters.__dataclass_fields__:
        return f"/students/?page={start // 50 + 1}"
    run = runs.shown_run()
    return f"/students/?after={before}&from={start + 1}&list={run and run.public_id}"


def signed_in(person: Any) -> Any:
    from django.test import Client

    browser = Client(SERVER_NAME="localhost")
    browser.force_login(person)
    return browser


def opened(browser: Any, address: str) -> None:
    status = browser.get(address).status_code
    if status != 200:
        raise SystemExit(f"{address} answered {status}")


def _buffers(person: Any) -> dict[str, int]:
    counted, browser, found = _module("statement_buffers").counted, signed_in(person), {}
    for name, address in _pages(person).items():
        with counted() as statements:
            opened(browser, address)
        found[name] = sum(statement.buffers for statement in statements)
        for statement in sorted(statements, key=lambda each: -each.buffers)[:3]:
            sys.stderr.write(f"{name}: {statement.buffers} of {found[name]} buffers: {statement.sql[:200]}\n")
    return found


def _cpu(person: Any) -> dict[str, dict[str, float]]:
    """Return milliseconds of CPU of a request, in this process and in the backend it talks to."""
    from django.db import connection

    browser, found = signed_in(person), {}
    for name, address in _pages(person).items():
        for _warm in range(3):
            opened(browser, address)
        backend = connection.connection.info.backend_pid
        ticks, own = ticks_of(backend), time.process_time()
        for _repeat in range(REPEATS):
            opened(browser, address)
        python = (time.process_time() - own) / REPEATS
        database = (ticks_of(backend) - ticks) / os.sysconf("SC_CLK_TCK") / REPEATS
        found[name] = {"python": round(1000 * python, 1), "database": round(1000 * database, 1)}
    return found


def ticks_of(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()
