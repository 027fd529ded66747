"""Searching, filtering, sorting and paging the list; whatever stands in the address, a page answers."""

import re
import uuid

import pytest

from accounts import scope
from predictions import runs
from predictions.list_pages import Place
from predictions.models import CurrentRisk, ScoringRun
from predictions.risk_list import PAGE_SIZE, Filters
from students.models import Student
from tests.people import signed_in
from tests.predictions.pages import all_pages, names, next_query, numbered, pages_back, rows, text_of

KEY = "00000000-0000-4000-8000-000000000001"
HOSTILE = {
    "nul": "q=%00&grade=%00&tier=%00&school=%00&sort=%00&after=%00&from=%00&list=%00",
    "a place without a student": "from=51",
    "a place that is no number": f"after={KEY}&from=x&list={KEY}",
    "a place of other digits": f"after={KEY}&from=%D9%A3&list={KEY}",
    "a huge place": f"after={KEY}&from=99999999999999999999999&list={KEY}",
    "after nobody": f"after={KEY}&from=51&list={KEY}",
    "after and before": f"after={KEY}&before={KEY}&from=51&list={KEY}",
    "after what is no key": "after=1%27--&from=51&list=x",
    "an old address": "page=3",
    "school of other digits": "school=%D9%A3",
    "superscript digits": "from=%C2%B2&school=%C2%B2",
    "school beyond a big integer": "school=999999999999999999",
    "sql": "q=%27%3B+DROP+TABLE+students_student%3B--&grade=%27+OR+1%3D1--",
    "wildcards": "q=%25%25%25_",
    "backslash": "q=%5C",
    "long": f"q={'x' * 10_000}",
    "many words": f"q={'+'.join('abcdefgh' * 12)}",
    "not utf-8": "q=%ED%A0%80%FF&grade=%FF",
    "twice": "tier=review_first&tier=check_in&from=1&from=x",
    "markup": "q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "unknown": "sort=%2F..%2F&tier=urgent&estimates=yes&who=me",
}


@pytest.fixture
def read(ines):
    browser = signed_in(ines)

    def open_list(query=""):
        response = browser.get(f"/students/?{query}")
        assert response.status_code == 200
        return response.content.decode()

    return open_list


@pytest.fixture
def listed(riverside):
    """Everybody on the list, as the database has them."""
    with scope.entered(scope.of_institution(riverside)):
        return list(CurrentRisk.objects.select_related("student", "school").order_by("rank"))


def test_a_search_finds_by_any_part_of_the_name_or_number(read, listed):
    wanted = listed[40].student

    by_words = names(read(f"q={wanted.family_name[1:].upper()}+{wanted.given_name[:4]}"))
    by_number = names(read(f"q={wanted.external_id}"))

    assert wanted.name in by_words
    assert by_number == [wanted.name]


def test_a_search_minds_no_case_even_beyond_ascii(riverside, listed, read):
    wanted = listed[3].student
    with scope.entered(scope.of_institution(riverside)):
        Student.objects.filter(pk=wanted.pk).update(family_name="ÉTIENNE ØRSTED")
        CurrentRisk.objects.filter(student=wanted).update(search_name="étienne ørsted")

    assert len(rows(read("q=%C3%89tienne+%C3%98RST"))) == 1


def test_each_filter_narrows_to_what_it_names(read, listed):
    school, grade = listed[0].school, listed[0].grade_level

    for query, matches in {
        f"school={school.pk}": [risk for risk in listed if risk.school_id == school.pk],
        f"grade={grade}": [risk for risk in listed if risk.grade_level == grade],
        "tier=check_in": [risk for risk in listed if risk.tier == "check_in"],
        f"school={school.pk}&grade={grade}&tier=review_first": [
            risk
            for risk in listed
            if (risk.school_id, risk.grade_level, risk.tier) == (school.pk, grade, "review_first")
        ],
    }.items():
        page = read(query)
        assert f"{len(matches)} of {len(listed)} students" in text_of(page), query
        assert len(rows(page)) == min(len(matches), PAGE_SIZE), query
        assert 'class="capacity-line"' not in page, query


def test_a_chip_takes_its_own_filter_away_and_leaves_the_others(read):
    page = read("q=a&grade=9&tier=check_in&estimates=1")

    chips = re.search(r'<ul class="chips">(.*?)</ul>', page, re.DOTALL)[1]
    removing = re.findall(r'href="/students/\?([^"]*)"', chips)
    assert [query.replace("&amp;", "&") for query in removing] == [
        "grade=9&tier=check_in&estimates=1",
        "q=a&tier=check_in&estimates=1",
        "q=a&grade=9&estimates=1",
    ]


def test_the_list_sorts_by_name_and_by_what_is_new(read, listed):
    by_name = [risk.student.name for risk in sorted(listed, key=lambda risk: (risk.search_name, risk.student_id))]
    new = [risk.student.name for risk in listed if risk.is_new]

    assert names(read("sort=name")) == by_name[:PAGE_SIZE]
    assert names(read("sort=new"))[: len(new)] == new


@pytest.mark.parametrize("sort", ["risk", "new", "name"])
def test_pages_follow_each_other_without_gap_or_overlap_and_back(read, listed, sort):
    pages = all_pages(read, f"sort={sort}")

    assert [names(page) for page in pages_back(read, pages[-1])] == [names(page) for page in pages]
    shown = [name for page in pages for name in names(page)]
    assert sorted(shown) == sorted(risk.student.name for risk in listed)
    assert f"Page {len(pages)} of {len(pages)}" in text_of(pages[-1])
    assert 'rel="prev"' not in pages[0]


def test_places_go_on_from_page_to_page(read, listed):
    places = [place for page in all_pages(read) for place in numbered(page)]

    assert places == [*range(1, sum(risk.rank is not None for risk in listed) + 1)]


def test_the_page_of_a_list_that_was_replaced_is_the_first_of_the_new_one(read, riverside):
    onward = next_query(read())
    with scope.entered(scope.of_institution(riverside)):
        ScoringRun.objects.filter(pk=runs.shown_run().pk).update(public_id=uuid.uuid4())

    assert names(read(onward)) == names(read())


def test_a_place_beyond_the_list_is_the_first_page(read):
    page = read(next_query(read()).replace("from=51", "from=99999999"))

    assert numbered(page)[0] == 1


def test_whom_the_reader_may_not_see_begins_no_page(amara, read, listed, riverside):
    run = re.search("list=([^&]+)", next_query(read()))[1]
    unseen = next(risk for risk in listed if risk.school != amara.memberships.get().schools.get())

    page = signed_in(amara).get(f"/students/?after={unseen.student.public_id}&from=51&list={run}").content.decode()

    assert numbered(page)[0] == 1


def test_the_way_to_the_next_page_keeps_what_was_asked(read):
    assert next_query(read("sort=name&estimates=1")).startswith("sort=name&estimates=1&after=")


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_stands_in_the_address_a_page_answers(read, query):
    page = read(query)

    assert "<script>alert" not in page
    assert 'id="risk-table"' in page


@pytest.mark.parametrize("filters", [Filters(), Filters(q="a b", school="3", grade="9", tier="check_in", sort="name")])
def test_an_address_reads_back_as_it_was_written(filters):
    from django.http import QueryDict

    place = Place(after=str(uuid.uuid4()), start=51, list=str(uuid.uuid4()))
    written = filters.url(place=place, estimates=True)

    read_back = Filters.from_query(QueryDict(written.partition("?")[2]))
    assert read_back == Filters(**{**filters.__dict__, "place": place, "estimates": True})
