"""Somebody's own students are read, and nobody else's: their list, their morning, and where students are given."""

import pytest

from accounts.models import Institution, User
from tests.predictions.large_lists import MOST_BUFFERS, ROLES, analyse, cost, grown, look_after, somebody
from tests.predictions.pages import rows

SIZES = {"riverside": 3_000, "lakeside": 12_000}
OWN = 300


@pytest.fixture(scope="module")
def large_database(district_database, handed_over, django_db_blocker):
    from modeling.training import training_config

    unblocked = django_db_blocker.unblock()
    with (
        pytest.MonkeyPatch.context() as patched,
        grown(district_database, SIZES, records=True, unblocked=unblocked, knows_them_small=True) as name,
    ):
        patched.setattr(training_config, "PATH", handed_over)
        # For good and not in each test: rows that are rolled back stay in the way until the table is vacuumed.
        with django_db_blocker.unblock():
            for institution in Institution.objects.filter(slug__in=SIZES):
                for role, n_schools in ROLES.items():
                    person = somebody(institution, n_schools)
                    look_after(person, OWN)
                    person.display_name = role
                    person.save(update_fields=["display_name"])
        yield name


@pytest.fixture(scope="module", params=["analysed while small", "analysed"])
def statistics(request, large_database):
    if request.param == "analysed":
        analyse(large_database)
    return request.param


@pytest.fixture(params=SIZES)
def institution(request, statistics, db):
    return Institution.objects.get(slug=request.param)


@pytest.fixture(params=ROLES)
def person(request, institution):
    return User.objects.get(display_name=request.param, memberships__institution=institution)


@pytest.fixture
def most(statistics):
    """With statistics of few rows the planner may read the person's schools, and never the institution."""
    return MOST_BUFFERS if statistics == "analysed" else 4_000


@pytest.mark.parametrize("query", ["", "?sort=name", "?tier=routine_support", "?whose=all"])
def test_ones_own_students_are_read_and_nobody_elses(person, query, most):
    buffers, dearest, page = cost(person, f"/students/{query}")

    assert buffers <= most, dearest
    assert len(rows(page)) == 50


def test_who_has_no_counsellor_is_found_among_those_who_have_one(person, most):
    buffers, dearest, page = cost(person, "/students/?whose=nobody")

    # Past three hundred of them.
    assert buffers <= most + 750, dearest
    assert len(rows(page)) == 50


def test_a_morning_reads_ones_own_students(person):
    """With the attendance of three months of 300 students, to tell whose got better."""
    buffers, dearest, _page = cost(person, "/")

    assert buffers <= 3 * MOST_BUFFERS, dearest


@pytest.mark.parametrize("query", ["", "?whose=", "?grade=10"])
def test_whose_students_they_are_is_read_within_one_school(person, query):
    person.memberships.update(role="institution_admin")

    buffers, dearest, _page = cost(person, f"/caseloads/{query}")

    # A grade level may stand anywhere among the names of a school of four thousand.
    assert buffers <= 4_500, dearest
