"""A page reads what it shows and not the institution, whatever the planner knows of the tables."""

import re

import pytest

from accounts.models import Institution
from predictions import list_pages
from predictions.models import CurrentRisk
from tests.predictions.large_lists import (
    MOST_BUFFERS,
    ROLES,
    analyse,
    cost,
    far_down,
    grown,
    n_ranked,
    seen_by,
    somebody,
)
from tests.predictions.pages import names, rows

SIZES = {"riverside": 3_000, "lakeside": 12_000}


@pytest.fixture(scope="module")
def large_database(district_database, handed_over, django_db_blocker):
    from modeling.training import training_config

    with (
        pytest.MonkeyPatch.context() as patched,
        grown(district_database, SIZES, records=True, unblocked=django_db_blocker.unblock()) as name,
    ):
        patched.setattr(training_config, "PATH", handed_over)
        yield name


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def statistics(request, large_database):
    """What the planner knows: nothing of the many new rows, and then everything."""
    if request.param == "analysed":
        analyse(large_database)
    return request.param


@pytest.fixture(params=SIZES)
def institution(request, statistics, db):
    return Institution.objects.get(slug=request.param)


@pytest.fixture(params=ROLES)
def person(request, institution):
    return somebody(institution, ROLES[request.param])


@pytest.mark.parametrize("query", ["", "?sort=new", "?sort=name", "?tier=routine_support", "?grade=10", "?left=1"])
def test_a_first_page_reads_what_it_shows(person, institution, query):
    buffers, dearest, page = cost(person, f"/students/{query}")

    assert buffers <= MOST_BUFFERS, dearest
    # Nobody was left out, and a college has no grades.
    nobody = query == "?left=1" or (query, institution.slug) == ("?grade=10", "lakeside")
    assert len(rows(page)) == (0 if nobody else 50)


def n_passed_over(rows):
    """Return how many rows PostgreSQL reads in vain to find fifty of some by rank."""
    with list_pages.along_indexes():
        plan = rows.filter(rank__isnull=False).order_by("rank", "student_id")[:50].explain(analyze=True)
    return sum(int(n) for n in re.findall(r"Rows Removed by Filter: (\d+)", plan))


def test_nobody_beyond_the_line_is_read_for_more_names_than_stand_above_it(person, institution):
    with seen_by(person):
        everybody = CurrentRisk.objects.visible_to(person)
        of_tier, above = everybody.filter(tier="review_first"), list_pages.above_the_line(everybody)

        assert list(above.order_by("rank")) == list(of_tier.order_by("rank"))
        # Whom all others were copied from stand before them, at schools that not everybody sees.
        assert n_passed_over(above) <= 400
        # By the tier alone it is everybody a person sees.
        assert n_passed_over(of_tier) >= n_ranked(person) - of_tier.count() > 500


@pytest.mark.parametrize("statistics", ["analysed"], indirect=True)
def test_who_gets_help_is_found_among_the_few(person):
    """Counted anew for every page, as help begins and ends between two lists."""
    buffers, dearest, page = cost(person, "/students/?help=open")

    assert buffers <= MOST_BUFFERS, dearest
    assert len(rows(page)) == 50


def test_a_page_far_down_reads_no_more(person):
    address, expected = far_down(person, n_ranked(person) * 2 // 3)
    buffers, dearest, page = cost(person, address)

    assert names(page) == expected
    assert buffers <= MOST_BUFFERS, dearest


def test_the_page_of_a_student_reads_that_student(person, statistics):
    with seen_by(person):
        row = CurrentRisk.objects.filter(student__external_id__startswith="L").select_related("student")[7]
    buffers, dearest, page = cost(person, f"/students/{row.student.public_id}/")

    assert row.student.name in page
    assert buffers <= (400 if statistics == "analysed" else 2000), dearest


# Tables that fill slowly: their statistics are never long behind.
@pytest.mark.parametrize("statistics", ["analysed"], indirect=True)
@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/interventions/", 1500),
        ("/interventions/?show=open", 1500),
        ("/interventions/?show=closed", 1500),
        ("/interventions/?show=open&after=2024-01-10.1&kind=mentor", 1500),
        ("/records/", 300),
        ("/people/", 300),
    ],
)
def test_other_lists_read_what_they_show(institution, path, most):
    buffers, dearest, _page = cost(somebody(institution, 0), path)

    assert buffers <= most, dearest


@pytest.mark.parametrize("statistics", ["analysed"], indirect=True)
def test_who_has_no_outcome_is_looked_for_in_one_pass(institution):
    """Once over the tables of the institution and not once per student."""
    buffers, dearest, _page = cost(somebody(institution, 0), "/outcomes/")

    assert buffers <= SIZES[institution.slug] + 1500, dearest
