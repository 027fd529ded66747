"""Measure what the pages of a working day cost beside the list's, and print one JSON line.

    python -m benchmarks.work_pages --students 30000

A small district is simulated, trained and scored, and its students are copied until there are as many as asked for;
they get counsellors, help, concerns, outcomes and ways back. Then the administrator and a counsellor with 200 students
open the list and each page of their work by turns. For each: milliseconds of CPU of a request in Python and in the
database's backend, the median of the turns, and their sum as a multiple of the list's.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import tempfile
import time
from typing import Any

from benchmarks import large_institution, page_costs
from dropout_portal.local_services import LocalServices

LIST = "list"
PAGES = {
    LIST: "/students/",
    "today": "/",
    "help": "/interventions/",
    "concerns": "/concerns/",
    "ways back": "/cases/",
}
# Of whoever gives students to counsellors and records outcomes.
ADMIN_PAGES = PAGES | {"outcomes": "/outcomes/", "caseloads": "/caseloads/"}
# CPU time of a process is told in ticks of 10 ms: enough requests in a turn that a tick does not matter.
REQUESTS = 20


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=30_000)
    asked.add_argument("--turns", type=int, default=5)
    given = asked.parse_args()
    with LocalServices() as services, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        os.environ.update(services.environment(), PORTAL_TESTING="1", SECRET_KEY="for-benchmarks-only-" * 3)
        os.environ.update(DJANGO_SETTINGS_MODULE="dropout_portal.settings", FILES_DIR=folder, OMP_NUM_THREADS="1")
        found = measured(given.students, given.turns)
    print(json.dumps({"students": given.students, "load": os.getloadavg()[0], **found}))


def measured(n_students: int, n_turns: int) -> dict[str, Any]:
    """Return what each page costs the administrator and a counsellor, in term and once the year is over."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from accounts.models import Membership, Role, User
    from benchmarks import staff_rows

    institution = page_costs.small_district()
    ends_on = importlib.import_module("tests.district_in_database").ENDS_ON
    tables = page_costs.as_owner()
    staff_rows.move_absences_to_now(tables, from_day=ends_on)
    large_institution.grow(tables, institution=institution.pk, n_students=n_students, records=True)
    counsellor = staff_rows.add(tables, institution=institution)
    admin = User.objects.create(email="admin@large.example", display_name="Administrator")
    Membership.objects.create(
        user=admin, institution=institution, role=Role.INSTITUTION_ADMIN, every_school=True, starts_on="2020-01-01"
    )
    for person in (admin, counsellor):
        page_costs.opened(page_costs.signed_in(person), PAGES["today"])
    # A morning is compared with the one before.
    tables.execute("UPDATE accounts_auditentry SET at = at - interval '1 day' WHERE action = 'today'")
    tables.execute("VACUUM ANALYZE")
    found = {
        "administrator": _by_turns(admin, ADMIN_PAGES, n_turns),
        "counsellor": _by_turns(counsellor, PAGES, n_turns),
    }
    tables.execute("DELETE FROM students_schoolday WHERE held_on >= current_date")
    in_summer = {name: ADMIN_PAGES[name] for name in (LIST, "outcomes")}
    return {"pages": found | {"administrator, year over": _by_turns(admin, in_summer, n_turns)}}


def _by_turns(person: Any, pages: dict[str, str], n_turns: int) -> dict[str, dict[str, float]]:
    browser = page_costs.signed_in(person)
    for address in pages.values():
        for _warm in range(3):
            page_costs.opened(browser, address)
    turns = [{name: _cpu(browser, address) for name, address in pages.items()} for _turn in range(n_turns)]
    found = {}
    for name in pages:
        own, database = (statistics.median(turn[name][part] for turn in turns) for part in (0, 1))
        # The two of one turn met the same neighbours.
        of_list = statistics.median(sum(turn[name]) / sum(turn[LIST]) for turn in turns)
        found[name] = {"python": round(own, 1), "database": round(database, 1), "of_list": round(of_list, 2)}
    return found


def _cpu(browser: Any, address: str) -> tuple[float, float]:
    """Return milliseconds of CPU of a request, in this process and in the backend it talks to."""
    from django.db import connection

    backend = connection.connection.info.backend_pid
    ticks, own = page_costs.ticks_of(backend), time.process_time()
    for _request in range(REQUESTS):
        page_costs.opened(browser, address)
    python = 1000 * (time.process_time() - own) / REQUESTS
    database = 1000 * (page_costs.ticks_of(backend) - ticks) / os.sysconf("SC_CLK_TCK") / REQUESTS
    return python, database


if __name__ == "__main__":
    main()
