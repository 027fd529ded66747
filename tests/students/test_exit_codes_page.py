"""The page of exit codes: read by whoever records outcomes, changed by those of every school who may."""

import datetime as dt
import re

import pytest
from django.test import Client

from accounts import scope
from accounts.models import Membership, Role
from students.models import ExitCode
from students.outcomes import exit_code_map
from tests.own_files import given_back, told
from tests.people import SINCE, signed_in
from tests.students.test_outcome_files import confirm, lines_of, on_record, send, two
from tests.students.test_outcomes_recorded import post, record

__all__ = ["two"]

NOW = dt.datetime(2025, 7, 1, 17, tzinfo=dt.UTC)
PAGE = "/outcomes/codes/"


def add(person, **said):
    return signed_in(person).post(f"{PAGE}add", {"code": "W7", "kind": "graduated"} | said)


def change(person, **said):
    wanted = {"plain": "withdrawn", "kind": "unknown", "version": "0"}
    return signed_in(person).post(f"{PAGE}change", wanted | said)


def text_of(person, address=PAGE):
    return re.sub(r"\s+", " ", signed_in(person).get(address).content.decode())


def kinds_of(institution):
    with scope.entered(scope.of_institution(institution)):
        return dict(ExitCode.objects.values_list("plain", "kind"))


def test_the_page_says_how_many_carry_a_code_and_that_they_keep_their_kind(sam, nora, riverside):
    with scope.entered(scope.of_institution(riverside)):
        record(nora, sam, exit_code="Withdrawn")
    assert "1 outcome on record<" in text_of(sam)

    assert change(sam).status_code == 302

    page = text_of(sam)
    assert "an outcome on record keeps the kind it was recorded with" in page
    assert "1 outcome on record: Left before finishing 1" in page
    assert "Sam said so" in page


def test_a_code_added_on_the_page_can_be_recorded_at_once(sam, nora, riverside):
    assert [add(sam).status_code for _ in range(2)] == [302, 302]

    assert post(sam, nora, exit_code="W7").status_code == 302
    with scope.entered(scope.of_institution(riverside)):
        assert [(one.kind, one.exit_code) for one in nora.outcome_set.all()] == [("graduated", "W7")]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"code": ""}, "This field is required."),
        ({"code": "x" * 300}, "at most 60 characters"),
        ({"code": "uri://riverside.example/Exit#"}, "Give the code."),
        ({"code": "\0"}, "Null characters are not allowed."),
        ({"code": "DROPOUT"}, "stands in the list already: Left before finishing"),
        ({"kind": "gone"}, "Select a valid choice"),
    ],
)
def test_what_is_not_understood_is_said_and_kept_out(sam, riverside, said, sentence):
    answer = add(sam, **said)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert kinds_of(riverside) == {}


@pytest.mark.parametrize("said", [{"kind": "gone"}, {"kind": ""}, {"version": "x"}])
def test_a_change_that_is_not_understood_changes_nothing(sam, riverside, said):
    answer = change(sam, **said)

    assert answer.status_code == 422
    assert kinds_of(riverside) == {}


def test_what_a_code_is_called_is_shown_as_text(sam, riverside):
    add(sam, code="<b>W7</b>")

    assert "<b>W7" not in text_of(sam)
    assert "&lt;b&gt;W7&lt;/b&gt;" in text_of(sam)


def test_the_second_of_two_editors_sees_the_first_ones_kind_and_loses_nothing(sam, ines, riverside):
    change(ines)

    refused = change(sam, kind="transferred")

    page = re.sub(r"\s+", " ", refused.content.decode())
    assert refused.status_code == 409
    assert "Ines changed this code meanwhile. It now counts as: Not known." in page
    assert '<option value="transferred" selected>' in page
    assert kinds_of(riverside) == {"withdrawn": "unknown"}
    assert change(sam, kind="transferred", version="1").status_code == 302


def test_a_code_of_another_institution_is_not_there(ines, otto, riverside, elsewhere):
    Membership.objects.filter(user=otto).update(role=Role.INSTITUTION_ADMIN, starts_on=SINCE)
    add(ines)

    assert "W7" not in text_of(otto)
    assert change(otto, plain="w7").status_code == 404
    assert kinds_of(elsewhere) == {}


@pytest.mark.parametrize(
    ("person", "seen", "edited"), [("ines", 200, 302), ("sam", 200, 302), ("amara", 403, 403), ("mika", 403, 403)]
)
def test_those_who_record_outcomes_of_every_school_edit_the_codes(request, riverside, person, seen, edited):
    user = request.getfixturevalue(person)

    answers = [add(user), change(user)]

    assert [answer.status_code for answer in answers] == [edited] * 2
    assert signed_in(user).get(PAGE).status_code == seen
    assert bool(kinds_of(riverside)) == (edited == 302)


@pytest.mark.parametrize("role", [Role.OUTCOME_STAFF, Role.INSTITUTION_ADMIN])
def test_who_works_for_one_school_reads_the_codes_and_edits_none(bo, role, riverside):
    Membership.objects.filter(user=bo).update(role=role, starts_on=SINCE)

    assert [add(bo).status_code, change(bo).status_code] == [403, 403]
    page = text_of(bo)
    assert "Ask an administrator of your institution" in page
    assert f'action="{PAGE}' not in page
    assert kinds_of(riverside) == {}


def test_who_works_for_one_school_is_told_of_no_outcome_elsewhere(sam, bo, nora, riverside):
    with scope.entered(scope.of_institution(riverside)):
        record(nora, sam, exit_code="Withdrawn")
    Membership.objects.filter(user=bo).update(role=Role.OUTCOME_STAFF, starts_on=SINCE)

    assert "on record<" not in text_of(bo).replace("None on record<", "")


@pytest.mark.parametrize("address", ["add", "change"])
def test_a_stranger_and_a_look_change_nothing(db, sam, riverside, address):
    assert Client().post(f"{PAGE}{address}")["Location"].startswith("/login/")
    assert signed_in(sam).get(f"{PAGE}{address}").status_code == 405


@pytest.mark.parametrize("address", ["/outcomes/", "/outcomes/file/", "/records/settings/"])
def test_the_pages_of_outcomes_and_of_sources_lead_to_the_codes(ines, riverside, address):
    assert f'href="{PAGE}"' in text_of(ines, address)


def test_a_line_with_a_code_nobody_mapped_leads_to_the_page_and_is_recorded_once_it_is_mapped(sam, two, riverside):
    lines = lines_of("N1,W/7 & co,2025-03-05,", "H1,Graduated,,")
    shown = send(sam, lines)
    assert 'href="/outcomes/codes/?code=W%2F7%20%26%20co#new"' in shown.content.decode()
    assert "W/7 & co" in told(shown)[0][2].replace("&amp;", "&")
    assert 'value="W/7 &amp; co"' in text_of(sam, "/outcomes/codes/?code=W%2F7%20%26%20co")
    assert on_record(riverside) == []

    add(sam, code="W/7 & co", kind="transferred")

    confirm(sam, send(sam, lines))
    assert [(number, code) for number, code, *_said in on_record(riverside)] == [
        ("H1", "Graduated"),
        ("N1", "W/7 & co"),
    ]


def test_a_line_that_would_count_otherwise_by_now_is_shown_again_before_it_is_recorded(sam, two, riverside):
    shown = send(sam, lines_of("N1,Withdrawn,,"))
    change(sam)

    again = confirm(sam, shown)

    assert (again.status_code, on_record(riverside)) == (409, [])
    confirm(sam, again)
    with scope.entered(scope.of_institution(riverside)):
        assert [entry.recorded for entry in exit_code_map.entries() if entry.recorded] == [{"unknown": 1}]


def test_a_line_that_stands_still_stands_after_its_code_was_changed(sam, two, riverside):
    confirm(sam, send(sam, lines_of("N1,Withdrawn,,")))
    change(sam)

    assert [status for _line, status, _why in told(send(sam, lines_of("N1,withdrawn,,")))] == ["stands"]


def test_unmapped_lines_come_back_with_the_reason(sam, two):
    shown = send(sam, lines_of("N1,W7,,", "H1,Graduated,,"))

    assert "W7" in given_back(confirm(sam, shown, "refused"))[1][-1]
