"""The list, the student's page and the API say the same of the same student: number, tier and reasons."""

import html

import pytest

from accounts import scope
from predictions import demo_example
from predictions.models import CurrentRisk
from students.models import Student
from tests.people import signed_in
from tests.predictions.pages import box, row_of, text_of, values

BOXES = ("What we can change", "Going well", "Context")


@pytest.fixture(params=["northside", "harbor"])
def first(request, riverside):
    """The first student of a school, and a body for the API that describes them."""
    school = request.getfixturevalue(request.param)
    with scope.entered(scope.of_institution(riverside)):
        example = demo_example.of_first_student(school)
        student = Student.objects.get(public_id=example["student_path"].rstrip("/").rpartition("/")[2])
        return student, example


@pytest.fixture
def predicted(first, district_client):
    return district_client.post("/api/predict", first[1]["body"]).json()


@pytest.fixture
def stored(first, district_client):
    return district_client.get(f"/api/students/{first[0].public_id}/risk").json()


@pytest.fixture
def row(first, ines):
    """The student's row on the list with estimates."""
    page = signed_in(ines).get("/students/?estimates=1").content.decode()
    return row_of(page, first[0].name)


@pytest.fixture
def page(first, ines):
    """The student's page with the estimate."""
    return signed_in(ines).get(f"{first[1]['student_path']}?estimates=1").content.decode()


def test_two_answers_of_the_api_are_the_same(predicted, stored):
    assert predicted == stored
    assert predicted["tier"] == "review_first"
    assert predicted["dropout_risk"] == 1


def test_the_number_is_the_same_to_four_decimals(predicted, row, page):
    probability = f"{predicted['probability']:.4f}"

    assert values(row) == [probability]
    assert values(page) == [probability]


def test_the_tier_is_the_same(predicted, row, page):
    marked = f'<span class="tier" data-tier="{predicted["tier"]}">'

    assert row.count(marked) == 1
    assert page.count(marked) == 1


def test_the_reasons_are_the_same_sentences(predicted, row, page):
    said = {f"{reason['text']} {reason['comparison']}".strip() for reason in predicted["reasons"]}
    raising = {f"{r['text']} {r['comparison']}".strip() for r in predicted["reasons"] if r["direction"] == "raises"}

    on_page = [line for title in BOXES for line in box(page, title)]
    on_list = [text_of(line.split("</p>")[0]) for line in html.unescape(row).split("<p")[1:]]
    on_list = [line.partition(">")[2].strip() for line in on_list]
    assert sorted(on_page) == sorted(said)
    assert set(on_list) <= raising
    assert len(on_list) == min(2, len(raising))


def test_they_agree_for_everybody_on_the_list_and_not_for_the_first_alone(ines, riverside, district_client):
    with scope.entered(scope.of_institution(riverside)):
        listed = {
            f"{risk.risk:.4f}": str(risk.student.public_id)
            for risk in CurrentRisk.objects.exclude(rank=None).select_related("student").order_by("rank")[:50:10]
        }

    answers = {value: district_client.get(f"/api/students/{uuid}/risk").json() for value, uuid in listed.items()}

    assert listed.keys() <= set(values(signed_in(ines).get("/students/?estimates=1").content.decode()))
    assert all(f"{answer['probability']:.4f}" == value for value, answer in answers.items())
