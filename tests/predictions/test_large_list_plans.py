"""A page of a list of 300,000 students reads what one of 3,000 does."""

import pytest

from accounts.models import Institution
from predictions.models import CurrentRisk
from tests.predictions.large_lists import MOST_BUFFERS, ROLES, analyse, cost, far_down, grown, seen_by, somebody
from tests.predictions.pages import names, rows

pytestmark = pytest.mark.slow

N_STUDENTS = 300_000
DEEP = {"administrator": 50_000, "one school": 600, "three schools": 1_800}


@pytest.fixture(scope="module")
def large_database(district_database, handed_over, django_db_blocker):
    from modeling.training import training_config

    sizes = {"riverside": N_STUDENTS, "lakeside": 3_000}
    with (
        pytest.MonkeyPatch.context() as patched,
        grown(district_database, sizes, records=False, unblocked=django_db_blocker.unblock()) as name,
    ):
        patched.setattr(training_config, "PATH", handed_over)
        yield name


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def statistics(request, large_database):
    if request.param == "analysed":
        analyse(large_database)
    return request.param


@pytest.mark.parametrize("role", ROLES)
def test_pages_of_300_000_students_read_what_they_show(statistics, db, role):
    person = somebody(Institution.objects.get(slug="riverside"), ROLES[role])
    first, dearest, page = cost(person, "/students/")
    address, expected = far_down(person, DEEP[role])
    deep, dearest_deep, page_deep = cost(person, address)

    assert (len(rows(page)), names(page_deep)) == (50, expected)
    assert first <= MOST_BUFFERS, dearest
    assert deep <= MOST_BUFFERS, dearest_deep


@pytest.mark.parametrize("statistics", ["analysed"], indirect=True)
@pytest.mark.parametrize("role", ROLES)
def test_the_page_of_one_of_300_000_students_reads_that_student(statistics, db, role):
    person = somebody(Institution.objects.get(slug="riverside"), ROLES[role])
    with seen_by(person):
        row = CurrentRisk.objects.filter(student__external_id__startswith="L").select_related("student")[7]

    assert cost(person, f"/students/{row.student.public_id}/")[0] <= 300
