"""Institutions of thousands of students, people who see all, one or three of their schools, and what a page reads."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts import scope
from accounts.models import Institution, Membership, School, User
from benchmarks import large_institution, statement_buffers
from predictions import list_states, runs
from predictions.list_pages import Place
from predictions.models import CurrentRisk
from predictions.risk_list import Filters
from students.models import Caseload
from tests import databases
from tests.people import SINCE, signed_in

MOST_BUFFERS = 1500
# Of one school in three the planner may walk along all of them.
MOST_WALKED = 1_200
WALK = 'SELECT "predictions_currentrisk"."student_id" AS'
# How many schools a person sees; 0 for all.
ROLES = {"administrator": 0, "one school": 1, "three schools": 3}
GROWING = ("students_student", "predictions_riskscore", "predictions_currentrisk", "predictions_listcount")


@contextlib.contextmanager
def grown(
    template: str, sizes: dict[str, int], *, records: bool, unblocked: Any, knows_them_small: bool = False
) -> Iterator[str]:
    """Copy the district's database and make its institutions large, without any statistics of the many new rows.

    :param knows_them_small: whether the planner has statistics from before, as after the first import of a district
    """
    with databases.fresh("test_large", template=template) as name, databases.pointed_at(name):
        with unblocked, databases.as_owner(name) as owner:
            if knows_them_small:
                owner.execute("ANALYZE")
            for table in GROWING:
                owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            for slug, n in sizes.items():
                of = Institution.objects.get(slug=slug)
                large_institution.grow(owner, institution=of.pk, n_students=n, records=records)
        yield name


def analyse(name: str) -> None:
    """Have the planner know everything."""
    with databases.as_owner(name) as owner:
        owner.execute("ANALYZE")


def somebody(institution: Institution, n_schools: int) -> User:
    """Make somebody who sees all schools, or some of the large ones."""
    schools = School.objects.filter(institution=institution, external_id__startswith="L")[:n_schools]
    user = User.objects.create_user(f"{uuid.uuid4()}@x.example", display_name="P")
    membership = Membership.objects.create(
        user=user,
        institution=institution,
        role="counsellor" if n_schools else "institution_admin",
        every_school=not n_schools,
        starts_on=SINCE,
    )
    membership.schools.set(schools)
    return user


def look_after(person: User, n: int) -> None:
    """Give somebody so many students from all over the list."""
    with seen_by(person):
        free = CurrentRisk.objects.filter(counsellor=None, student__external_id__startswith="L")
        ranked = free.filter(rank__isnull=False).order_by("rank")
        keys = list(ranked.values_list("student_id", flat=True))
        keys = keys[:: max(1, len(keys) // n)][:n]
        institution = scope.current().institution_id
        Caseload.objects.bulk_create(
            Caseload(institution_id=institution, student_id=key, counsellor=person, starts_on=SINCE) for key in keys
        )
        list_states.caseloads_changed(keys, on=timezone.localdate())


def seen_by(person: User) -> Any:
    return scope.entered(scope.of_membership(person.memberships_at(timezone.now())[0]))


def far_down(person: User, start: int) -> tuple[str, list[str]]:
    """Return the address of the page that begins at a place of the list, and whom it shows."""
    with seen_by(person):
        rows = CurrentRisk.objects.filter(rank__isnull=False).order_by("rank").select_related("student")
        before, *shown = rows[start - 2 : start + 49]
        place = Place(after=str(before.student.public_id), start=start, list=str(runs.shown_run().public_id))
        return Filters().url(place=place), [row.student.name for row in shown]


def n_ranked(person: User) -> int:
    with seen_by(person):
        return CurrentRisk.objects.filter(rank__isnull=False).count()


def cost(person: User, address: str) -> tuple[int, list[statement_buffers.Statement], str]:
    """Open a page; return the buffers that all its statements touched, the dearest of them, and the page."""
    browser = signed_in(person)
    with statement_buffers.counted() as statements:
        page = browser.get(address)
    assert page.status_code == 200
    dearest = sorted(statements, key=lambda statement: -statement.buffers)[:3]
    walks = [statement.buffers for statement in statements if statement.sql.lstrip("(").startswith(WALK)]
    assert max(walks, default=0) <= MOST_WALKED, dearest
    return sum(statement.buffers for statement in statements), dearest, page.content.decode()
