"""The pages on which a person says that two students are one child, and takes it back."""

import pytest

from accounts import scope
from accounts.models import School
from students.import_sql import statements
from students.models import PreviousStudent, StudentMerge
from tests import rows
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import records_history as history

LIST, TWO = "/records/merges/", "/records/merges/two/"
BOTH = {"keep": "A1", "other": "A2"}


@pytest.fixture
def ada(riverside, northside, harbor):
    """Ada, twice on record."""
    named = {"given_name": "Ada", "family_name": "Berg", "birth_on": "2010-01-11"}
    with scope.entered(scope.of_institution(riverside)):
        return [
            rows.student(school, external_id=number, **named) for number, school in (("A1", northside), ("A2", harbor))
        ]


def words_of(answer):
    return text_of(answer.content.decode())


def standing(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(StudentMerge.objects.filter(taken_back_at=None).values_list("kept__external_id", "reason"))


def test_from_a_pair_to_one_student_and_back(ada, riverside, ines):
    browser = signed_in(ines)
    assert "Compare the two" in words_of(browser.get(LIST))
    assert "This number is kept." in words_of(browser.get(TWO, BOTH))
    done = browser.post(TWO, BOTH | {"reason": "Harbor confirmed it."}, follow=True)
    assert "They are one student now." in words_of(done)
    assert standing(riverside) == [("A1", "Harbor confirmed it.")]
    with scope.entered(scope.of_institution(riverside)):
        merge = StudentMerge.objects.get()
    parted = browser.post(f"{LIST}{merge.public_id}/take-back", follow=True)
    assert "They are two students again." in words_of(parted)
    assert "This was taken back already." in words_of(browser.post(f"{LIST}{merge.public_id}/take-back", follow=True))
    assert standing(riverside) == []


def test_no_file_changes_the_records_meanwhile(ada, riverside, ines):
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %(institution)s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    before = statements.fetch(held, {"institution": riverside.pk})
    signed_in(ines).post(TWO, BOTH | {"reason": "So."})
    # The lock lasts as long as the transaction, which is this test's.
    assert (before, statements.fetch(held, {"institution": riverside.pk})) == ([(0,)], [(1,)])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"keep": "A1", "other": "A1", "reason": "So."}, "Both numbers are of one student."),
        ({"keep": "A1", "other": "A2", "reason": ""}, "This field is required."),
        ({"keep": "A1", "other": "X9", "reason": "So."}, "No student here has this number."),
    ],
)
def test_what_cannot_be_is_told_on_the_page(ada, riverside, ines, given, words):
    answer = signed_in(ines).post(TWO, given)
    assert (answer.status_code, words in words_of(answer), standing(riverside)) == (422, True, [])


def test_numbers_of_another_institution_are_nobodys(ada, elsewhere, riverside, ines):
    school = School.objects.create(institution=elsewhere, external_id="E", name="East")
    with scope.entered(scope.of_institution(elsewhere)):
        rows.student(school, external_id="E1")
    answer = signed_in(ines).get(TWO, {"keep": "A1", "other": "E1"})
    assert (answer.status_code, "No student here has this number." in words_of(answer)) == (422, True)


def test_a_merge_of_another_institution_is_not_there(elsewhere, riverside, ines):
    with scope.entered(scope.of_institution(elsewhere)):
        merge = rows.sound(StudentMerge, institution=elsewhere)
    assert signed_in(ines).post(f"{LIST}{merge.public_id}/take-back").status_code == 404
    assert len(standing(elsewhere)) == 1


def test_it_is_the_admins_alone(ada, riverside, amara, sam):
    for person in (amara, sam):
        browser = signed_in(person)
        answers = [browser.get(LIST), browser.get(TWO, BOTH), browser.post(TWO, BOTH | {"reason": "So."})]
        assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert standing(riverside) == []


def test_the_page_of_the_other_number_leads_to_the_kept_one(ada, riverside, ines):
    kept, other = ada
    browser = signed_in(ines)
    browser.post(TWO, BOTH | {"reason": "So."})
    for page in ("", "outcomes"):
        answer = browser.get(f"/students/{other.public_id}/{page}")
        assert (answer.status_code, answer["Location"]) == (302, f"/students/{kept.public_id}/{page}")


def test_a_number_that_may_have_two_children_is_told_with_its_file(ada, riverside, ines):
    with scope.entered(scope.of_institution(riverside)):
        upload = history.merged(riverside, rows.DAY)
        rows.sound(
            PreviousStudent,
            institution=riverside,
            student=ada[0],
            school=ada[0].school,
            given_name="Hal",
            family_name="Ives",
            birth_on="2009-03-02",
            replaced_by=upload,
        )
    page = signed_in(ines).get(LIST)
    assert "Hal Ives" in words_of(page)
    assert f"/records/{upload.public_id}/" in page.content.decode()
