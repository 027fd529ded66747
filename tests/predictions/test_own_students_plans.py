"""Somebody's own students are read, and nobody else's: their list, their morning, and where students are given."""

import pytest

from accounts.models import Institution, User
from tests.predictions.large_lists import MOST_BUFFERS, ROLES, analyse, cost, grown, look_after, somebody
from tests.predictions.pages import rows

SIZES = {"riverside": 3_000, "lakeside": 12_000}
OWN = 300


@pytest.fixture(scope="module")
def large_database(district_database, handed_over, django_db_blocker):
    from modeling import training_config

    unblocked = django_db_blocker.unblock()
    with (
        pytest.MonkeyPatch.context() as patched,
        grown(district_database, SIZES, records=True, unblocked=unblocked) as name,
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


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
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


@pytest.mark.parametrize("query", ["", "?sort=name", "?tier=routine_support", "?whose=nobody", "?whose=all"])
def test_ones_own_students_are_read_and_nobody_elses(person, query):
    buffers, dearest, page = cost(person, f"/students/{query}")

    # Who has no counsellor is found among those who have one: past 300 of them.
    assert buffers <= MOST_BUFFERS + (750 if query == "?whose=nobody" else 0), dearest
    assert len(rows(page)) == 50


def test_a_morning_reads_ones_own_students(person):
    """With the attendance of three months of 300 students, to tell whose got better."""
    buffers, dearest, _page = cost(person, "/")

    assert buffers <= 3 * MOST_BUFFERS, dearest


def test_whose_students_they_are_is_read_school_by_school(institution, person):
    person.memberships.update(role="institution_admin")

    for query in ("", "?whose=", "?grade=10"):
        buffers, dearest, _page = cost(person, f"/caseloads/{query}")

        # How many each counsellor has, at one school.
        assert buffers <= MOST_BUFFERS + 1000, (query, dearest)
