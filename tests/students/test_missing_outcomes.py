"""The work list of missing outcomes: page by page, and one outcome for several students, all of them or none."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from students.models import Enrolment, Outcome, SchoolDay
from students.outcomes import outcomes_recorded
from students.outcomes.outcomes_recorded import Said
from tests import rows
from tests.people import signed_in

LEFT = dt.date(2025, 3, 3)
NOW = dt.datetime(2025, 7, 1, 17, tzinfo=dt.UTC)


def left(student, exited_on=LEFT):
    with scope.entered(scope.of_institution(student.institution)):
        days = {"entered_on": dt.date(2024, 9, 3), "known_on": dt.date(2024, 9, 3)}
        ended = {"exited_on": exited_on, "exit_known_on": exited_on}
        rows.sound(Enrolment, institution=student.institution, student=student, school=student.school, **days, **ended)
    return student


@pytest.fixture
def two(nora, hugo):
    """Two students at two schools who left on days of their own."""
    return [left(nora), left(hugo, dt.date(2025, 4, 4))]


def post(person, students, query="", **given):
    said = {"exit_code": "Dropout", "happened_on": "", "evidence": "A call"}
    keys = [str(getattr(student, "public_id", student)) for student in students]
    return signed_in(person).post(f"/outcomes/{query}", {"students": keys} | said | given)


def on_record(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(Outcome.objects.order_by("pk").values_list("student__given_name", "happened_on", "exit_code"))


def works_at(person, school):
    membership = person.memberships.get()
    membership.every_school = False
    membership.save(update_fields=["every_school"])
    membership.schools.set([school])


def test_one_outcome_for_several_is_a_fact_of_each_on_its_own_last_day(sam, two, riverside):
    response = post(sam, two)

    assert response.status_code == 302
    assert sorted(on_record(riverside)) == [("Hugo", dt.date(2025, 4, 4), "Dropout"), ("Nora", LEFT, "Dropout")]
    with scope.entered(scope.of_institution(riverside)):
        entries = AuditEntry.objects.filter(action="outcome_recorded")
        assert {entry.subject_id for entry in entries} == {student.public_id for student in two}


def test_sent_twice_they_stand_once(sam, two, riverside):
    assert [post(sam, two).status_code for _ in range(2)] == [302, 302]

    assert len(on_record(riverside)) == 2


def test_a_day_that_is_given_holds_for_all(sam, two, riverside):
    post(sam, two, happened_on="2025-05-05")

    assert {day for _name, day, _code in on_record(riverside)} == {dt.date(2025, 5, 5)}


def test_if_one_cannot_be_recorded_none_is_and_the_form_stays_as_typed(sam, nora, hugo, riverside):
    left(hugo)
    response = post(sam, [nora, hugo], evidence="A <call>")

    page = response.content.decode()
    assert (response.status_code, on_record(riverside)) == (409, [])
    assert page.count(" checked") == 2
    assert "No last day is on record. Give the day." in page
    assert f'aria-describedby="why-{nora.public_id}"' in page
    assert f'id="why-{hugo.public_id}"' not in page
    assert 'value="A &lt;call&gt;"' in page
    assert '<option value="Dropout" selected>' in page


@pytest.mark.parametrize(("day", "why"), [("2999-01-01", "lies ahead"), ("2024-09-02", "before the student")])
def test_a_day_that_cannot_be_is_said_beside_each(sam, two, riverside, day, why):
    response = post(sam, two, happened_on=day)

    assert (response.status_code, response.content.decode().count(why)) == (409, 2)
    assert on_record(riverside) == []


def test_the_second_of_two_people_is_told_what_the_first_said_and_nothing_is_kept(sam, ines, two, riverside):
    post(ines, two[:1], exit_code="Graduated")

    response = post(sam, two)

    assert response.status_code == 409
    assert "Ines said already: Finished, 3 March 2025." in response.content.decode()
    assert on_record(riverside) == [("Nora", LEFT, "Graduated")]


def test_what_was_said_of_an_earlier_year_stands_in_nobodys_way(sam, nora, at_riverside):
    entered_on = dt.date(2022, 9, 5)
    given = {"entered_on": entered_on, "known_on": entered_on, "exited_on": LEFT, "exit_known_on": LEFT}
    rows.sound(Enrolment, institution=nora.institution, student=nora, school=nora.school, **given)
    said = {"student": nora, "evidence": "", "by": sam, "now": NOW}
    outcomes_recorded.record(**said, exit_code="End of school year", happened_on=dt.date(2024, 6, 20))

    one = Said(student=nora, exit_code="Dropout", happened_on=None, evidence="")
    [recorded] = outcomes_recorded.record_many(said=[one], by=sam, now=NOW)

    assert recorded.happened_on == LEFT


@pytest.mark.parametrize(("n", "given", "message"), [(0, {}, "Nobody is ticked."), (2, {"exit_code": ""}, "required")])
def test_what_is_missing_is_said(sam, two, riverside, n, given, message):
    response = post(sam, two[:n], **given)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert on_record(riverside) == []


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "hugo"])
def test_one_whom_the_person_does_not_see_keeps_all_from_being_recorded(sam, two, northside, riverside, key):
    works_at(sam, northside)
    key = str(two[1].public_id) if key == "hugo" else key

    response = post(sam, [two[0], key])

    assert response.status_code == 422
    assert "not here any more" in response.content.decode()
    assert "Brackwater" not in response.content.decode()
    assert on_record(riverside) == []


@pytest.mark.parametrize(("person", "status"), [("amara", 403), ("mika", 403), ("otto", 422), ("ines", 302)])
def test_only_who_records_outcomes_of_the_school_may(request, two, riverside, person, status):
    assert post(request.getfixturevalue(person), two).status_code == status
    assert len(on_record(riverside)) == (2 if status == 302 else 0)


@pytest.fixture
def many(northside):
    """Students who left, more than a page holds; their names in the order of the list, some of them alike."""
    with scope.entered(scope.of_institution(northside.institution)):
        names = [("Same", "de Wit"), *[("Same", "Name")] * 60, ("Ada", "Zeta"), ("Zoe", "abel")]
        return [left(rows.student(northside, given_name=given, family_name=family)) for given, family in names]


def test_page_by_page_everybody_is_shown_once(sam, many):
    client, address, seen = signed_in(sam), "/outcomes/", []
    while address:
        response = client.get(address)
        seen += [line["student"].pk for line in response.context["lines"]]
        address = f"/outcomes/{following}" if (following := response.context["next_url"]) else ""

    assert sorted(seen) == sorted(student.pk for student in many)


def test_whoever_is_named_by_an_address_but_not_seen_begins_no_page(sam, many, hugo, northside):
    works_at(sam, northside)
    first = signed_in(sam).get("/outcomes/").context["lines"]

    for after in (hugo.public_id, "x"):
        assert signed_in(sam).get(f"/outcomes/?after={after}").context["lines"] == first


def test_the_list_can_be_one_schools_or_of_those_who_left(sam, two, northside, riverside):
    with scope.entered(scope.of_institution(riverside)):
        rows.sound(SchoolDay, institution=riverside, held_on=dt.date(2025, 6, 20))
        Enrolment.objects.filter(student=two[1]).update(exited_on=None, exit_known_on=None)

    def shown(query):
        return [line["student"].given_name for line in signed_in(sam).get(f"/outcomes/?{query}").context["lines"]]

    assert timezone.localdate() > dt.date(2025, 6, 20)
    assert shown("") == ["Hugo", "Nora"]
    assert (shown("why=left"), shown("why=year_ended")) == (["Nora"], ["Hugo"])
    assert (shown(f"school={northside.pk}"), shown("school=x&why=y")) == (["Nora"], ["Hugo", "Nora"])


def test_after_recording_the_same_part_of_the_list_is_shown(sam, two, northside):
    response = post(sam, two, query=f"?school={northside.pk}&why=left")

    assert response["Location"] == f"/outcomes/?school={northside.pk}&why=left"


def test_every_box_is_named_by_its_student(sam, two):
    page = signed_in(sam).get("/outcomes/").content.decode()

    for student in two:
        assert f'value="{student.public_id}" aria-labelledby="of-{student.public_id}"' in page
        assert f'id="of-{student.public_id}" href="/students/{student.public_id}/outcomes">{student.name}' in page
