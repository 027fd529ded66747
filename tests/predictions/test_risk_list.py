"""The list: who is worth a conversation first, where the team's line lies, and no number unless asked for."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scope
from accounts.models import AuditEntry
from predictions.models import CurrentRisk
from predictions.risk_list import PAGE_SIZE
from tests.district_in_database import CAPACITY
from tests.people import signed_in
from tests.predictions.pages import all_pages, names, numbered, rows, text_of, values


def ranked(institution, **wanted):
    """Return the names on the list in the order of rank, as the database has them."""
    with scope.entered(scope.of_institution(institution)):
        listed = CurrentRisk.objects.filter(**wanted).select_related("student").exclude(rank=None).order_by("rank")
        return [risk.student.name for risk in listed]


def audited(institution):
    with scope.entered(scope.of_institution(institution)):
        return AuditEntry.objects.order_by("-pk").first()


@pytest.fixture
def read(ines):
    """Open the list as somebody who sees every school."""
    browser = signed_in(ines)

    def open_list(query="", **headers):
        response = browser.get(f"/students/{query}", headers=headers)
        assert response.status_code == 200
        return response.content.decode()

    return open_list


def test_students_stand_in_the_order_of_their_rank(read, riverside):
    page = read()

    assert names(page) == ranked(riverside)[:PAGE_SIZE]
    assert numbered(page) == list(range(1, PAGE_SIZE + 1))


def test_the_line_is_drawn_below_as_many_as_the_team_can_see(read):
    page = read()

    above = page[: page.index('<li class="capacity-line">')]
    assert len(rows(above)) == CAPACITY
    assert page.count('class="capacity-line"') == 1
    assert f"{CAPACITY} students are worth a conversation first." in page
    assert f"The team can see {CAPACITY} this fortnight." in page


def test_the_expected_number_of_true_cases_is_the_sum_of_the_risks_above_the_line(read, riverside):
    with scope.entered(scope.of_institution(riverside)):
        above = sum(CurrentRisk.objects.filter(tier="review_first").values_list("risk", flat=True))

    assert f"About {above:.0f} of these {CAPACITY} are likely to leave within a year" in text_of(read())


def test_amara_sees_northside_and_bo_sees_harbor(amara, bo, riverside, northside, harbor):
    seen = {person: names(signed_in(person).get("/students/").content.decode()) for person in (amara, bo)}

    assert seen[amara] == ranked(riverside, school=northside)[:PAGE_SIZE]
    assert seen[bo] == ranked(riverside, school=harbor)[:PAGE_SIZE]
    assert not set(seen[amara]) & set(seen[bo])


def test_a_place_counts_among_those_one_may_see(amara):
    page = signed_in(amara).get("/students/").content.decode()

    assert re.findall(r'<span class="place">(\d+)</span>', page)[:3] == ["1", "2", "3"]
    assert f"The teams of Riverside Unified can see {CAPACITY} this fortnight." in page


def test_otto_sees_nobody_of_riverside(otto):
    page = signed_in(otto).get("/students/").content.decode()

    assert rows(page) == []
    assert "Riverside" not in page


@pytest.mark.parametrize("person", ["sam"])
def test_whoever_may_not_see_predictions_is_refused(request, person):
    assert signed_in(request.getfixturevalue(person)).get("/students/").status_code == 403


def test_a_stranger_is_sent_to_the_door(client, riverside):
    assert client.get("/students/?q=a")["Location"] == "/login/?next=/students/%3Fq%3Da"


def test_numbers_are_hidden_until_asked_for(read):
    page = read()

    assert values(page) == []
    assert "in 100" not in text_of(page.split('<ol class="risk-list">')[0])
    assert "?estimates=1" in page


def test_estimates_stand_beside_every_known_student_when_asked_for(read):
    page = read("?estimates=1")

    shown = [float(value) for value in values(page)]
    assert len(shown) == len(rows(page)) == PAGE_SIZE
    assert shown == sorted(shown, reverse=True)
    assert re.fullmatch(r"0\.\d{4}", values(page)[0])


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("", "risk_list"),
        ("?estimates=1", "risk_list_with_estimates"),
        ("?q=a", "search"),
        ("?q=a&estimates=1", "search_with_estimates"),
    ],
)
def test_each_look_at_the_list_is_on_record_with_whom_it_showed(read, ines, riverside, query, action):
    page = read(query)

    entry = audited(riverside)
    assert (entry.action, entry.user, entry.remote_address) == (action, ines, "127.0.0.1")
    assert len(entry.subject_ids) == len(rows(page))


def test_who_is_too_little_known_comes_last_without_rank_tier_or_estimate(read, riverside):
    with scope.entered(scope.of_institution(riverside)):
        unknown = CurrentRisk.objects.select_related("student").filter(rank=None).first().student.name

    last = rows(all_pages(lambda query: read(f"?{query}"), "estimates=1")[-1])[-1]
    assert unknown in last
    assert "Too little on record" in last
    assert values(last) == []
    assert 'class="tier"' not in last
    assert '<span class="place"><span aria-hidden="true">–</span></span>' in last


def test_htmx_gets_the_table_alone_and_a_browser_the_page(read):
    partial, page = read(**{"HX-Request": "true"}), read()

    assert partial.lstrip().startswith('<section id="risk-table"')
    assert partial.rstrip().endswith("</section>")
    assert page.lstrip().startswith("<!doctype html>")
    assert rows(partial) == rows(page)


def test_caches_are_told_that_the_two_differ(ines):
    response = signed_in(ines).get("/students/")

    assert "HX-Request" in response["Vary"]
    assert "no-store" in response["Cache-Control"]


def test_a_page_of_fifty_asks_no_more_of_the_database_than_a_page_of_one(read, riverside):
    name = ranked(riverside)[0]
    read()

    asked = {}
    for query in ("", f"?q={name}"):
        with CaptureQueriesContext(connection) as captured:
            n_rows = len(rows(read(query)))
        asked[n_rows] = len(captured)

    assert set(asked) == {1, PAGE_SIZE}
    # A search is counted, and looks besides for those without a rank.
    assert asked[PAGE_SIZE] <= asked[1] < 26


def test_reasons_on_the_list_are_those_that_raise(read):
    first = rows(read())[0]

    said = re.findall(r"<p[^>]*>([^<]+)</p>", first)
    assert 1 <= len(said) <= 2
    assert all(sentence.endswith(".") for sentence in said)
    assert not any("because" in sentence.lower() for sentence in said)


def test_whoever_is_new_above_the_line_is_marked(read, riverside):
    with scope.entered(scope.of_institution(riverside)):
        new = {risk.student.name for risk in CurrentRisk.objects.select_related("student").filter(is_new=True)}

    marked = {name for row in rows(read()) if "New on the list" in row for name in names(row)}

    assert marked == new
    assert marked
