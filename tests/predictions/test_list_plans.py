"""A page of the list reads what it shows and not the institution, whatever the planner knows of the tables."""

import uuid

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, Membership, School, User
from benchmarks import large_institution, statement_buffers
from predictions import runs
from predictions.list_pages import Place
from predictions.models import CurrentRisk
from predictions.risk_list import Filters
from tests import databases
from tests.people import SINCE, signed_in
from tests.predictions.pages import names, rows

MOST_BUFFERS = 1500
# Of one school in three the planner may walk along all of them.
MOST_WALKED = 800
WALK = 'SELECT "predictions_currentrisk"."student_id" AS'
SIZES = {"riverside": 3_000, "lakeside": 12_000}
ROLES = {"administrator": 0, "one school": 1, "three schools": 3}


@pytest.fixture(scope="module")
def large_database(district_database, handed_over, django_db_blocker):
    """The district and the college with thousands of students each, at first without statistics of their tables."""
    from modeling import training_config

    with (
        databases.fresh("test_large", template=district_database) as name,
        databases.pointed_at(name),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(training_config, "PATH", handed_over)
        with django_db_blocker.unblock(), databases.as_owner(name) as owner:
            for table in ("students_student", "predictions_riskscore", "predictions_currentrisk"):
                owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            for slug, n in SIZES.items():
                large_institution.grow(owner, institution=Institution.objects.get(slug=slug).pk, n_students=n)
        yield name


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def statistics(request, large_database):
    """What the planner knows: nothing of the many new rows, and then everything."""
    if request.param == "analysed":
        with databases.as_owner(large_database) as owner:
            owner.execute("ANALYZE")
    return request.param


@pytest.fixture(params=SIZES)
def institution(request, statistics, db):
    return Institution.objects.get(slug=request.param)


@pytest.fixture(params=ROLES)
def person(request, institution):
    """Somebody who sees all schools, one of the large ones or three."""
    schools = School.objects.filter(institution=institution, external_id__startswith="L")[: ROLES[request.param]]
    user = User.objects.create_user(f"{uuid.uuid4()}@x.example", display_name="P")
    role = "institution_admin" if not ROLES[request.param] else "counsellor"
    membership = Membership.objects.create(
        user=user, institution=institution, role=role, every_school=not ROLES[request.param], starts_on=SINCE
    )
    if ROLES[request.param]:
        membership.schools.set(schools)
    return user


def seen_by(person):
    return scope.entered(scope.of_membership(person.memberships_at(timezone.now())[0]))


def deep(person):
    """Return the address of the page that begins two thirds down the list."""
    with seen_by(person):
        rows = CurrentRisk.objects.filter(rank__isnull=False).order_by("rank").select_related("student")
        start = len(rows) * 2 // 3
        place = Place(
            after=str(rows[start - 1].student.public_id), start=start + 1, list=str(runs.shown_run().public_id)
        )
        return Filters().url(place=place), [row.student.name for row in rows[start : start + 50]]


def cost(person, address):
    browser = signed_in(person)
    with statement_buffers.counted() as statements:
        page = browser.get(address)
    assert page.status_code == 200
    dearest = sorted(statements, key=lambda statement: -statement.buffers)[:3]
    walks = [statement.buffers for statement in statements if statement.sql.lstrip("(").startswith(WALK)]
    assert max(walks) <= MOST_WALKED, dearest
    return sum(statement.buffers for statement in statements), dearest, page.content.decode()


@pytest.mark.parametrize("query", ["", "?sort=new", "?sort=name", "?tier=routine_support", "?help=open", "?left=1"])
def test_a_first_page_reads_what_it_shows(person, query):
    buffers, dearest, page = cost(person, f"/students/{query}")

    assert buffers <= MOST_BUFFERS, dearest
    assert len(rows(page)) == (0 if query == "?left=1" else 50)


def test_a_page_far_down_reads_no_more(person):
    address, expected = deep(person)
    buffers, dearest, page = cost(person, address)

    assert names(page) == expected
    assert buffers <= MOST_BUFFERS, dearest
